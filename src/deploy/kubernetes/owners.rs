//! Who has set the image of a container, by the API's own records.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, ObjectMeta};

use crate::domain::{WorkloadKind, clean_line};

/// The name by which the API records what windlass sets.
pub(super) const FIELD_MANAGER: &str = "windlass";

/// Who beside windlass has set the image of `container`, the latest first.
pub(super) fn image_owners(meta: &ObjectMeta, kind: WorkloadKind, container: &str) -> Vec<String> {
    let entries = meta.managed_fields.as_deref().unwrap_or_default();
    let mut owners: Vec<_> = entries
        .iter()
        .filter(|entry| owns_image(entry, kind, container))
        .filter(|entry| entry.manager.as_deref() != Some(FIELD_MANAGER))
        .collect();
    owners.sort_by_key(|entry| std::cmp::Reverse(entry.time.as_ref().map(|time| time.0)));
    let names = owners.into_iter().filter_map(|entry| entry.manager.as_deref());
    names.map(clean_line).collect()
}

/// See the format of `FieldsV1`: `f:NAME` is a field, `k:KEYS` an item of a list.
fn owns_image(entry: &ManagedFieldsEntry, kind: WorkloadKind, container: &str) -> bool {
    let template: &[&str] = match kind {
        WorkloadKind::CronJob => &["f:spec", "f:jobTemplate", "f:spec", "f:template"],
        WorkloadKind::Deployment | WorkloadKind::StatefulSet | WorkloadKind::DaemonSet => {
            &["f:spec", "f:template"]
        }
    };
    let item = format!("k:{}", serde_json::json!({ "name": container }));
    let path = template
        .iter()
        .copied()
        .chain(["f:spec", "f:containers", item.as_str(), "f:image"]);
    let mut at = entry.fields_v1.as_ref().map(|fields| &fields.0);
    for key in path {
        at = at.and_then(|value| value.get(key));
    }
    at.is_some()
}
