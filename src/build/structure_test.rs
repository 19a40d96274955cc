//! What container-structure-test says of an image (`--output json`).

use serde::{Deserialize, Serialize};

use crate::domain::{Clean, clean_line};

/// What its errors begin with where a test could not be made at all: that says nothing of the image.
const NOT_MADE: &[&str] = &[
    "error parsing config file",
    "error creating driver",
    "error in setup",
    "error in teardown",
];

/// One test of an image's structure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StructureTest {
    /// Its name; empty where a file of tests could not be read.
    pub name: Clean,
    /// How it went.
    #[serde(flatten)]
    pub outcome: TestOutcome,
}

/// How a test went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", content = "messages", rename_all = "kebab-case")]
pub enum TestOutcome {
    /// The image is as it should be.
    Passed,
    /// It is not, and in which ways.
    Failed(Vec<Clean>),
    /// The test could not be made, and why.
    #[serde(rename = "error")]
    NotMade(Vec<Clean>),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Summary {
    total: usize,
    #[serde(default)]
    results: Option<Vec<Entry>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    name: String,
    pass: bool,
    #[serde(default)]
    errors: Option<Vec<String>>,
}

/// Reads what container-structure-test printed. The error says in words why it is no report.
pub fn structure_tests(json: &[u8]) -> Result<Vec<StructureTest>, String> {
    let summary: Summary = serde_json::from_slice(json)
        .map_err(|error| format!("it printed no report: {}", clean_line(&error.to_string())))?;
    let results = summary.results.unwrap_or_default();
    if results.len() != summary.total {
        return Err(format!(
            "its report is incomplete: it counts {} tests and lists {}",
            summary.total,
            results.len()
        ));
    }
    Ok(results.into_iter().map(Entry::into_test).collect())
}

impl Entry {
    fn into_test(self) -> StructureTest {
        let errors = self.errors.unwrap_or_default();
        let not_made = errors
            .iter()
            .any(|error| NOT_MADE.iter().any(|begin| error.starts_with(begin)));
        let why = || errors.iter().map(|error| Clean::line(error)).collect();
        let outcome = match (self.pass, not_made) {
            (_, true) => TestOutcome::NotMade(why()),
            (true, false) => TestOutcome::Passed,
            (false, false) => TestOutcome::Failed(why()),
        };
        StructureTest {
            name: Clean::line(&self.name),
            outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_a_test_that_failed_from_one_that_could_not_be_made() {
        let json = br#"{"Pass":1,"Fail":3,"Total":4,"Duration":0,"Results":[
            {"Name":"File Content Test: greets","Pass":true,"Duration":0},
            {"Name":"Metadata Test","Pass":false,"Errors":["env var COLOUR value blue does not match"],"Duration":0},
            {"Name":"runs","Pass":false,"Errors":["error in setup: Tar driver is unable to process commands"]},
            {"Name":"","Pass":false,"Errors":["error parsing config file: open none.yaml: no such file"]}]}"#;
        let tests = structure_tests(json).unwrap();
        assert_eq!(tests[0].outcome, TestOutcome::Passed);
        assert!(matches!(&tests[1].outcome, TestOutcome::Failed(why) if why[0].as_str().contains("COLOUR")));
        assert!(matches!(tests[2].outcome, TestOutcome::NotMade(_)));
        assert!(matches!(tests[3].outcome, TestOutcome::NotMade(_)));
    }

    #[test]
    fn a_report_that_is_cut_off_is_no_report() {
        assert!(structure_tests(b"").is_err());
        assert!(
            structure_tests(br#"{"Pass":0,"Fail":0,"Total":0,"Results":null}"#)
                .unwrap()
                .is_empty()
        );
        let why = structure_tests(br#"{"Pass":2,"Fail":0,"Total":2,"Results":[]}"#).unwrap_err();
        assert_eq!(why, "its report is incomplete: it counts 2 tests and lists 0");
    }
}
