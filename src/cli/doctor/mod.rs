//! `windlass doctor`: looks at all that a promotion stands on, and says of each what to do if it does not hold.

mod checks;
mod finding;

use std::io::{self, Write};
use std::path::Path;

use clap::Args;
use serde::Serialize;

use finding::{Finding, Status};

use super::failure::Failure;
use super::global::Global;
use super::{Output, world};
use crate::config::{Config, ConfigError};
use crate::domain::{self, Exit};

/// Arguments of `doctor`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
         windlass doctor\n  \
         windlass doctor --json")]
pub struct DoctorArgs {
    /// Print the results as JSON
    #[arg(long)]
    pub json: bool,
}

/// The form of `--json`.
#[derive(Serialize)]
struct Document<'a> {
    ok: bool,
    findings: &'a [Finding],
}

/// Looks at everything; the exit code is that of the first problem.
pub async fn run(args: &DoctorArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let findings = examine(world::configuration(global)?).await;
    if args.json {
        io.document(&Document {
            ok: findings.iter().all(|finding| finding.status != Status::Problem),
            findings: &findings,
        })?;
    } else {
        print(&findings, &mut io.out)?;
    }
    let first = findings.iter().find(|finding| finding.status == Status::Problem);
    Ok(first.map_or(Exit::Done, |finding| finding.exit))
}

async fn examine(config: Result<Config, ConfigError>) -> Vec<Finding> {
    let config = match config {
        Ok(config) => config,
        Err(error) => {
            let wrong = Finding::problem("configuration", error.exit(), error.brief()).advise(error.hint());
            return vec![wrong, checks::tool("git", Path::new("git"), true).await];
        }
    };
    let mut findings = vec![checks::configuration(&config)];
    findings.extend(checks::repository(&config).await);
    findings.extend(checks::github(&config).await);
    findings.extend(checks::registries(&config).await);
    findings.extend(checks::keys(&config));
    findings.extend(checks::deployers(&config).await);
    findings.push(checks::tool("git", Path::new("git"), true).await);
    findings.push(checks::tool("trivy", &config.scanner.trivy, false).await);
    findings.push(checks::tool("hadolint", &config.check.hadolint, false).await);
    findings.push(checks::builder(&config).await);
    findings
}

fn print(findings: &[Finding], out: &mut dyn Write) -> io::Result<()> {
    for finding in findings {
        let mark = match finding.status {
            Status::Ok => "✓ ok     ",
            Status::Warning => "! warning",
            Status::Problem => "✗ problem",
        };
        writeln!(out, "{mark} {:<13} {}", finding.subject, finding.summary)?;
        if let Some(hint) = &finding.hint {
            writeln!(out, "{:9} {:13} → {hint}", "", "")?;
        }
    }
    let count = |status| findings.iter().filter(|finding| finding.status == status).count();
    match (count(Status::Problem), count(Status::Warning)) {
        (0, 0) => writeln!(out, "no problems found"),
        (0, warnings) => writeln!(out, "no problems, {}", domain::count(warnings, "warning")),
        (problems, _) => writeln!(out, "{}", domain::count(problems, "problem")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_broken_configuration_is_named_in_one_line_and_the_tools_are_looked_at_still() {
        let config = Config::parse("[git]\nremte = \"x\"\n", Path::new("windlass.toml"));
        let findings = examine(config).await;
        let wrong = &findings[0];
        assert_eq!(
            wrong.summary.as_str(),
            "windlass.toml:2:1: unknown key `remte` in [git]"
        );
        assert_eq!(wrong.hint.as_ref().unwrap().as_str(), "did you mean `remote`?");
        assert_eq!((wrong.status, wrong.exit), (Status::Problem, Exit::Usage));
        assert_eq!((findings[1].subject, findings[1].status), ("git", Status::Ok));
    }

    #[test]
    fn each_finding_has_a_line_a_symbol_a_word_and_what_to_do() {
        let findings = [
            Finding::ok("git", "git version 2.39"),
            Finding::problem("registry", Exit::NotAuthorised, "it says no").advise("log in".to_owned()),
        ];
        let mut out = Vec::new();
        print(&findings, &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "✓ ok      git           git version 2.39\n\
             ✗ problem registry      it says no\n                        → log in\n1 problem\n"
        );
    }
}
