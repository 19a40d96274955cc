//! What of the answers of ECS is read.

use serde::Deserialize;

use crate::domain::clean_line;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Services {
    #[serde(default)]
    pub(super) services: Vec<Service>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Service {
    #[serde(rename = "serviceArn")]
    pub(super) arn: String,
    pub(super) status: String,
    pub(super) task_definition: String,
    #[serde(default)]
    pub(super) desired_count: u64,
    #[serde(default)]
    pub(super) running_count: u64,
    pub(super) deployment_controller: Option<Controller>,
    #[serde(default)]
    pub(super) deployments: Vec<Rollout>,
}

#[derive(Deserialize)]
pub(super) struct Controller {
    #[serde(rename = "type")]
    pub(super) kind: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rollout {
    pub(super) rollout_state: Option<String>,
}

impl Service {
    /// Whether no deployment is under way, and the last one succeeded.
    pub(super) fn is_settled(&self) -> bool {
        matches!(&self.deployments[..], [only] if only.rollout_state.as_deref() == Some("COMPLETED"))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Registered {
    pub(super) task_definition: RegisteredDefinition,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RegisteredDefinition {
    pub(super) task_definition_arn: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Listed {
    #[serde(default)]
    pub(super) service_deployments: Vec<ListedDeployment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListedDeployment {
    pub(super) service_deployment_arn: String,
    pub(super) target_service_revision_arn: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Revisions {
    #[serde(default)]
    pub(super) service_revisions: Vec<Revision>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Revision {
    pub(super) service_revision_arn: String,
    pub(super) task_definition: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Described {
    #[serde(default)]
    pub(super) service_deployments: Vec<ServiceDeployment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServiceDeployment {
    pub(super) status: String,
    pub(super) status_reason: Option<String>,
    pub(super) target_service_revision: Option<Target>,
    pub(super) rollback: Option<Rollback>,
    pub(super) deployment_circuit_breaker: Option<CircuitBreaker>,
    pub(super) alarms: Option<Alarms>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Target {
    #[serde(default)]
    pub(super) requested_task_count: u64,
    #[serde(default)]
    pub(super) running_task_count: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rollback {
    pub(super) reason: Option<String>,
    pub(super) service_revision_arn: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CircuitBreaker {
    pub(super) status: Option<String>,
    #[serde(default)]
    pub(super) failure_count: u64,
    #[serde(default)]
    pub(super) threshold: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Alarms {
    #[serde(default)]
    pub(super) triggered_alarm_names: Vec<String>,
}

impl ServiceDeployment {
    /// Why it is not well, in words.
    pub(super) fn why(&self) -> String {
        let mut parts: Vec<String> = Vec::new();
        if let Some(breaker) = self
            .deployment_circuit_breaker
            .as_ref()
            .filter(|breaker| breaker.failure_count > 0)
        {
            let triggered = breaker.status.as_deref() == Some("TRIGGERED");
            let state = if triggered {
                ", the circuit breaker was triggered"
            } else {
                ""
            };
            parts.push(format!(
                "{} tasks failed of at most {}{state}",
                breaker.failure_count, breaker.threshold
            ));
        }
        let alarms = self
            .alarms
            .iter()
            .flat_map(|alarms| &alarms.triggered_alarm_names);
        let alarms: Vec<_> = alarms.map(|name| clean_line(name)).collect();
        if !alarms.is_empty() {
            parts.push(format!("alarms: {}", alarms.join(", ")));
        }
        let rollback = self
            .rollback
            .as_ref()
            .and_then(|rollback| rollback.reason.as_ref());
        parts.extend(
            [self.status_reason.as_ref(), rollback]
                .into_iter()
                .flatten()
                .map(|text| clean_line(text)),
        );
        if parts.is_empty() {
            format!("its service deployment is {}", clean_line(&self.status))
        } else {
            parts.join("; ")
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TaskArns {
    #[serde(default)]
    pub(super) task_arns: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Tasks {
    #[serde(default)]
    pub(super) tasks: Vec<Task>,
}

#[derive(Deserialize)]
pub(super) struct Task {
    #[serde(default)]
    pub(super) containers: Vec<Container>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Container {
    pub(super) name: Option<String>,
    pub(super) image_digest: Option<String>,
}
