//! GitHub as the program sees it, against a GitHub of our own on loopback.

#![expect(clippy::unwrap_used, reason = "what a test relies on fails it by panicking")]

#[path = "../support/plan.rs"]
mod plan;
#[path = "../support/sample.rs"]
mod sample;

mod cut;
mod deploys;
mod fake;
mod pulls;
mod reads;
mod trouble;

use std::time::Duration;

use fake::{Fake, TOKEN};
use windlass::github::{GitHub, GitHubSettings};

/// The repository on the fake, asked with a token.
fn github(fake: &Fake) -> GitHub {
    named(fake, "acme/app", Some(TOKEN))
}

fn named(fake: &Fake, repository: &str, token: Option<&str>) -> GitHub {
    let settings = GitHubSettings {
        api: Some(fake.address.parse().unwrap()),
        repository: Some(repository.parse().unwrap()),
        own_run: None,
        patience: Duration::from_secs(10),
    };
    GitHub::open(&settings, None, token.map(Into::into))
        .unwrap()
        .unwrap()
}
