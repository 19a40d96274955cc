//! The locations of protected environments, which no command changes but a promotion.

use color_eyre::eyre::eyre;

use super::failure::Failure;
use crate::config::Config;
use crate::domain::{EnvironmentName, Exit, Repository};

/// The protected environment that `repository` belongs to, whichever service it is of.
pub fn environment<'a>(config: Option<&'a Config>, repository: &Repository) -> Option<&'a EnvironmentName> {
    let mut all = config?.environments_in(repository);
    all.find(|environment| environment.protected)
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
