//! Where images live: registry hosts, repositories, tags and references.

use std::fmt;
use std::str::FromStr;

use super::{Digest, ServiceName};

/// Why a text does not name an image, a repository or a tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` {why}")]
pub struct ImageError {
    text: String,
    why: &'static str,
}

impl ImageError {
    fn new(text: &str, why: &'static str) -> Self {
        Self {
            text: text.chars().take(200).collect(),
            why,
        }
    }
}

/// A registry host (with its port, if any) and the path of one repository in it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Repository {
    host: String,
    path: String,
}

impl Repository {
    /// The registry: `registry.example.com`, `localhost:5000`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The path in the registry: `stage/payment-svc`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// This repository at `tag`.
    pub fn tagged(&self, tag: Tag) -> ImageReference {
        ImageReference {
            repository: self.clone(),
            target: Target::Tag(tag),
        }
    }

    /// This repository at `digest`.
    pub fn at(&self, digest: Digest) -> ImageReference {
        ImageReference {
            repository: self.clone(),
            target: Target::Digest(digest),
        }
    }
}

impl FromStr for Repository {
    type Err = ImageError;

    /// The host must be written: windlass moves images between registries, and a name that silently means
    /// Docker Hub has no place in it. `docker.io/library/alpine` says so.
    fn from_str(text: &str) -> Result<Self, ImageError> {
        let fail = |why| ImageError::new(text, why);
        let (host, path) = text
            .split_once('/')
            .ok_or_else(|| fail("has no registry: use the form host/path"))?;
        if !(host.contains('.') || host.contains(':') || host == "localhost") {
            return Err(fail(
                "has no registry: the part before the first `/` must be a host",
            ));
        }
        if !host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']'))
        {
            return Err(fail("has an invalid registry host"));
        }
        let component = |part: &str| {
            let edge = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
            edge(part.as_bytes().first())
                && edge(part.as_bytes().last())
                && part
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-'))
        };
        if path.len() > 255 || !path.split('/').all(component) {
            return Err(fail(
                "has an invalid path: use lower-case letters, digits, `.`, `_`, `-`, separated by `/`",
            ));
        }
        Ok(Self {
            host: host.to_owned(),
            path: path.to_owned(),
        })
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.path)
    }
}

impl fmt::Debug for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

super::serde_as_text!(Repository);

/// A tag: up to 128 word characters, `.` and `-`, not beginning with those two (OCI distribution 1.1).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(String);

impl Tag {
    /// The tag itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tag {
    type Err = ImageError;

    fn from_str(text: &str) -> Result<Self, ImageError> {
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        let bytes = text.as_bytes();
        let fine = matches!(bytes.len(), 1..=128)
            && word(bytes[0])
            && bytes.iter().all(|b| word(*b) || matches!(b, b'.' | b'-'));
        if fine {
            Ok(Self(text.to_owned()))
        } else {
            Err(ImageError::new(text, "is not a valid tag"))
        }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

super::serde_as_text!(Tag);

/// What a reference points with: a name that may move, or content that cannot.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// By tag.
    Tag(Tag),
    /// By digest.
    Digest(Digest),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => tag.fmt(f),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

impl From<Tag> for Target {
    fn from(tag: Tag) -> Self {
        Self::Tag(tag)
    }
}

impl From<Digest> for Target {
    fn from(digest: Digest) -> Self {
        Self::Digest(digest)
    }
}

/// A manifest somewhere: `host/path:tag` or `host/path@digest`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ImageReference {
    /// The repository.
    pub repository: Repository,
    /// Which manifest in it.
    pub target: Target,
}

impl FromStr for ImageReference {
    type Err = ImageError;

    /// With both a tag and a digest (`host/path:tag@sha256:…`) the digest decides, as in every other tool.
    fn from_str(text: &str) -> Result<Self, ImageError> {
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => {
                let digest: Digest = digest
                    .parse()
                    .map_err(|_| ImageError::new(text, "has a malformed digest after `@`"))?;
                (name, Some(digest))
            }
            None => (text, None),
        };
        let slash = name.rfind('/').map_or(0, |at| at + 1);
        let (repository, tag) = match name[slash..].split_once(':') {
            Some((last, tag)) => (&name[..slash + last.len()], Some(tag.parse::<Tag>()?)),
            None => (name, None),
        };
        let repository = repository.parse()?;
        let target = match (digest, tag) {
            (Some(digest), _) => Target::Digest(digest),
            (None, Some(tag)) => Target::Tag(tag),
            (None, None) => return Err(ImageError::new(text, "has neither `:tag` nor `@digest`")),
        };
        Ok(Self { repository, target })
    }
}

impl fmt::Display for ImageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joint = if matches!(self.target, Target::Tag(_)) {
            ':'
        } else {
            '@'
        };
        write!(f, "{}{joint}{}", self.repository, self.target)
    }
}

impl fmt::Debug for ImageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

super::serde_as_text!(ImageReference);

/// An environment's image location with a place for the service: `registry.example.com/stage/{service}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageTemplate(String);

impl ImageTemplate {
    /// The repository of `service` in this location.
    ///
    /// # Errors
    /// Never for a template that was parsed: the check there used a name of the longest kind.
    pub fn repository(&self, service: &ServiceName) -> Result<Repository, ImageError> {
        self.0.replace("{service}", service.as_str()).parse()
    }
}

impl FromStr for ImageTemplate {
    type Err = ImageError;

    fn from_str(text: &str) -> Result<Self, ImageError> {
        text.replace("{service}", "service").parse::<Repository>()?;
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for ImageTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_references_with_ports_tags_and_digests() {
        let digest = Digest::of(b"x");
        for text in [
            "registry.example.com/stage/payment-svc:sha-2b2e927".to_owned(),
            "localhost:5000/a:latest".to_owned(),
            format!("127.0.0.1:5000/dev/a@{digest}"),
        ] {
            assert_eq!(text.parse::<ImageReference>().unwrap().to_string(), text);
        }
        let both = format!("localhost:5000/a:v1@{digest}")
            .parse::<ImageReference>()
            .unwrap();
        assert_eq!(both.target, Target::Digest(digest));
    }

    #[test]
    fn refuses_names_without_a_host_and_paths_no_registry_takes() {
        for bad in [
            "alpine:3",
            "library/alpine:3",
            "host.io/Upper:1",
            "host.io/a//b:1",
            "host.io/a",
            "h.io/a:-x",
        ] {
            assert!(bad.parse::<ImageReference>().is_err(), "{bad}");
        }
    }

    #[test]
    fn fills_the_service_into_a_location() {
        let template: ImageTemplate = "hub.example.com/myorg/dev-{service}".parse().unwrap();
        let service = "payment-svc".parse().unwrap();
        assert_eq!(
            template.repository(&service).unwrap().path(),
            "myorg/dev-payment-svc"
        );
    }
}
