//! What a request asks for: the path, read by the specification's table of endpoints, and the query.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use url::form_urlencoded;
use uuid::Uuid;

use super::failure::{Code, Failure};
use crate::domain::{Digest, Tag, Target};

/// A repository's name in the registry, of the form that the specification demands. It is safe as part of a path:
/// no component is empty or begins with a dot.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Name(String);

impl FromStr for Name {
    type Err = Failure;

    /// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`, joined by `/`.
    fn from_str(text: &str) -> Result<Self, Failure> {
        let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let component = |part: &str| {
            part.starts_with(alphanumeric)
                && part.ends_with(alphanumeric)
                && part.split(alphanumeric).all(|between| {
                    matches!(between, "" | "." | "_" | "__") || between.bytes().all(|b| b == b'-')
                })
        };
        if text.len() <= 255 && text.split('/').all(component) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Failure::new(
                Code::NameInvalid,
                format!("`{text}` is not the name of a repository"),
            ))
        }
    }
}

impl TryFrom<String> for Name {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map_err(|_| "not the name of a repository")
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a path names.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// `/v2/`
    Ping,
    /// `/token`
    Token,
    /// `/v2/_catalog`
    Catalog,
    /// `/v2/<name>/blobs/uploads/`
    Uploads(Name),
    /// `/v2/<name>/blobs/uploads/<id>`
    Upload(Name, Uuid),
    /// `/v2/<name>/blobs/<digest>`
    Blob(Name, Digest),
    /// `/v2/<name>/manifests/<tag-or-digest>`
    Manifest(Name, Target),
    /// `/v2/<name>/tags/list`
    Tags(Name),
    /// `/v2/<name>/referrers/<digest>`
    Referrers(Name, Digest),
}

impl Route {
    /// Names may hold `blobs` and the like as components of their own, so a path is read from its end.
    pub(super) fn of(path: &str) -> Result<Self, Failure> {
        let path = percent_decode_str(path).decode_utf8_lossy();
        match path.as_ref() {
            "/v2" | "/v2/" => return Ok(Self::Ping),
            "/token" => return Ok(Self::Token),
            "/v2/_catalog" => return Ok(Self::Catalog),
            _ => {}
        }
        let unknown = || Failure::new(Code::NameUnknown, format!("there is nothing at {path}"));
        let path = path.strip_prefix("/v2/").ok_or_else(unknown)?;
        let (rest, last) = path.rsplit_once('/').ok_or_else(unknown)?;
        if let Some(name) = rest.strip_suffix("/blobs/uploads") {
            return Ok(if last.is_empty() {
                Self::Uploads(name.parse()?)
            } else {
                Self::Upload(name.parse()?, last.parse().map_err(|_| upload_unknown(last))?)
            });
        }
        let (name, kind) = rest.rsplit_once('/').ok_or_else(unknown)?;
        match (kind, last) {
            ("blobs", "uploads") => Ok(Self::Uploads(name.parse()?)),
            ("blobs", digest) => Ok(Self::Blob(name.parse()?, digest_of(digest)?)),
            ("manifests", reference) if reference.contains(':') => {
                Ok(Self::Manifest(name.parse()?, digest_of(reference)?.into()))
            }
            ("manifests", tag) => Ok(Self::Manifest(name.parse()?, tag_of(tag)?.into())),
            ("tags", "list") => Ok(Self::Tags(name.parse()?)),
            ("referrers", digest) => Ok(Self::Referrers(name.parse()?, digest_of(digest)?)),
            _ => Err(unknown()),
        }
    }
}

/// The failure for an upload session that is not there.
pub(super) fn upload_unknown(id: &str) -> Failure {
    Failure::new(Code::BlobUploadUnknown, format!("there is no upload {id} here"))
}

/// Reads a digest that a client sent.
pub(super) fn digest_of(text: &str) -> Result<Digest, Failure> {
    text.parse()
        .map_err(|error: crate::domain::DigestError| Failure::new(Code::DigestInvalid, error.to_string()))
}

/// Reads a tag that a client sent.
pub(super) fn tag_of(text: &str) -> Result<Tag, Failure> {
    text.parse()
        .map_err(|error: crate::domain::ImageError| Failure::new(Code::ManifestInvalid, error.to_string()))
}

/// The query of a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Query<'a>(pub(super) &'a str);

impl<'a> Query<'a> {
    /// Every value of a parameter that may be repeated.
    pub(super) fn all(self, name: &str) -> impl Iterator<Item = Cow<'a, str>> {
        form_urlencoded::parse(self.0.as_bytes())
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value)
    }

    /// The value of a parameter.
    pub(super) fn get(self, name: &str) -> Option<Cow<'a, str>> {
        self.all(name).next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names_that_hold_the_words_of_the_api() {
        let digest = Digest::of(b"");
        let path = format!("/v2/a/blobs/uploads/manifests/tags/blobs/{digest}");
        let name = "a/blobs/uploads/manifests/tags".parse().unwrap();
        assert_eq!(Route::of(&path).unwrap(), Route::Blob(name, digest));
    }

    #[test]
    fn reads_digests_with_an_encoded_colon() {
        let digest = Digest::of(b"");
        let path = format!("/v2/a/manifests/{}", digest.to_string().replace(':', "%3A"));
        assert_eq!(
            Route::of(&path).unwrap(),
            Route::Manifest("a".parse().unwrap(), digest.into())
        );
    }

    #[test]
    fn takes_the_names_of_the_specification_and_no_others() {
        for good in ["a", "a/b", "a.b", "a__b", "a---b", "0/1"] {
            assert!(good.parse::<Name>().is_ok(), "{good}");
        }
        for bad in [
            "", "/", "a//b", "..", "a/../b", "a..b", "a___b", "A", "-a", "a-", "a._b",
        ] {
            assert!(bad.parse::<Name>().is_err(), "{bad}");
        }
    }
}
