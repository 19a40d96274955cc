//! The identity that signed, as a certificate of Fulcio names it, and which one is trusted.

use std::fmt;

use regex::{Regex, RegexBuilder};

use super::clean_line;

/// The largest pattern, compiled, in bytes.
const MAX_PATTERN_SIZE: usize = 1024 * 1024;

/// An identity that is trusted to have signed: the subject of a certificate (a workflow, an address), and the OIDC issuer that
/// vouched for it. One without the other is nobody: anyone may run an issuer.
#[derive(Debug, Clone)]
pub struct SignerIdentity {
    subject: Subject,
    issuer: String,
}

#[derive(Debug, Clone)]
enum Subject {
    Exact(String),
    Pattern { text: String, regex: Regex },
}

impl SignerIdentity {
    /// The one whose subject is this very text.
    pub const fn exact(subject: String, issuer: String) -> Self {
        Self {
            subject: Subject::Exact(subject),
            issuer,
        }
    }

    /// Those whose whole subject matches a regular expression.
    ///
    /// # Errors
    /// When it is no regular expression: why, in words.
    pub fn matching(pattern: &str, issuer: String) -> Result<Self, String> {
        let compile = |pattern: &str| RegexBuilder::new(pattern).size_limit(MAX_PATTERN_SIZE).build();
        // By itself first: what closes a bracket that it did not open would get out of the anchors.
        let regex = compile(pattern).and_then(|_| compile(&anchored(pattern)));
        let regex = regex.map_err(|error| {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            clean_line(last.trim_start_matches("error: "))
        })?;
        Ok(Self {
            subject: Subject::Pattern {
                text: pattern.to_owned(),
                regex,
            },
            issuer,
        })
    }

    /// Whether a certificate with this subject and issuer is of it.
    pub fn is(&self, subject: &str, issuer: &str) -> bool {
        let is_subject = match &self.subject {
            Subject::Exact(exact) => exact == subject,
            Subject::Pattern { regex, .. } => regex.is_match(subject),
        };
        is_subject && issuer == self.issuer
    }

    /// The subject, where it is one text.
    pub fn subject(&self) -> Option<&str> {
        match &self.subject {
            Subject::Exact(exact) => Some(exact),
            Subject::Pattern { .. } => None,
        }
    }

    /// The regular expression that the whole subject matches, with its anchors, where there is one.
    pub fn subject_pattern(&self) -> Option<String> {
        match &self.subject {
            Subject::Exact(_) => None,
            Subject::Pattern { text, .. } => Some(anchored(text)),
        }
    }

    /// The issuer.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// A certificate's subject and issuer in words.
    pub fn words(subject: &str, issuer: &str) -> String {
        clean_line(&format!("{subject} (issuer {issuer})"))
    }
}

fn anchored(pattern: &str) -> String {
    format!("^(?:{pattern})$")
}

impl PartialEq for SignerIdentity {
    fn eq(&self, other: &Self) -> bool {
        self.issuer == other.issuer
            && self.subject() == other.subject()
            && self.subject_pattern() == other.subject_pattern()
    }
}

impl Eq for SignerIdentity {}

impl fmt::Display for SignerIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Subject::Exact(subject) | Subject::Pattern { text: subject, .. }) = &self.subject;
        f.write_str(&Self::words(subject, &self.issuer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://token.actions.githubusercontent.com";
    const WORKFLOW: &str = "https://github.com/acme/app/.github/workflows/promote.yml@refs/heads/main";

    #[test]
    fn an_identity_is_the_whole_subject_of_the_one_issuer() {
        let identity = SignerIdentity::exact(WORKFLOW.to_owned(), ISSUER.to_owned());
        assert!(identity.is(WORKFLOW, ISSUER));
        for (subject, issuer) in [
            (&*format!("{WORKFLOW}2"), ISSUER),
            (&*format!("https://evil.example.com/?{WORKFLOW}"), ISSUER),
            (&WORKFLOW[..WORKFLOW.len() - 1], ISSUER),
            (&WORKFLOW.to_uppercase(), ISSUER),
            ("", ISSUER),
            (
                WORKFLOW,
                "https://token.actions.githubusercontent.com.evil.example.com",
            ),
            (WORKFLOW, "https://token.actions.githubusercontent.com/"),
            (WORKFLOW, ""),
        ] {
            assert!(!identity.is(subject, issuer), "{subject} {issuer}");
        }
    }

    #[test]
    fn a_pattern_matches_the_whole_subject() {
        let pattern =
            r"https://github\.com/acme/app/\.github/workflows/promote\.yml@refs/heads/(main|release/.+)";
        let identity = SignerIdentity::matching(pattern, ISSUER.to_owned()).unwrap();
        assert!(identity.is(WORKFLOW, ISSUER));
        assert!(identity.is(&WORKFLOW.replace("main", "release/1.4"), ISSUER));
        for subject in [
            format!("{WORKFLOW}/x"),
            format!("x{WORKFLOW}"),
            format!("{WORKFLOW}\n"),
            format!("{WORKFLOW}\nx"),
        ] {
            assert!(!identity.is(&subject, ISSUER), "{subject}");
        }
        assert!(!identity.is(WORKFLOW, "https://issuer.example.com"));
        assert_eq!(identity.subject_pattern().unwrap(), format!("^(?:{pattern})$"));
    }

    #[test]
    fn a_pattern_does_not_get_out_of_its_anchors() {
        for pattern in ["a)|(b", "(", "a{999999999}", "(?x) a # "] {
            assert!(
                SignerIdentity::matching(pattern, ISSUER.to_owned()).is_err(),
                "{pattern}"
            );
        }
        let either = SignerIdentity::matching("a|b", ISSUER.to_owned()).unwrap();
        assert!(either.is("a", ISSUER) && either.is("b", ISSUER));
        assert!(!either.is("ax", ISSUER) && !either.is("xb", ISSUER));
    }
}
