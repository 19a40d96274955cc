//! Lists of what is in an image, attached to it as referrers.

use bytes::Bytes;

use super::ScanError;
use super::attached::PLATFORM;
use crate::domain::Platform;
use crate::registry::{Descriptor, Evidence, Writer};

/// A format of such lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SbomFormat {
    /// CycloneDX, as JSON.
    CycloneDx,
    /// SPDX, as JSON.
    Spdx,
}

impl SbomFormat {
    /// All formats.
    pub const ALL: [Self; 2] = [Self::CycloneDx, Self::Spdx];

    /// As Trivy calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CycloneDx => "cyclonedx",
            Self::Spdx => "spdx-json",
        }
    }

    /// As people call it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::CycloneDx => "CycloneDX",
            Self::Spdx => "SPDX",
        }
    }

    /// Its media type, which is the artifact type of the referrer too (IANA's list of media types).
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::CycloneDx => "application/vnd.cyclonedx+json",
            Self::Spdx => "application/spdx+json",
        }
    }

    /// What an attestation of it says it is (the predicates of in-toto, as cosign and BuildKit write them).
    pub const fn predicate_type(self) -> &'static str {
        match self {
            Self::CycloneDx => "https://cyclonedx.org/bom",
            Self::Spdx => "https://spdx.dev/Document",
        }
    }

    /// The usual name of its file.
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::CycloneDx => "sbom.cdx.json",
            Self::Spdx => "sbom.spdx.json",
        }
    }

    /// Whether `bytes` are a document of this format; why not, otherwise.
    pub fn check(self, bytes: &[u8]) -> Result<(), String> {
        let document: serde_json::Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let (key, found) = match self {
            Self::CycloneDx => ("bomFormat", document["bomFormat"] == "CycloneDX"),
            Self::Spdx => ("spdxVersion", document["spdxVersion"].is_string()),
        };
        found
            .then_some(())
            .ok_or_else(|| format!("not a {} document: no `{key}`", self.name()))
    }
}

/// Attaches the list of what is in `subject` on `platform`, or on all of its platforms if none is named.
pub async fn attach_sbom(
    writer: &Writer,
    subject: &Descriptor,
    format: SbomFormat,
    bytes: Bytes,
    platform: Option<&Platform>,
) -> Result<Descriptor, ScanError> {
    let platform = platform.map(ToString::to_string);
    let about = platform.clone().unwrap_or_default();
    let annotations = platform.map(|platform| (PLATFORM.to_owned(), platform));
    let layers = vec![(format.media_type().to_owned(), bytes)];
    let evidence = Evidence::new(format.media_type(), layers, annotations.into_iter().collect()).about(about);
    Ok(writer.attach_evidence(subject, evidence).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_of_another_format_is_no_list() {
        let cyclonedx = br#"{"bomFormat": "CycloneDX"}"#;
        assert_eq!(SbomFormat::CycloneDx.check(cyclonedx), Ok(()));
        assert!(
            SbomFormat::Spdx
                .check(cyclonedx)
                .unwrap_err()
                .contains("spdxVersion")
        );
        assert!(SbomFormat::Spdx.check(b"").is_err());
    }
}
