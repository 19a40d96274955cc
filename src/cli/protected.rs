//! The locations of protected environments, which no command changes but a promotion.

use color_eyre::eyre::eyre;

use super::failure::Failure;
use crate::config::{Config, Service};
use crate::domain::{EnvironmentName, Exit, Repository};

/// The protected environment that `repository` belongs to, whichever service it is of.
pub fn environment<'a>(config: Option<&'a Config>, repository: &Repository) -> Option<&'a EnvironmentName> {
    let config = config?;
    let is_its = |environment: &crate::domain::Environment, service: &Service| {
        let its = environment.image.repository(&service.name);
        its.is_ok_and(|its| its == *repository)
    };
    let mut protected = config.graph.all().iter().filter(|one| one.protected);
    protected
        .find(|environment| config.services.iter().any(|service| is_its(environment, service)))
        .map(|environment| &environment.name)
}

/// The refusal to go around its gates: `why` says what its images come or go by, `hint` what to do instead.
pub fn refusal(repository: &Repository, environment: &EnvironmentName, why: &str, hint: String) -> Failure {
    Failure {
        exit: Exit::Refused,
        hint: Some(hint),
        report: eyre!("{repository} belongs to {environment}, which is protected: {why}"),
    }
}
