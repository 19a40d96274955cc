//! What can be planned and run: one folder or file for each operation, and the request for each.

pub(in crate::engine) mod build;
pub(in crate::engine) mod check;
pub(in crate::engine) mod command;
pub(in crate::engine) mod cut;
pub(in crate::engine) mod exception_record;
pub(in crate::engine) mod finish;
pub(in crate::engine) mod hotfix;
pub(in crate::engine) mod naming;
pub(in crate::engine) mod pin;
pub(in crate::engine) mod place;
pub(in crate::engine) mod promote;
pub(in crate::engine) mod review;
pub(in crate::engine) mod rollback;
pub(in crate::engine) mod sign;
pub(in crate::engine) mod unlock;

use command::Command;

use super::core::Engine;
use super::error::EngineError;
use super::run::Secrets;
use crate::domain::{EnvironmentName, Gate, Operation, Plan, ServiceName};

impl Engine {
    /// Makes the plan of a command. Reads only. It is made on the heap, whatever the command: what all of them need on the
    /// way would not fit a small stack.
    pub async fn plan(&self, command: &Command) -> Result<Plan, EngineError> {
        Box::pin(self.plan_by_command(command)).await
    }

    async fn plan_by_command(&self, command: &Command) -> Result<Plan, EngineError> {
        match command {
            Command::Cut {
                service,
                commit,
                version,
                sprint,
                reason,
            } => {
                let given = naming::Given {
                    version: version.as_deref(),
                    sprint: sprint.as_deref(),
                    reason: reason.as_deref(),
                };
                cut::plan(self, service, commit, given).await
            }
            Command::Promote {
                service,
                candidate,
                to,
                from,
                reason,
                hotfix,
            } => {
                let request = promote::Request {
                    service,
                    candidate,
                    to,
                    from: from.as_ref(),
                    reason: reason.as_deref(),
                    hotfix: *hotfix,
                };
                promote::plan(self, request).await
            }
            Command::Build {
                service,
                dirty,
                branch,
            } => build::plan(self, service, *dirty, branch.as_deref()).await,
            Command::Sign { service, image } => sign::plan(self, service, image).await,
            Command::Finish {
                service,
                release,
                into,
            } => finish::plan(self, service, release, into).await,
            Command::Hotfix {
                service,
                environment,
                version,
            } => hotfix::plan(self, service, environment.as_ref(), version.as_deref()).await,
            Command::Unlock {
                service,
                part,
                reason,
                held,
            } => unlock::plan(self, service, part, reason, *held).await,
            Command::Pin {
                service,
                environment,
                reason,
                until,
            } => pin::plan_pin(self, service, environment, reason, until.as_deref()).await,
            Command::Unpin {
                service,
                environment,
                reason,
            } => pin::plan_unpin(self, service, environment, reason).await,
            Command::Rollback {
                service,
                environment,
                to,
                reason,
                until,
                accept_findings,
            } => {
                let request = rollback::Request {
                    to: to.as_deref(),
                    reason,
                    until: until.as_deref(),
                    accept_findings: *accept_findings,
                };
                rollback::plan(self, service, environment, request).await
            }
            Command::Review { service, of, note } => review::plan(self, service, of, note).await,
        }
    }

    /// What every gate says of a promotion now, for somebody who only looks. A plan asks them again, and scans where the
    /// rules want a scan at that moment.
    pub async fn preview(
        &self,
        service: &ServiceName,
        candidate: &str,
        to: &EnvironmentName,
    ) -> Result<Vec<Gate>, EngineError> {
        let request = promote::Request {
            service,
            candidate,
            to,
            from: None,
            reason: None,
            hotfix: false,
        };
        Box::pin(promote::preview(self, request)).await
    }

    /// Whether carrying out `plan` needs a password that neither the environment nor a file gives.
    pub fn asks_for_password(&self, plan: &Plan) -> bool {
        let environment = match &plan.operation {
            Operation::Promote { to, .. } => Some(to.clone()),
            // What is there already is not built, and so not signed.
            Operation::Build { to, .. } => plan.digest.is_none().then(|| to.clone()),
            Operation::Sign { image } => self
                .config()
                .graph
                .all()
                .iter()
                .find(|e| {
                    self.repository_of(&plan.service, e)
                        .is_ok_and(|r| r == image.repository)
                })
                .map(|e| e.name.clone()),
            Operation::Cut { .. }
            | Operation::Unlock { .. }
            | Operation::Finish { .. }
            | Operation::Hotfix { .. }
            | Operation::Pin { .. }
            | Operation::Unpin { .. }
            | Operation::Rollback { .. }
            | Operation::Review { .. } => None,
        };
        environment.is_some_and(|environment| {
            self.settings(&environment)
                .is_ok_and(|settings| settings.sign.is_some())
                && self.signing_password(&environment, &Secrets::default()).is_err()
        })
    }
}
