//! GitHub as the program sees it, against a GitHub of our own on loopback.

#![expect(clippy::unwrap_used, reason = "what a test relies on fails it by panicking")]

#[path = "../support/call.rs"]
mod call;
#[path = "../support/git.rs"]
mod git;
#[path = "../support/json_schema.rs"]
mod json_schema;
#[path = "../support/plan.rs"]
mod plan;
#[path = "../support/receiver.rs"]
mod receiver;
#[path = "../support/run.rs"]
mod run;
#[path = "../support/sample.rs"]
mod sample;

mod actions;
mod app_store;
mod approvals;
mod check_store;
mod commands;
mod commit_states;
mod credentials;
mod cut;
mod demo_forge;
mod deploys;
mod exchanges;
mod fake;
mod fake_server;
mod follow;
mod gitea;
mod gitea_fake;
mod graphql;
mod limit;
mod live;
mod outages;
mod promote;
mod pull_store;
mod pulls;
mod reads;
mod trouble;
mod world;

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
    GitHub::open(&settings, None, token.map(secrecy::SecretString::from))
        .unwrap()
        .unwrap()
}
