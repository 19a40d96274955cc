//! What a refusal or failure of the API means for a deployment.

use std::error::Error as _;

use kube::core::Status;

use crate::deploy::error::DeployError;
use crate::domain::clean_line;

/// A call to the API, as its failure names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// `patch`.
    pub verb: &'static str,
    /// `deployments.apps`.
    pub resource: String,
    /// The object, if it is one.
    pub name: Option<String>,
    /// What the call is about, in words.
    pub target: String,
    /// The address of the API.
    pub address: String,
    /// The namespace.
    pub namespace: String,
}

/// What `error`, the failure of the call `asked`, means.
pub(super) fn error_of(error: &kube::Error, asked: &Asked) -> DeployError {
    match error {
        kube::Error::Api(status) => refusal(status, asked),
        kube::Error::Auth(error) => DeployError::NotAllowed {
            target: asked.address.clone(),
            why: clean_line(&format!("the credentials of the kubeconfig do not work: {error}")),
        },
        other => DeployError::Unreachable {
            target: asked.address.clone(),
            why: deepest(other),
        },
    }
}

fn refusal(status: &Status, asked: &Asked) -> DeployError {
    let message = clean_line(&status.message);
    let target = asked.target.clone();
    match status.code {
        401 => DeployError::NotAllowed {
            target: asked.address.clone(),
            why: format!("the credentials are not accepted: {message}"),
        },
        403 if is_missing_right(&message) => DeployError::NotAllowed {
            target: asked.address.clone(),
            why: format!(
                "no right to {} {} in namespace {}",
                asked.verb, asked.resource, asked.namespace
            ),
        },
        404 => DeployError::Unfit {
            why: if asked.name.is_some() {
                format!("it does not exist in {}", asked.address)
            } else {
                format!("{} does not know {}", asked.address, asked.resource)
            },
            target,
            hint: "check `workload`, `namespace` and `context` of the environment in windlass.toml"
                .to_owned(),
        },
        // Admission plugins, webhooks and policies, conflicts and what is not valid: the object stays as it was.
        400..=499 => DeployError::Refused { target, why: message },
        _ => DeployError::Unreachable {
            target: asked.address.clone(),
            why: if message.is_empty() {
                format!("status {}", status.code)
            } else {
                message
            },
        },
    }
}

/// Authorisation answers `… is forbidden: User "x" cannot patch resource …`; admission answers with 403 too, in other words.
fn is_missing_right(message: &str) -> bool {
    message.contains(" cannot ") && message.contains(" resource ")
}

/// The cause that says most: the innermost.
fn deepest(error: &kube::Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        said = inner.to_string();
        cause = inner.source();
    }
    clean_line(&said)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: u16, message: &str) -> DeployError {
        let asked = Asked {
            verb: "patch",
            resource: "deployments.apps".to_owned(),
            name: Some("app".to_owned()),
            target: "deployment/app in namespace payments".to_owned(),
            address: "https://prod.example.com".to_owned(),
            namespace: "payments".to_owned(),
        };
        let status = Status {
            code,
            message: message.to_owned(),
            status: None,
            metadata: None,
            reason: String::new(),
            details: None,
        };
        error_of(&kube::Error::Api(Box::new(status)), &asked)
    }

    #[test]
    fn a_missing_right_is_told_from_a_refusal_by_admission_though_both_are_forbidden() {
        let right = refused(
            403,
            "deployments.apps \"app\" is forbidden: User \"ci\" cannot patch resource \"deployments\" in API group \
             \"apps\" in the namespace \"payments\"",
        );
        assert_eq!(
            right.to_string(),
            "https://prod.example.com does not allow it: no right to patch deployments.apps in namespace payments"
        );
        let admission = refused(
            403,
            "admission webhook \"images.example.com\" denied the request: not signed",
        );
        assert!(matches!(admission, DeployError::Refused { .. }), "{admission}");
        assert!(admission.to_string().ends_with("denied the request: not signed"));
        assert!(matches!(
            refused(422, "denied by policy"),
            DeployError::Refused { .. }
        ));
    }

    #[test]
    fn what_is_not_there_what_is_not_accepted_and_what_is_down_are_three_things() {
        assert!(matches!(refused(404, "not found"), DeployError::Unfit { .. }));
        assert!(matches!(
            refused(401, "Unauthorized"),
            DeployError::NotAllowed { .. }
        ));
        assert!(matches!(
            refused(500, "etcdserver: leader changed"),
            DeployError::Unreachable { .. }
        ));
        assert!(matches!(refused(503, ""), DeployError::Unreachable { .. }));
    }

    #[test]
    fn what_the_api_says_is_made_harmless() {
        let said = refused(422, "\u{1b}[31mdenied\nby policy").to_string();
        assert!(
            said.ends_with("denied by policy") && !said.contains('\u{1b}'),
            "{said}"
        );
    }
}
