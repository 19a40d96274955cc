//! Names of projects, services, environments and roles: short, safe in a path, a ref and a terminal.

use std::fmt;
use std::str::FromStr;

/// Why a text cannot be the name of a project, a service, an environment or a role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "invalid name `{0}`: use 1 to 63 lower-case letters, digits, `-`, `_` and `.`, starting and ending \
     with a letter or digit"
)]
pub struct NameError(String);

fn check(text: &str) -> Result<String, NameError> {
    let inner = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.');
    let outer = |b: Option<&u8>| matches!(b, Some(b'a'..=b'z' | b'0'..=b'9'));
    let bytes = text.as_bytes();
    let fine = bytes.len() <= 63
        && bytes.iter().all(|b| inner(*b))
        && outer(bytes.first())
        && outer(bytes.last())
        && !text.contains("..");
    if fine {
        Ok(text.to_owned())
    } else {
        Err(NameError(text.chars().take(80).collect()))
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $type(String);

        impl $type {
            /// The name itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                check(text).map(Self)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        super::serde_as_text!($type);
    };
}

name! {
    /// One deployable image; its source is a repository, or a folder of one.
    ServiceName
}

name! {
    /// An environment: dev, stage, prod, or any other.
    EnvironmentName
}

name! {
    /// A project of a fleet, as people call it.
    ProjectName
}

name! {
    /// As what somebody approves: `qa`, `security`.
    RoleName
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_in_paths_refs_and_terminals() {
        for good in ["dev", "prod-eu_1", "payment-svc", "a.b", "7"] {
            assert!(good.parse::<ServiceName>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "Prod",
            "-a",
            "a-",
            "a/b",
            "a..b",
            "a b",
            "a\u{1b}[2J",
            &"x".repeat(64),
        ] {
            assert!(bad.parse::<EnvironmentName>().is_err(), "{bad:?}");
        }
    }
}
