//! What GitHub Actions shows of a check: annotations at the lines they are about, and a summary with its findings.

use std::fmt::Write as _;

use super::workflow::{MOST, cell, data, property};
use crate::build::{LintLevel, TestOutcome};
use crate::domain::{Judged, Standing, count};
use crate::engine::{CheckOutcome, CheckReport};

/// A summary may have a megabyte; its table of findings far fewer lines.
const ROWS: usize = 50;

/// The workflow commands that annotate what a check found, one a line.
pub(super) fn annotations(report: &CheckReport) -> Vec<String> {
    let file = property(&report.dockerfile.display().to_string());
    let mut lines = Vec::new();
    for finding in report.lint.iter().take(MOST) {
        let kind = match finding.level {
            LintLevel::Error => "error",
            LintLevel::Warning => "warning",
            LintLevel::Info | LintLevel::Style => "notice",
        };
        lines.push(format!(
            "::{kind} file={file},line={},col={},title={}::{}",
            finding.line,
            finding.column,
            property(finding.code.as_str()),
            data(finding.message.as_str())
        ));
    }
    for judged in counting(report).take(MOST) {
        let finding = &judged.finding;
        let text = format!("{} ({}): {finding}", finding.package, finding.severity);
        lines.push(format!(
            "::error file={file},line=1,title={}::{}",
            property(&finding.id),
            data(&text)
        ));
    }
    let failed = report.tests.iter().filter_map(|test| match &test.outcome {
        TestOutcome::Failed(why) => Some((test.name.as_str(), why.first()?)),
        TestOutcome::Passed | TestOutcome::NotMade(_) => None,
    });
    for (name, why) in failed.take(MOST) {
        lines.push(format!(
            "::error title={}::{}",
            property(name),
            data(why.as_str())
        ));
    }
    for step in &report.steps {
        if let CheckOutcome::Broken { why, .. } = &step.outcome {
            lines.push(format!("::error title={} broke::{}", step.step, data(why)));
        }
    }
    lines
}

/// The findings that count against a limit; without rules, none does.
fn counting(report: &CheckReport) -> impl Iterator<Item = &Judged> {
    let judgement = report.judgement.as_ref().filter(|_| report.environment.is_some());
    let findings = judgement.map_or(&[][..], |judgement| &judgement.findings);
    findings
        .iter()
        .filter(|judged| matches!(judged.standing, Standing::Counts { .. }))
}

/// The check in Markdown.
pub(super) fn summary(report: &CheckReport) -> String {
    let mut text = format!("## Check of {}\n\n| step | | |\n|---|---|---|\n", report.service);
    for step in &report.steps {
        let (word, what) = (step.outcome.word(), cell(step.outcome.what()));
        let _ = writeln!(text, "| {} | {word} | {what} |", step.step);
    }
    let findings: Vec<_> = counting(report).collect();
    if !findings.is_empty() {
        text.push_str("\n| severity | id | package | installed | fixed in |\n|---|---|---|---|---|\n");
        for judged in findings.iter().take(ROWS) {
            let finding = &judged.finding;
            let id = cell(&finding.id);
            let id = finding
                .url
                .as_ref()
                .map_or_else(|| id.clone(), |url| format!("[{id}]({})", cell(url)));
            let _ = writeln!(
                text,
                "| {} | {id} | {} | {} | {} |",
                finding.severity,
                cell(&finding.package),
                cell(&finding.installed),
                cell(finding.fixed.as_deref().unwrap_or("–"))
            );
        }
        if findings.len() > ROWS {
            let more = count(findings.len() - ROWS, "more finding");
            let _ = writeln!(text, "\nand {more}; check.sarif has all of them");
        }
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{CheckStep, Checked};

    fn report() -> CheckReport {
        CheckReport {
            service: "app".parse().unwrap(),
            dockerfile: "a,b/Dockerfile".into(),
            steps: vec![Checked {
                step: CheckStep::Lint,
                outcome: CheckOutcome::Found {
                    what: "1 finding | <b>".into(),
                },
                milliseconds: 3,
            }],
            lint: crate::build::lint_findings(
                br#"[{"code":"DL3020","column":1,"file":"x","level":"error","line":3,"message":"100% wrong: use COPY"}]"#,
            )
            .unwrap(),
            environment: None,
            judgement: None,
            tests: crate::build::structure_tests(
                br#"{"Total":1,"Results":[{"Name":"File: f","Pass":false,"Errors":["gone"]}]}"#,
            )
            .unwrap(),
            artifacts: "artifacts".into(),
        }
    }

    #[test]
    fn annotations_are_at_their_line_and_cannot_be_broken_out_of() {
        assert_eq!(
            annotations(&report()),
            [
                "::error file=a%2Cb/Dockerfile,line=3,col=1,title=DL3020::100%25 wrong: use COPY",
                "::error title=File%3A f::gone",
            ]
        );
    }

    #[test]
    fn the_summary_is_a_table_in_which_nothing_is_markup() {
        let text = summary(&report());
        assert!(
            text.contains("| lint | findings | 1 finding \\| &lt;b> |"),
            "{text}"
        );
    }
}
