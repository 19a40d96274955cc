//! How many tests the files of container-structure-test declare. It goes on after a file that it could not read, and ends
//! well: only a comparison with what was to be run tells that tests are missing.
//!
//! <https://github.com/GoogleContainerTools/container-structure-test#available-test-types>

use saphyr_parser::{Event, Parser};

use super::StructureTest;
use crate::domain::{clean_line, count};

/// The lists of which each item is one test.
const LISTS: &[&str] = &[
    "commandTests",
    "fileExistenceTests",
    "fileContentTests",
    "licenseTests",
];
/// The table that is one test as a whole, and the name that it is reported by.
const METADATA: &str = "metadataTest";
const METADATA_NAME: &str = "Metadata Test";

/// How many tests one file, or several, declare.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeclaredTests {
    /// Items of lists.
    listed: usize,
    /// Tables of metadata that are not empty.
    metadata: usize,
}

impl DeclaredTests {
    /// What a file, in YAML or JSON, declares. The error says in words why it cannot be read.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut declared = Self::default();
        // The key of the top level that a value is of, at each depth; and whether a scalar of the top level is a key.
        let (mut depth, mut key, mut is_key) = (0_usize, None::<String>, true);
        let mut has_table = false;
        for event in Parser::new_from_str(text) {
            let (event, _) = event.map_err(|error| clean_line(&error.to_string()))?;
            let (begins, ends) = match event {
                Event::SequenceStart(..) | Event::MappingStart(..) => (true, false),
                Event::SequenceEnd | Event::MappingEnd => (false, true),
                Event::Scalar(..) | Event::Alias(_) => (false, false),
                _ => continue,
            };
            if ends {
                depth -= 1;
                continue;
            }
            match (depth, key.as_deref()) {
                (0, _) => has_table |= matches!(event, Event::MappingStart(..)),
                (1, _) if is_key => {
                    key = match &event {
                        Event::Scalar(text, ..) => Some(text.to_string()),
                        _ => None,
                    };
                    is_key = false;
                }
                (1, named) => {
                    // A list that is named elsewhere has at least one item.
                    if matches!(event, Event::Alias(_)) && named.is_some_and(|key| LISTS.contains(&key)) {
                        declared.listed += 1;
                    }
                    is_key = true;
                }
                (2, Some(named)) if LISTS.contains(&named) => declared.listed += 1,
                (2, Some(METADATA)) => declared.metadata = 1,
                _ => {}
            }
            depth += usize::from(begins);
        }
        if has_table {
            Ok(declared)
        } else {
            Err("it is not a table of tests".to_owned())
        }
    }

    /// What both declare.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            listed: self.listed + other.listed,
            metadata: self.metadata + other.metadata,
        }
    }

    /// Why `tests` are not all that is declared, if they are not. An empty table of metadata is reported as a test too, and
    /// is none.
    pub fn missing_from(&self, tests: &[StructureTest]) -> Option<String> {
        let is_metadata = |test: &&StructureTest| test.name.as_str().starts_with(METADATA_NAME);
        let metadata = tests.iter().filter(is_metadata).count();
        let listed = tests.len() - metadata;
        let all = self.listed + self.metadata;
        if all == 0 {
            return Some("its files contain no tests".to_owned());
        }
        let run = listed.min(self.listed) + metadata.min(self.metadata);
        (run < all).then(|| {
            format!(
                "{run} of {} declared in its files {} run",
                count(all, "test"),
                if run == 1 { "was" } else { "were" }
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::TestOutcome;
    use crate::domain::Clean;

    const FILE: &str = "
schemaVersion: 2.0.0
globalEnvVars: [{key: A, value: b}]
commandTests:
  - name: greets
    command: greet
    args: [\"-v\", {not: a test}]
  - {name: runs, command: run}
fileExistenceTests: [{name: app is there, path: /app}]
metadataTest:
  user: nobody
";

    fn tests(names: &[&str]) -> Vec<StructureTest> {
        let test = |name: &&str| StructureTest {
            name: Clean::line(name),
            outcome: TestOutcome::Passed,
        };
        names.iter().map(test).collect()
    }

    #[test]
    fn the_tests_of_a_file_are_counted() {
        let declared = DeclaredTests::read(FILE).unwrap();
        assert_eq!((declared.listed, declared.metadata), (3, 1));
        let json = r#"{"schemaVersion": "2.0.0", "fileContentTests": [{"name": "a"}], "metadataTest": {}}"#;
        let declared = DeclaredTests::read(json).unwrap();
        assert_eq!((declared.listed, declared.metadata), (1, 0));
        for broken in ["commandTests: [", "- a list", "", "a: b: c"] {
            assert!(DeclaredTests::read(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn tests_that_were_declared_and_not_run_are_missing() {
        let declared = DeclaredTests::read(FILE).unwrap();
        let all = [
            "Command Test: greets",
            "Command Test: runs",
            "File Existence Test: app is there",
            "Metadata Test",
        ];
        assert_eq!(declared.missing_from(&tests(&all)), None);
        assert_eq!(
            declared.missing_from(&tests(&["Metadata Test"])).as_deref(),
            Some("1 of 4 tests declared in its files was run")
        );
        let only_metadata = DeclaredTests::read("schemaVersion: 2.0.0").unwrap();
        assert_eq!(
            only_metadata.missing_from(&tests(&["Metadata Test"])).as_deref(),
            Some("its files contain no tests")
        );
    }
}
