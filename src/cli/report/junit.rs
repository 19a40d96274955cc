//! Test results in the XML of `JUnit`, which CI systems show.
//!
//! There is no standard of it; this is the part that all readers agree on
//! (<https://github.com/testmoapp/junitxml>).

use std::fmt::Write as _;

use crate::build::{StructureTest, TestOutcome};

/// The results of structure tests, as one suite.
pub fn of_tests(tests: &[StructureTest]) -> String {
    let count = |wanted: fn(&TestOutcome) -> bool| tests.iter().filter(|test| wanted(&test.outcome)).count();
    let failures = count(|outcome| matches!(outcome, TestOutcome::Failed(_)));
    let errors = count(|outcome| matches!(outcome, TestOutcome::NotMade(_)));
    let totals = format!(
        "tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\"",
        tests.len()
    );
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {totals}>\n  <testsuite name=\"container structure\" {totals}>\n"
    );
    for test in tests {
        let name = escaped(test.name.as_str());
        let (tag, why) = match &test.outcome {
            TestOutcome::Passed => {
                let _ = writeln!(xml, "    <testcase classname=\"structure\" name=\"{name}\"/>");
                continue;
            }
            TestOutcome::Failed(why) => ("failure", why),
            TestOutcome::NotMade(why) => ("error", why),
        };
        let why: Vec<_> = why.iter().map(|why| escaped(why.as_str())).collect();
        let _ = writeln!(xml, "    <testcase classname=\"structure\" name=\"{name}\">");
        let first = why.first().map_or("", String::as_str);
        let _ = writeln!(xml, "      <{tag} message=\"{first}\">{}</{tag}>", why.join("\n"));
        xml.push_str("    </testcase>\n");
    }
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_and_errors_are_told_apart_and_nothing_breaks_the_document() {
        let tests = crate::build::structure_tests(
            br#"{"Pass":1,"Fail":2,"Total":3,"Results":[
                {"Name":"a <b>","Pass":true},
                {"Name":"b","Pass":false,"Errors":["\"x\" & y"]},
                {"Name":"c","Pass":false,"Errors":["error in setup: no"]}]}"#,
        )
        .unwrap();
        let xml = of_tests(&tests);
        assert!(xml.contains("tests=\"3\" failures=\"1\" errors=\"1\""), "{xml}");
        assert!(xml.contains("name=\"a &lt;b&gt;\"/>"), "{xml}");
        assert!(
            xml.contains("<failure message=\"&quot;x&quot; &amp; y\">"),
            "{xml}"
        );
        assert!(xml.contains("<error message=\"error in setup: no\">"), "{xml}");
    }
}
