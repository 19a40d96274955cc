//! `windlass demo` in a build without the feature `demo`: says how to get it.

use clap::Args;

use super::failure::Failure;
use super::global::Global;
use super::{Outcome, Output};
use crate::domain::Exit;

/// Arguments of `demo`, whatever they are.
#[derive(Debug, Args)]
pub struct DemoArgs {
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Arguments of `demo-service`, whatever they are.
pub type ServiceArgs = DemoArgs;

fn absent() -> Failure {
    Failure::usage(
        "this windlass was built without the demo",
        "build it with the demo: `cargo build --release`, without `--no-default-features`",
    )
}

/// Refuses.
#[expect(clippy::unused_async, reason = "it stands where the demo is played")]
pub async fn run(args: DemoArgs, _: &Global, _: &mut Output) -> Result<Outcome, Failure> {
    tracing::debug!(arguments = ?args.arguments, "no demo");
    Err(absent())
}

/// Refuses.
#[expect(clippy::unused_async, reason = "it stands where the demo's service is served")]
pub async fn service(_: ServiceArgs, _: &mut Output) -> Result<Exit, Failure> {
    Err(absent())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use crate::cli::{Cli, Output};
    use crate::domain::Exit;

    #[tokio::test]
    async fn a_build_without_the_demo_says_how_to_get_it_whatever_was_asked_of_it() {
        for arguments in [
            &["demo"][..],
            &["demo", "--headless", "--dir", "x"],
            &["demo-service", "deploy", "--of", "app"],
        ] {
            let cli = Cli::try_parse_from([&["windlass"], arguments].concat()).unwrap();
            let result = crate::cli::run(cli, &mut Output::of_process()).await;
            let failure = result.err().unwrap();
            assert_eq!(failure.exit, Exit::Usage);
            let mut shown = Vec::new();
            failure.print(&mut shown).unwrap();
            assert_eq!(
                String::from_utf8(shown).unwrap(),
                "error: this windlass was built without the demo\n  \
                 hint: build it with the demo: `cargo build --release`, without `--no-default-features`\n"
            );
        }
    }
}
