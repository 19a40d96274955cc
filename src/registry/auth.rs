//! Authentication as registries ask for it: none, `Basic`, or `Bearer` with a token from the realm that the challenge
//! names (OCI distribution 1.1 leaves this to the Docker token specification).

use std::collections::HashMap;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::credentials::Credentials;

/// A `WWW-Authenticate` header, as far as registries use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    Basic,
    Bearer {
        realm: String,
        service: Option<String>,
        scope: Option<String>,
    },
}

impl Challenge {
    /// Reads the header; none for a scheme that no registry uses.
    pub(super) fn parse(header: &str) -> Option<Self> {
        let (scheme, rest) = header.split_once(' ').unwrap_or((header, ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Self::Basic);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let mut values = parameters(rest);
        Some(Self::Bearer {
            realm: values.remove("realm")?,
            service: values.remove("service"),
            scope: values.remove("scope"),
        })
    }
}

/// `key="value"` pairs; a comma inside quotes belongs to the value.
fn parameters(text: &str) -> HashMap<String, String> {
    let mut found = HashMap::new();
    let mut rest = text.trim();
    while let Some((key, after)) = rest.split_once('=') {
        let (value, after) = if let Some(quoted) = after.strip_prefix('"') {
            quoted.split_once('"').unwrap_or((quoted, ""))
        } else {
            after.split_once(',').unwrap_or((after, ""))
        };
        found.insert(key.trim().to_ascii_lowercase(), value.to_owned());
        rest = after.trim_start_matches([',', ' ']);
    }
    found
}

/// What may be done in which repository, as a token's scope says it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Scope {
    pub(super) path: String,
    pub(super) push: bool,
    pub(super) delete: bool,
}

impl Scope {
    /// Reading `path`; an empty one is no repository, but the registry itself.
    pub(super) fn pull(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            push: false,
            delete: false,
        }
    }

    pub(super) fn text(&self) -> String {
        let actions = match (self.push, self.delete) {
            (false, false) => "pull",
            (true, false) => "pull,push",
            (false, true) => "pull,delete",
            (true, true) => "pull,push,delete",
        };
        format!("repository:{}:{actions}", self.path)
    }
}

/// A token and how long it is good for.
#[derive(Clone)]
pub(super) struct Token {
    value: SecretString,
    until: Instant,
}

impl Token {
    pub(super) fn is_fresh(&self) -> bool {
        Instant::now() < self.until
    }

    pub(super) fn header(&self) -> String {
        format!("Bearer {}", self.value.expose_secret())
    }
}

/// The seconds that a token lives, which servers write as a number, a float or a text.
fn seconds(value: &Value) -> Option<u64> {
    let seconds = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    // No token lives longer than a day here: what is more may not even fit a clock.
    let seconds = seconds.filter(|seconds| *seconds >= 0.0)?.min(86_400.0);
    Some(Duration::try_from_secs_f64(seconds).ok()?.as_secs())
}

/// Reads the answer of a token endpoint. A token is given up some seconds early, and lives 60 s where nothing is said.
pub(super) fn token(body: &[u8]) -> Option<Token> {
    // Only the token itself is needed: another field that is odd does not lose it.
    let answer: Value = serde_json::from_slice(body).ok()?;
    let value = ["token", "access_token"]
        .into_iter()
        .filter_map(|name| answer[name].as_str())
        .find(|token| !token.is_empty())?;
    let seconds = seconds(&answer["expires_in"]).unwrap_or(60).max(10);
    Some(Token {
        value: SecretString::from(value.to_owned()),
        until: Instant::now() + Duration::from_secs(seconds - 5),
    })
}

/// The value of an `Authorization: Basic` header.
pub(super) fn basic(credentials: &Credentials) -> Option<String> {
    match credentials {
        Credentials::Password { user, password } => Some(format!(
            "Basic {}",
            STANDARD.encode(format!("{user}:{}", password.expose_secret()))
        )),
        Credentials::Anonymous | Credentials::IdentityToken(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_challenges_as_registries_write_them() {
        let header = r#"Bearer realm="https://auth.example.com/token",service="registry.example.com",scope="repository:a/b:pull,push""#;
        assert_eq!(
            Challenge::parse(header),
            Some(Challenge::Bearer {
                realm: "https://auth.example.com/token".into(),
                service: Some("registry.example.com".into()),
                scope: Some("repository:a/b:pull,push".into()),
            })
        );
        assert_eq!(Challenge::parse(r#"Basic realm="x""#), Some(Challenge::Basic));
        assert_eq!(Challenge::parse("Negotiate"), None);
        assert_eq!(Challenge::parse("Bearer service=x"), None);
    }

    #[test]
    fn a_token_answer_without_a_token_is_none() {
        assert!(token(br#"{"token":""}"#).is_none());
        assert!(token(b"<html>").is_none());
        let token = token(br#"{"access_token":"abc","expires_in":300}"#).unwrap();
        assert_eq!(token.header(), "Bearer abc");
        assert!(token.is_fresh());
    }

    #[test]
    fn a_token_is_read_whatever_form_the_fields_beside_it_have() {
        for (lifetime, wanted) in [
            (r#""300""#, 300),
            ("300", 300),
            ("300.7", 300),
            ("null", 60),
            ("-1", 60),
            (r#""soon""#, 60),
            ("1e300", 86_400),
            ("{}", 60),
        ] {
            let body =
                format!(r#"{{"token":"abc","access_token":7,"issued_at":[],"expires_in":{lifetime}}}"#);
            let token = token(body.as_bytes()).unwrap();
            let left = token.until.saturating_duration_since(Instant::now()).as_secs();
            assert!((wanted - 7..=wanted - 5).contains(&left), "{lifetime}: {left}");
        }
        let token = token(br#"{"token":"","access_token":"abc"}"#).unwrap();
        assert_eq!(token.header(), "Bearer abc");
    }
}
