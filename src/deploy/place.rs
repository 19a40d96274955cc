//! Where a deployer deploys, as far as its settings say so without the platform.

use super::deployment::Subject;
use super::ecs;
use crate::domain::{
    ChangeMethod, EcsSettings, GitopsSettings, KubernetesSettings, WorkloadChoice, WorkloadName,
};

/// ` LABEL VALUE`, where there is one.
fn part(label: &str, value: Option<&str>) -> String {
    value.map_or_else(String::new, |value| format!(" {label} {value}"))
}

pub(super) fn kubernetes(settings: &KubernetesSettings, subject: &Subject) -> String {
    let what = match &settings.workloads {
        WorkloadChoice::Named(names) => names.iter().map(WorkloadName::to_string).collect::<Vec<_>>(),
        WorkloadChoice::Labelled(selectors) => selectors
            .iter()
            .map(|labels| format!("what has {labels}"))
            .collect(),
    };
    let verb = match (&settings.container, settings.only_observe) {
        (_, true) => "observe".to_owned(),
        (None, false) => "set the image of".to_owned(),
        (Some(container), false) => format!("set the image of container {container} of"),
    };
    let text = format!(
        "{verb} {}{}{}",
        what.join(", then "),
        part("in namespace", settings.namespace.as_deref()),
        part("of context", settings.context.as_deref()),
    );
    subject.fill(&text)
}

pub(super) fn ecs(settings: &EcsSettings, subject: &Subject) -> String {
    let text = format!(
        "set the image of container {} and update service {} of cluster {}{}",
        settings.container,
        settings.service_name,
        settings.cluster,
        part("in", settings.region.as_deref()),
    );
    ecs::filled(&text, subject)
}

pub(super) fn gitops(settings: &GitopsSettings, subject: &Subject) -> String {
    let method = match settings.method {
        ChangeMethod::Push => "commit",
        ChangeMethod::PullRequest => "open a pull request with",
    };
    let wait = settings.wait_for.as_ref().map_or_else(String::new, |reconciler| {
        format!(
            ", then wait for {}",
            reconciler.for_service(subject.service.as_str()).words()
        )
    });
    format!(
        "{method} the image in {} to {} of {}{wait}",
        subject.fill(&settings.file),
        settings.branch,
        settings.remote
    )
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::domain::WorkloadKind;

    #[test]
    fn the_settings_say_which_workloads_of_which_namespace_are_meant() {
        let subject = Subject {
            service: "app".parse().unwrap(),
            environment: "prod".parse().unwrap(),
        };
        let minute = SignedDuration::from_mins(1);
        let mut settings = KubernetesSettings {
            context: Some("prod-eu".to_owned()),
            kubeconfig: None,
            namespace: Some("{service}".to_owned()),
            workloads: WorkloadChoice::Named(vec![WorkloadName {
                kind: WorkloadKind::Deployment,
                name: "{service}".to_owned(),
            }]),
            container: Some("main".to_owned()),
            timeout: minute,
            rollback: true,
            only_observe: false,
            observe_for: minute,
        };
        assert_eq!(
            kubernetes(&settings, &subject),
            "set the image of container main of deployment/app in namespace app of context prod-eu"
        );
        settings.workloads = WorkloadChoice::Labelled(vec!["app=app".to_owned()]);
        settings.container = None;
        settings.context = None;
        settings.only_observe = true;
        assert_eq!(
            kubernetes(&settings, &subject),
            "observe what has app=app in namespace app"
        );
    }
}
