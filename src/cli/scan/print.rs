//! A scan for people and for programs.

use std::io::Write as _;

use jiff::Timestamp;

use super::shown::Shown;
use crate::cli::failure::Failure;
use crate::cli::{Output, plan, table};
use crate::domain::{Judged, Standing, age, count};

/// How many findings the table has at most; the JSON has all.
const MOST: usize = 200;

/// Verdict, notes and findings as a table.
pub(super) fn table(shown: &Shown<'_>, now: Timestamp, io: &mut Output) -> Result<(), Failure> {
    let judgement = shown.judgement;
    writeln!(io.out, "{}", shown.subject.image)?;
    for (image, words) in shown.in_words() {
        writeln!(io.out, "  {image:<14} {words}")?;
    }
    for what in &shown.evidence.unreadable {
        writeln!(io.out, "  ? {what}")?;
    }
    if let Some(database) = shown.evidence.database() {
        let seconds = now.as_second() - database.as_second();
        writeln!(io.out, "  {:<14} {} old", "database", age(seconds.max(60)))?;
    }
    if let Some(environment) = shown.environment() {
        let symbol = plan::symbol(&judgement.verdict);
        writeln!(
            io.out,
            "{symbol} for {environment}: {}",
            judgement.verdict.reason()
        )?;
        for note in &judgement.notes {
            writeln!(io.out, "  · {note}")?;
        }
    }
    if !judgement.findings.is_empty() {
        writeln!(io.out)?;
        let head = ["SEVERITY", "ID", "PACKAGE", "INSTALLED", "FIXED IN", ""].map(str::to_owned);
        let rows = judgement
            .findings
            .iter()
            .take(MOST)
            .map(|judged| row(judged, shown.environment().is_some()));
        let rows: Vec<_> = std::iter::once(head.to_vec()).chain(rows).collect();
        table::print(&rows, io.columns(), &mut io.out)?;
        if judgement.findings.len() > MOST {
            let more = count(judgement.findings.len() - MOST, "more finding");
            writeln!(io.out, "and {more}; --json has all of them")?;
        }
    }
    if !shown.attached.is_empty() {
        writeln!(io.out, "✓ attached to {}", shown.subject.image)?;
    }
    Ok(())
}

fn row(judged: &Judged, with_standing: bool) -> Vec<String> {
    let finding = &judged.finding;
    let standing = match &judged.standing {
        Standing::Suppressed { by } => by.words(),
        _ if !with_standing => String::new(),
        Standing::Counts { waived_until: None } => "counts".to_owned(),
        Standing::Counts {
            waived_until: Some(day),
        } => format!("counts: its waiver expired on {day}"),
        Standing::Passes { why } => why.clone(),
    };
    vec![
        finding.severity.to_string(),
        finding.id.clone(),
        finding.package.clone(),
        finding.installed.clone(),
        finding.fixed.clone().unwrap_or_else(|| "–".to_owned()),
        standing,
    ]
}
