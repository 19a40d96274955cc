//! A file with credentials (`config.json`, `auth.json`, `.dockercfg`), and which of its entries is for a repository.

use std::fmt;
use std::io::ErrorKind;
use std::path::PathBuf;

use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::Engine as _;
use secrecy::SecretString;
use serde_json::{Map, Value};

use super::locations::Location;
use super::login::Credentials;
use crate::domain::clean_line;

/// Base64 with or without padding, as tools write it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
/// The user name with which a refresh token is kept in place of a password.
pub(super) const TOKEN_USER: &str = "<token>";

/// A file that was read.
pub(super) struct AuthFile {
    path: PathBuf,
    auths: Map<String, Value>,
    helpers: Map<String, Value>,
    store: Option<String>,
}

/// What stands under a name.
pub(super) enum Entry {
    Credentials(Credentials),
    /// Nothing: the file only says that somebody logged in there.
    Empty,
}

/// What an entry is looked up by, from the most specific to the host itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key(String);

/// The keys of the repository `path` of `host`: itself, each folder above it, the host.
pub(super) fn keys(host: &str, path: &str) -> Vec<Key> {
    let host = canonical_host(host);
    let mut found = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        found.push(Key(format!("{host}/{rest}")));
        rest = rest.rsplit_once('/').map_or("", |(above, _)| above);
    }
    found.push(Key(host));
    found
}

/// The name that Docker keeps a host's credentials under.
pub(in crate::registry) fn docker_key(host: &str) -> &str {
    match host {
        // Docker Hub's credentials are kept under an address of its own.
        "docker.io" | "index.docker.io" | "registry-1.docker.io" => "https://index.docker.io/v1/",
        other => other,
    }
}

fn canonical_host(host: &str) -> String {
    let host = host.to_ascii_lowercase();
    match host.as_str() {
        "index.docker.io" | "registry-1.docker.io" => "docker.io".to_owned(),
        _ => host,
    }
}

/// The key that a name in a file stands for: without a scheme, and without the version of an API that Docker adds.
fn key_of(name: &str) -> Key {
    let bare = without_scheme(name).trim_end_matches('/');
    let bare = ["/v1", "/v2"]
        .iter()
        .find_map(|version| bare.strip_suffix(version))
        .unwrap_or(bare);
    let (host, path) = bare.split_once('/').unwrap_or((bare, ""));
    let host = canonical_host(host);
    Key(if path.is_empty() {
        host
    } else {
        format!("{host}/{path}")
    })
}

fn without_scheme(name: &str) -> &str {
    ["https://", "http://"]
        .iter()
        .find_map(|scheme| name.strip_prefix(scheme))
        .unwrap_or(name)
}

/// The name in a list that stands for `key`: the one that is written like it before those with a scheme, of those the
/// first. The address of a page of the host stands for the host if no other does, and it is the only one: Docker reads
/// names so.
fn find<'a>(list: &'a Map<String, Value>, key: &Key) -> Option<(&'a str, &'a Value)> {
    if let Some((name, value)) = list.get_key_value(&key.0) {
        return Some((name, value));
    }
    let mut meant = list.iter().filter(|(name, _)| key_of(name) == *key);
    if let Some((name, value)) = meant.next() {
        return Some((name, value));
    }
    let mut pages = list.iter().filter(|(name, _)| {
        let host = key_of(name).0;
        without_scheme(name) != name.as_str() && host.split('/').next() == Some(key.0.as_str())
    });
    match (pages.next(), pages.next()) {
        (Some((name, value)), None) => Some((name, value)),
        _ => None,
    }
}

impl AuthFile {
    /// Reads a file; none if it is not there and need not be.
    pub(super) fn read(location: &Location) -> Result<Option<Self>, String> {
        let shown = clean_line(&location.path.display().to_string());
        let bytes = match std::fs::read(&location.path) {
            Ok(bytes) => bytes,
            Err(error)
                if !location.must_exist
                    && matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                return Ok(None);
            }
            // The folder of another user's session is none of ours.
            Err(error) if !location.must_exist && error.kind() == ErrorKind::PermissionDenied => {
                tracing::debug!(file = shown, "permission denied");
                return Ok(None);
            }
            Err(error) => return Err(format!("could not read {shown}: {error}")),
        };
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(None);
        }
        let place = |error: serde_json::Error| {
            // What stands there may be a secret: only the place is said.
            format!(
                "{shown} is not JSON (line {}, column {})",
                error.line(),
                error.column()
            )
        };
        let document: Value = serde_json::from_slice(&bytes).map_err(place)?;
        let Value::Object(mut document) = document else {
            return Err(format!(
                "{shown} is not a credentials file: it is not a JSON object"
            ));
        };
        let mut list = |name: &str| match document.remove(name) {
            None | Some(Value::Null) => Ok(Map::new()),
            Some(Value::Object(list)) => Ok(list),
            Some(_) => Err(format!("`{name}` in {shown} is not an object")),
        };
        let (auths, helpers) = (list("auths")?, list("credHelpers")?);
        let store = document.get("credsStore").and_then(Value::as_str);
        let store = store.filter(|name| !name.is_empty()).map(str::to_owned);
        Ok(Some(Self {
            path: location.path.clone(),
            auths: if location.is_legacy { document } else { auths },
            helpers,
            store: store.filter(|_| !location.is_legacy),
        }))
    }

    pub(super) fn path(&self) -> String {
        clean_line(&self.path.display().to_string())
    }

    /// The general helper.
    pub(super) fn store(&self) -> Option<&str> {
        self.store.as_deref()
    }

    /// The helper for this name, and the name as it is written.
    pub(super) fn helper(&self, key: &Key) -> Option<(&str, &str)> {
        let (name, helper) = find(&self.helpers, key)?;
        // Docker asks the helper by the name that it keeps Docker Hub under.
        let name = if name == "docker.io" {
            docker_key(name)
        } else {
            name
        };
        Some((name, helper.as_str().filter(|helper| !helper.is_empty())?))
    }

    /// What stands under this name, and the name as it is written.
    pub(super) fn entry(&self, key: &Key) -> Result<Option<(&str, Entry)>, String> {
        let Some((name, value)) = find(&self.auths, key) else {
            return Ok(None);
        };
        let entry = read(value).map_err(|why| format!("the entry `{name}` of {} {why}", self.path()))?;
        Ok(Some((name, entry)))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An empty text is as good as none.
fn read(value: &Value) -> Result<Entry, String> {
    let text = |name: &str| value[name].as_str().filter(|text| !text.is_empty());
    if let Some(token) = text("identitytoken") {
        return Ok(Entry::Credentials(Credentials::IdentityToken(
            token.to_owned().into(),
        )));
    }
    if let Some(auth) = text("auth") {
        let auth: String = auth.split_ascii_whitespace().collect();
        let bytes = BASE64
            .decode(auth)
            .map_err(|_| "has an `auth` that is not base64".to_owned())?;
        let both = String::from_utf8(bytes).map_err(|_| "has an `auth` that is not a string".to_owned())?;
        let (user, password) = both
            .split_once(':')
            .ok_or("has an `auth` that is not `user:password`")?;
        return Ok(credentials(user, password.trim_end_matches('\0')));
    }
    match (text("username"), text("password")) {
        (Some(user), Some(password)) => Ok(credentials(user, password)),
        _ => Ok(Entry::Empty),
    }
}

fn credentials(user: &str, password: &str) -> Entry {
    match (user, password) {
        (_, "") => Entry::Empty,
        (TOKEN_USER, token) => Entry::Credentials(Credentials::IdentityToken(token.to_owned().into())),
        (user, password) => Entry::Credentials(Credentials::Password {
            user: user.to_owned(),
            password: SecretString::from(password.to_owned()),
        }),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn file(text: &str) -> Result<AuthFile, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("auth.json");
        std::fs::write(&path, text).unwrap();
        AuthFile::read(&Location {
            path,
            must_exist: true,
            is_legacy: false,
        })
        .map(Option::unwrap)
    }

    /// The name of the entry that a repository gets, and its password.
    fn found(file: &AuthFile, host: &str, path: &str) -> Option<(String, String)> {
        keys(host, path)
            .iter()
            .find_map(|key| match file.entry(key).unwrap()? {
                (name, Entry::Credentials(Credentials::Password { password, .. })) => {
                    Some((name.to_owned(), password.expose_secret().to_owned()))
                }
                (name, Entry::Credentials(Credentials::IdentityToken(token))) => {
                    Some((name.to_owned(), token.expose_secret().to_owned()))
                }
                _ => None,
            })
    }

    fn entry(password: &str) -> Value {
        serde_json::json!({ "auth": BASE64.encode(format!("ana:{password}")) })
    }

    #[test]
    fn the_most_specific_entry_is_for_a_repository_and_no_other_ones() {
        let text = serde_json::json!({ "auths": {
            "reg.example:5000/dev": entry("d"), "reg.example:5000/prod": entry("p"),
            "reg.example:5000/prod/secret/app": entry("s"), "other.example": entry("o"),
        }});
        let file = file(&text.to_string()).unwrap();
        let password = |path: &str| found(&file, "reg.example:5000", path).map(|(_, password)| password);
        assert_eq!(password("dev/app").as_deref(), Some("d"));
        assert_eq!(password("prod/app").as_deref(), Some("p"));
        assert_eq!(password("prod").as_deref(), Some("p"));
        assert_eq!(password("prod/secret/app").as_deref(), Some("s"));
        assert_eq!(password("production/app"), None);
        assert_eq!(password(""), None);
        assert!(found(&file, "other.example", "any/thing").is_some());
    }

    #[test]
    fn names_with_a_scheme_mean_the_same_in_every_order() {
        for (first, second) in [("dev", "prod"), ("prod", "dev")] {
            let text = serde_json::json!({ "auths": {
                format!("http://reg.example/{first}"): entry(first), format!("http://reg.example/{second}"): entry(second),
            }});
            let file = file(&text.to_string()).unwrap();
            let password = |path| found(&file, "reg.example", path).map(|(_, password)| password);
            assert_eq!(password("dev/app").as_deref(), Some("dev"));
            assert_eq!(password("prod/app").as_deref(), Some("prod"));
            assert_eq!(password("test/app"), None, "either would be a guess");
        }
        let text = serde_json::json!({ "auths": {
            "https://index.docker.io/v1/": entry("hub"), "https://reg.example/v2/": entry("v2"),
            "https://one.example/some/page": entry("one"),
        }});
        let file = file(&text.to_string()).unwrap();
        assert_eq!(found(&file, "docker.io", "library/alpine").unwrap().1, "hub");
        assert_eq!(found(&file, "reg.example", "app").unwrap().1, "v2");
        assert_eq!(found(&file, "one.example", "app").unwrap().1, "one");
    }

    #[test]
    fn what_is_empty_is_absent() {
        let mut beside = entry("right");
        beside["identitytoken"] = "".into();
        beside["username"] = "".into();
        let text = serde_json::json!({ "auths": {
            "a": beside, "b": { "identitytoken": "t", "auth": "" }, "c": {}, "d": { "auth": BASE64.encode("<token>:t2") },
            "e": { "auth": null, "username": "ana", "password": "p" }, "f": { "auth": BASE64.encode("ana:") },
        }});
        let file = file(&text.to_string()).unwrap();
        let secret = |host| found(&file, host, "app").map(|(_, secret)| secret);
        assert_eq!(secret("a").as_deref(), Some("right"));
        assert_eq!(secret("b").as_deref(), Some("t"));
        assert_eq!(secret("c"), None);
        assert_eq!(secret("d").as_deref(), Some("t2"));
        assert_eq!(secret("e").as_deref(), Some("p"));
        assert_eq!(secret("f"), None);
    }

    #[test]
    fn what_cannot_be_read_names_file_and_entry_and_no_secret() {
        let error = file(r#"{"auths": {"a": {"auth": "geheim"#).err().unwrap();
        assert!(
            error.contains("auth.json") && error.contains("line 1") && !error.contains("geheim"),
            "{error}"
        );
        let text = r#"{"auths": {"reg.example": {"auth": "%geheim%"}}}"#;
        let error = file(text)
            .unwrap()
            .entry(&keys("reg.example", "").remove(0))
            .err()
            .unwrap();
        assert!(
            error.contains("`reg.example`") && error.contains("auth.json"),
            "{error}"
        );
        assert!(!error.contains("geheim"), "{error}");
    }
}
