//! `windlass build` and `windlass check`, with a registry that is real and programs that build, scan and test in their own
//! way. The real programs are in tests/interop.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod build;
#[path = "../support/call.rs"]
mod call;
mod check;
#[path = "../support/runs.rs"]
mod runs;
mod world;

use std::process::Output;

use windlass::domain::{Digest, Target};
use windlass::registry::{Reader, Registries, Settings};

use world::World;

impl World {
    async fn build(&self, more: &[&str]) -> Output {
        self.windlass(&[&["build", "--yes"], more].concat()).await
    }

    fn reader(&self) -> Reader {
        let repository = format!("{}/dev/app", self.registry.host()).parse().unwrap();
        Registries::new(Settings::default()).unwrap().reader(&repository)
    }

    async fn digest_of(&self, tag: &str) -> Option<Digest> {
        let found = self.reader().resolve(&Target::Tag(tag.parse().unwrap())).await;
        found.unwrap().map(|found| found.digest)
    }
}

fn said(output: &Output) -> String {
    format!("{}{}", call::text(&output.stdout), call::text(&output.stderr))
}
