//! What the arguments of Trivy make it leave out without a word in its report.

use crate::domain::{ScannerFilter, Severity, clean_line};

/// What Trivy leaves out because of `arguments`, which are separated by blanks. What `--show-suppressed` lists is not
/// among it.
pub(super) fn filters(arguments: &str) -> Vec<ScannerFilter> {
    let mut found = Vec::new();
    let mut words = arguments.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let (flag, mut value) = match word.split_once('=') {
            Some((flag, value)) => (flag, Some(value)),
            None => (word, None),
        };
        if value.is_none() && words.peek().is_some_and(|next| !next.starts_with('-')) {
            value = words.peek().copied();
        }
        let value = value.unwrap_or_default();
        let other = |what: &str| {
            Some(ScannerFilter::Other(clean_line(&format!(
                "{what} ({flag} {value})"
            ))))
        };
        found.extend(match flag {
            "--ignore-unfixed" if value != "false" => Some(ScannerFilter::Unfixed),
            "--severity" | "-s" if !names_every_severity(value) => other("other severities"),
            "--ignore-status" => other("vulnerabilities of some status"),
            "--skip-files" | "--skip-dirs" => other("some files"),
            "--pkg-types" | "--vuln-type" if !(value.contains("os") && value.contains("library")) => {
                other("other kinds of packages")
            }
            "--pkg-relationships" => other("other packages"),
            "--scanners" if !value.split(',').any(|scanner| scanner == "vuln") => other("vulnerabilities"),
            _ => None,
        });
    }
    found
}

fn names_every_severity(value: &str) -> bool {
    let named: Vec<_> = value.split(',').map(str::to_ascii_lowercase).collect();
    Severity::ALL
        .iter()
        .all(|severity| named.iter().any(|name| name == severity.word()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_trivy_was_told_to_leave_out_is_known_by_its_arguments() {
        let words =
            |arguments: &str| -> Vec<String> { filters(arguments).iter().map(ToString::to_string).collect() };
        for harmless in [
            "--offline-scan --timeout 5m --exit-code 1",
            "--ignore-unfixed=false",
            "--severity=CRITICAL,HIGH,MEDIUM,LOW,UNKNOWN",
            "--scanners vuln,secret",
        ] {
            assert_eq!(words(harmless), [""; 0], "{harmless}");
        }
        assert_eq!(words("--ignore-unfixed"), ["vulnerabilities without a fix"]);
        for (arguments, left_out) in [
            (
                "--severity HIGH,CRITICAL",
                "other severities (--severity HIGH,CRITICAL)",
            ),
            ("--pkg-types os", "other kinds of packages (--pkg-types os)"),
            ("--scanners secret", "vulnerabilities (--scanners secret)"),
            ("--skip-dirs /usr/lib", "some files (--skip-dirs /usr/lib)"),
        ] {
            assert_eq!(words(arguments), [left_out]);
        }
    }
}
