//! The job of a run: windlass in the surroundings that GitHub gives a job, its output as a runner writes it.

use std::sync::Arc;

use super::settings::{BRANCH, REPOSITORY};
use super::shapes::{ENVIRONMENT, JOB};
use super::shared::Server;
use super::state::{Inputs, Progress, Run};
use crate::config::{Config, FILE_NAME, Trust};
use crate::demo::locked::locked;
use crate::program::Call;

/// Carries a run out that was approved, and notes how it ended.
pub(super) async fn carry_out(server: Arc<Server>, id: u64) {
    let run = locked(&server.state).run(id).cloned();
    let Some(run) = run else { return };
    let say = |line: &str| {
        if let Some(run) = locked(&server.state).run_mut(id) {
            run.say(line);
        }
    };
    let call = call(&server, &run);
    say("##[group]Runner of the demo: this machine");
    say("##[endgroup]");
    say(&format!(
        "##[group]Run windlass promote {} --to {ENVIRONMENT} --plan {}",
        run.inputs.candidate, run.inputs.plan
    ));
    say("##[endgroup]");
    let tell = |line: String| say(&as_in_a_log(&line));
    let ended = call.run(&tell, &server.stop).await;
    let conclusion = match ended {
        Ok(ended) if ended.status.success() => "success",
        Ok(ended) => {
            say(&format!("##[error]Process completed with {}.", ended.in_words()));
            "failure"
        }
        Err(error) => {
            say(&format!("##[error]{error}"));
            "cancelled"
        }
    };
    if let Some(run) = locked(&server.state).run_mut(id) {
        run.go_to(Progress::Ended(conclusion));
    }
}

/// The arguments of a promotion.
fn arguments(run: &Run) -> Vec<String> {
    let Inputs {
        candidate,
        plan,
        reason,
        ..
    } = &run.inputs;
    let mut arguments = vec!["promote".to_owned(), candidate.clone()];
    let mut option = |name: &str, value: &str| arguments.push(format!("{name}={value}"));
    option("--to", ENVIRONMENT);
    option("--plan", plan);
    if let Some(reason) = reason {
        option("--reason", reason);
    }
    if run.workflow == "hotfix.yml" {
        arguments.push("--hotfix".to_owned());
    }
    arguments
}

/// <https://docs.github.com/en/actions/reference/workflows-and-actions/variables>
fn call(server: &Server, run: &Run) -> Call {
    let settings = &server.settings;
    // The world wrote the file itself a moment ago.
    let trusted = Config::open(&settings.checkout.join(FILE_NAME), None, &Trust::default());
    let trusted = trusted.map_or_else(|_| String::new(), |config| config.withheld.hash().to_string());
    let workflow = format!(
        "{REPOSITORY}/.github/workflows/{}@refs/heads/{BRANCH}",
        run.workflow
    );
    Call::new(&settings.program)
        .args(arguments(run))
        .folder(&settings.checkout)
        .variable("WINDLASS_TRUST", trusted)
        .variable("XDG_STATE_HOME", &settings.home)
        .variable("XDG_CONFIG_HOME", &settings.home)
        .variable("DOCKER_CONFIG", &settings.home)
        .variable("CI", "true")
        .variable("GITHUB_ACTIONS", "true")
        .variable("GITHUB_EVENT_NAME", "workflow_dispatch")
        .variable("GITHUB_REPOSITORY", REPOSITORY)
        .variable("GITHUB_RUN_ID", run.id.to_string())
        .variable("GITHUB_RUN_ATTEMPT", "1")
        .variable("GITHUB_JOB", JOB)
        .variable("GITHUB_SHA", &settings.head)
        .variable("GITHUB_WORKFLOW_REF", workflow)
}

/// A line of the output of a program as the log of a job has it: the commands to the runner become marks.
/// <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>
fn as_in_a_log(line: &str) -> String {
    let command = line.strip_prefix("::").and_then(|rest| rest.split_once("::"));
    let Some((command, message)) = command else {
        return line.to_owned();
    };
    let name = command.split(' ').next().unwrap_or(command);
    match name {
        "group" | "endgroup" | "error" | "warning" | "notice" | "debug" => format!("##[{name}]{message}"),
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_to_the_runner_are_marks_in_its_log_and_other_lines_stay_as_they_are() {
        assert_eq!(as_in_a_log("::group::Copy"), "##[group]Copy");
        assert_eq!(as_in_a_log("::error title=x::it failed"), "##[error]it failed");
        assert_eq!(as_in_a_log("copied a::b"), "copied a::b");
        assert_eq!(as_in_a_log("::stop-commands::x"), "::stop-commands::x");
    }
}
