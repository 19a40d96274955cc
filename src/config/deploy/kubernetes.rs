//! A deployer of workloads in a Kubernetes cluster.

use jiff::SignedDuration;

use super::waiting::observe_for;
use crate::config::ConfigError;
use crate::config::section::Section;
use crate::config::value::Value;
use crate::domain::{DeployerSettings, KubernetesSettings, WorkloadChoice, is_kubernetes_name};

/// How long the rollout of one workload may take, unless it is said otherwise: as Kubernetes' own progress deadline.
const ROLLOUT_TIMEOUT: SignedDuration = SignedDuration::from_mins(10);

pub(super) fn read(table: &Section<'_>) -> Result<DeployerSettings, ConfigError> {
    let only_observe = table.flag("only_observe")?;
    if only_observe {
        for key in ["rollback", "timeout"] {
            if let Some(value) = table.get(key) {
                return Err(value.mistake("has no effect with `only_observe`: nothing is deployed"));
            }
        }
    }
    Ok(DeployerSettings::Kubernetes(KubernetesSettings {
        context: table.text("context")?,
        kubeconfig: table.sensitive_path("kubeconfig")?,
        namespace: table
            .get("namespace")
            .map(|value| object_name(&value))
            .transpose()?,
        workloads: workloads(table)?,
        container: table
            .get("container")
            .map(|value| object_name(&value))
            .transpose()?,
        timeout: table
            .get("timeout")
            .map_or(Ok(ROLLOUT_TIMEOUT), |value| value.duration())?,
        rollback: table.flag("rollback")?,
        only_observe,
        observe_for: observe_for(table)?,
    }))
}

fn workloads(table: &Section<'_>) -> Result<WorkloadChoice, ConfigError> {
    match (table.get("workload"), table.get("selector")) {
        (Some(_), Some(selector)) => Err(selector.mistake("cannot be combined with `workload`")),
        (Some(workload), None) => {
            let names = workload.one_or_many()?;
            Ok(WorkloadChoice::Named(
                at_least_one(&names, table)?
                    .iter()
                    .map(Value::parse)
                    .collect::<Result<_, _>>()?,
            ))
        }
        (None, Some(selector)) => {
            let selectors = selector.one_or_many()?;
            Ok(WorkloadChoice::Labelled(
                at_least_one(&selectors, table)?
                    .iter()
                    .map(Value::text)
                    .collect::<Result<_, _>>()?,
            ))
        }
        (None, None) => Err(table.advise(
            "requires `workload` or `selector`",
            Some("such as workload = \"deployment/payment-svc\"".to_owned()),
        )),
    }
}

fn at_least_one<'a, 'b>(list: &'b [Value<'a>], table: &Section<'_>) -> Result<&'b [Value<'a>], ConfigError> {
    if list.is_empty() {
        return Err(table.mistake("names no workload"));
    }
    Ok(list)
}

/// The name of an object, which may hold `{service}`.
fn object_name(value: &Value<'_>) -> Result<String, ConfigError> {
    let name = value.plain()?;
    if is_kubernetes_name(&name.replace("{service}", "service")) {
        Ok(name.to_owned())
    } else {
        Err(value.mistake(format_args!(
            "`{name}` is not a valid name: lower-case letters, digits, `-` and `.`"
        )))
    }
}
