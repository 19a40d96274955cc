//! What hadolint says of a Dockerfile (`--format json`).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::{Clean, clean_line};

/// One thing that hadolint found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LintFinding {
    /// The rule: `DL3008`, `SC2086`; `DL1000` is a Dockerfile that cannot be read.
    pub code: Clean,
    /// How grave.
    pub level: LintLevel,
    /// The line in the Dockerfile, from 1.
    pub line: u32,
    /// The column in that line, from 1.
    pub column: u32,
    /// What is wrong.
    pub message: Clean,
}

/// The rule of hadolint that says that a file could not be read from a line on.
const UNREAD: &str = "DL1000";

impl LintFinding {
    /// Whether it says that the file was not read to its end.
    pub fn is_unread_file(&self) -> bool {
        self.code.as_str().eq_ignore_ascii_case(UNREAD)
    }
}

/// How grave a finding is, in hadolint's words; the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LintLevel {
    /// Wrong.
    Error,
    /// Likely to do harm.
    Warning,
    /// Worth to know.
    Info,
    /// A matter of taste.
    Style,
}

impl fmt::Display for LintLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
            Self::Style => "style",
        })
    }
}

#[derive(Deserialize)]
struct Entry {
    code: String,
    level: LintLevel,
    line: u32,
    column: u32,
    message: String,
}

/// Reads what hadolint printed: its findings in the order of the file. The error says in words why it is no report;
/// hadolint ends with the same exit code where it found something and where it could not even begin.
pub fn lint_findings(json: &[u8]) -> Result<Vec<LintFinding>, String> {
    let entries: Vec<Entry> = serde_json::from_slice(json)
        .map_err(|error| format!("it printed no report: {}", clean_line(&error.to_string())))?;
    let mut findings: Vec<_> = entries
        .into_iter()
        .map(|entry| LintFinding {
            code: Clean::line(&entry.code),
            level: entry.level,
            line: entry.line.max(1),
            column: entry.column.max(1),
            message: Clean::line(&entry.message),
        })
        .collect();
    findings.sort_by_key(|finding| (finding.line, finding.column));
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_findings_in_the_order_of_the_file_and_makes_them_harmless() {
        let json = br#"[
            {"code":"DL3004","column":1,"file":"Dockerfile","level":"error","line":3,"message":"Do not use sudo"},
            {"code":"DL3006","column":1,"file":"Dockerfile","level":"warning","line":1,"message":"Always tag\u001b[2J"}
        ]"#;
        let findings = lint_findings(json).unwrap();
        let codes: Vec<_> = findings.iter().map(|finding| finding.code.as_str()).collect();
        assert_eq!(codes, ["DL3006", "DL3004"]);
        assert_eq!(findings[0].message.as_str(), "Always tag");
        assert!(LintLevel::Error < LintLevel::Warning);
    }

    #[test]
    fn an_empty_list_is_a_clean_file_and_no_list_is_no_report() {
        assert_eq!(lint_findings(b"[]").unwrap(), []);
        for rubbish in ["", "{}", "<html>", r#"[{"code":"DL1"}]"#] {
            let why = lint_findings(rubbish.as_bytes()).unwrap_err();
            assert!(why.starts_with("it printed no report"), "{why}");
        }
    }
}
