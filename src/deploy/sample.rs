//! A deployment, for the tests of deployers.

use super::deployment::Deployment;
use crate::domain::{Digest, WriteAccess};

/// A deployment of which nothing is known but what it is of.
pub(super) fn deployment(service: &str, environment: &str) -> Deployment {
    let digest = Digest::of(b"image");
    Deployment {
        service: service.parse().unwrap(),
        environment: environment.parse().unwrap(),
        image: format!("localhost:1/{environment}/{service}@{digest}")
            .parse()
            .unwrap(),
        digest,
        tag: None,
        commit: None,
        release: None,
        previous: None,
        key: "key".to_owned(),
        access: WriteAccess::unless_read_only(false).unwrap(),
    }
}
