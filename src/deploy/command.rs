//! Deploys by a configured program, which finds what to deploy in its environment variables; another may say what runs.

use std::path::{Path, PathBuf};

use tokio_util::sync::CancellationToken;

use super::deployment::{Applied, DeployCheck, Deployment, Subject};
use super::error::DeployError;
use super::progress::{DeployProgress, Tell};
use super::report::{OBSERVE_TIMEOUT, read_running};
use crate::domain::{CommandSettings, DeployOutcome, DeployTarget, Observed, ProgramLine, clean_line};
use crate::program::{Call, ProgramError};

/// The most that a program may print to say what runs, in bytes.
const MAX_REPORT_SIZE: u64 = 64 * 1024;

/// A program with its arguments. It is started without a shell, in its own process group, with the variables
/// `WINDLASS_SERVICE`, `WINDLASS_ENVIRONMENT`, `WINDLASS_IMAGE` (repository@digest), `WINDLASS_DIGEST`, `WINDLASS_TAG`,
/// `WINDLASS_COMMIT`, `WINDLASS_RELEASE` and `WINDLASS_PREVIOUS_DIGEST` added; the last four are empty where nothing is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandDeployer {
    /// What windlass.toml says of it.
    pub settings: CommandSettings,
    /// The folder it runs in: the one of windlass.toml.
    pub folder: PathBuf,
    /// The same from the root of the repository on.
    pub folder_in_repository: PathBuf,
}

impl CommandDeployer {
    pub(super) fn resolve(&self) -> DeployTarget {
        DeployTarget::Command {
            command: ProgramLine {
                program: self.settings.program.clone(),
                args: self.settings.args.clone(),
            },
            folder: self.folder_in_repository.display().to_string(),
            running: self.settings.running.clone(),
        }
    }

    pub(super) async fn apply(
        &self,
        deployment: &Deployment,
        tell: Tell<'_>,
        cancel: &CancellationToken,
    ) -> Result<Applied, DeployError> {
        let mut call = self.call(&self.settings.program, &self.settings.args);
        for (name, value) in deployment.variables() {
            call = call.variable(name, value);
        }
        match call.run(&|line| tell(DeployProgress::Line(line)), cancel).await {
            Ok(ended) if ended.status.success() => Ok(Applied {
                outcome: DeployOutcome::Deployed,
                summary: format!("`{}` succeeded", clean_line(&self.settings.program)),
            }),
            Ok(ended) => Err(DeployError::Status {
                program: self.settings.program.clone(),
                status: ended.in_words(),
            }),
            Err(ProgramError::Interrupted) => Err(DeployError::Interrupted),
            Err(error) => Err(DeployError::Program(error)),
        }
    }

    pub(super) async fn running(&self, subject: &Subject, cancel: &CancellationToken) -> Option<Observed> {
        let running = self.settings.running.as_ref()?;
        let call = self
            .call(&running.program, &running.args)
            .variable("WINDLASS_SERVICE", subject.service.as_str())
            .variable("WINDLASS_ENVIRONMENT", subject.environment.as_str())
            .limit(OBSERVE_TIMEOUT)
            .keep(MAX_REPORT_SIZE)
            .keep_errors();
        let name = clean_line(&running.program);
        Some(match call.run(&|_| (), cancel).await {
            Ok(ended) if ended.status.success() => {
                match read_running(&String::from_utf8_lossy(&ended.output), "printed") {
                    Ok(running) => Observed::Running(running),
                    Err(why) => Observed::Unknown(format!("`{name}`: {why}")),
                }
            }
            Ok(ended) => {
                let errors = String::from_utf8_lossy(&ended.errors);
                let last = errors.lines().rev().find(|line| !line.trim().is_empty());
                let last = last.map_or_else(String::new, |line| format!(": {}", clean_line(line)));
                Observed::Unknown(format!("`{name}` failed with {}{last}", ended.in_words()))
            }
            Err(error) => Observed::Unknown(error.to_string()),
        })
    }

    fn call(&self, program: &str, args: &[String]) -> Call {
        Call::new(program)
            .args(args)
            .folder(&self.folder)
            .inherit_patterns(&self.settings.env)
    }

    pub(super) fn check(&self) -> DeployCheck {
        let look = |program: &str| {
            let shown = clean_line(program);
            if is_there(program, &self.folder) {
                Ok(shown)
            } else {
                Err(format!("cannot find `{shown}`"))
            }
        };
        DeployCheck {
            deploys: look(&self.settings.program),
            observes: self
                .settings
                .running
                .as_ref()
                .map(|running| look(&running.program)),
            hint: "a path is relative to the folder of windlass.toml; a bare name is looked up in PATH"
                .to_owned(),
        }
    }
}

/// Whether a program is there: a path from `folder` on, or a bare name in `PATH`.
fn is_there(program: &str, folder: &Path) -> bool {
    if program.contains('/') {
        return folder.join(program).is_file();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|entry| entry.join(program).is_file())
}
