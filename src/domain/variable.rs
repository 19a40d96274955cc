//! Which variables of the environment a program is given.

use std::fmt;
use std::str::FromStr;

/// The name of an environment variable, or the beginning of several: `KUBECONFIG`, `AWS_*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariablePattern(String);

/// Whether the variable `name` is meant by `pattern`: a name, or the beginning of several with a `*` behind it.
pub fn matches_variable(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => name == pattern,
    }
}

/// Why a text is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the name of an environment variable, such as `KUBECONFIG` or `AWS_*`")]
pub struct VariablePatternError(String);

impl VariablePattern {
    /// Whether the variable `name` is meant.
    pub fn matches(&self, name: &str) -> bool {
        matches_variable(&self.0, name)
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for VariablePattern {
    type Err = VariablePatternError;

    fn from_str(text: &str) -> Result<Self, VariablePatternError> {
        let name = text.strip_suffix('*').unwrap_or(text);
        let letters = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        // `*` alone would hand over everything that there is.
        if letters && !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(VariablePatternError(
                super::clean_line(text).chars().take(80).collect(),
            ))
        }
    }
}

impl fmt::Display for VariablePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_one_name_or_all_that_begin_alike_but_never_everything() {
        let matches = |pattern: &str, name| pattern.parse::<VariablePattern>().unwrap().matches(name);
        assert!(matches("KUBECONFIG", "KUBECONFIG"));
        assert!(!matches("KUBECONFIG", "KUBECONFIG_2"));
        assert!(matches("AWS_*", "AWS_PROFILE"));
        assert!(!matches("AWS_*", "MY_AWS_PROFILE"));
        for bad in ["", "*", "A=B", "1A", "A B", "A**"] {
            assert!(bad.parse::<VariablePattern>().is_err(), "{bad}");
        }
    }
}
