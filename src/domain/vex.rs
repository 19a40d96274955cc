//! VEX: what those who build a product say of a vulnerability in it.
//!
//! After OpenVEX 0.2: <https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md>

use jiff::Timestamp;

use super::{Digest, Exceptions, Finding, PackagePattern, Repository, RunnableImage, ScanEvidence, Tag};

/// One statement on one vulnerability.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VexStatement {
    /// The vulnerability, by all the names that the statement gives.
    pub vulnerabilities: Vec<String>,
    /// The products that it is about.
    pub products: Vec<VexProduct>,
    /// What it says.
    pub status: VexStatus,
    /// Why, in one line: the justification and the impact statement.
    pub why: String,
    /// When it was made; a later one on the same product takes the place of an earlier one.
    pub made: Option<Timestamp>,
    /// The document that it stands in, as people find it.
    pub document: String,
}

/// What a statement says of a vulnerability.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VexStatus {
    /// It does no harm there.
    NotAffected,
    /// It is mended there.
    Fixed,
    /// It does harm there.
    Affected,
    /// Nobody knows yet.
    UnderInvestigation,
}

impl VexStatus {
    /// The word of the specification, with blanks.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotAffected => "not affected",
            Self::Fixed => "fixed",
            Self::Affected => "affected",
            Self::UnderInvestigation => "under investigation",
        }
    }

    /// Whether a finding need not count.
    pub const fn clears(self) -> bool {
        matches!(self, Self::NotAffected | Self::Fixed)
    }
}

/// A product of a statement: a package, or an image and packages in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VexProduct {
    /// The product.
    pub product: PackagePattern,
    /// The packages in it that the statement is about; all of them if none is named.
    pub subcomponents: Vec<PackagePattern>,
}

/// The image that statements may name: `pkg:oci/app@sha256:…?repository_url=registry.example.com/dev/app&arch=arm64`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VexSubject<'a> {
    /// The digest of the image or index.
    pub digest: &'a Digest,
    /// The image that has the finding, if it is known which one of the index.
    pub image: Option<&'a RunnableImage>,
    /// Every repository that it may be in: it is the same image in each environment.
    pub repositories: &'a [Repository],
    /// The tags that it is known by.
    pub tags: &'a [Tag],
}

impl<'a> VexSubject<'a> {
    /// `image` of what is judged.
    pub const fn new(
        evidence: &'a ScanEvidence,
        image: Option<&'a RunnableImage>,
        exceptions: &Exceptions<'a>,
    ) -> Self {
        Self {
            digest: &evidence.digest,
            image,
            repositories: exceptions.repositories,
            tags: exceptions.tags,
        }
    }

    /// Whether `digest` is that of the index or of the image in it.
    fn has_digest(&self, digest: &str) -> bool {
        let image = self.image.map(|image| &image.digest);
        image
            .into_iter()
            .chain([self.digest])
            .any(|own| own.to_string() == digest)
    }

    fn has_architecture(&self, architecture: &str) -> bool {
        let platform = self.image.and_then(|image| image.platform.as_ref());
        platform.is_some_and(|platform| platform.architecture == architecture)
    }
}

impl VexStatement {
    /// Whether it speaks of `finding` in the image `subject`.
    pub fn is_about(&self, finding: &Finding, subject: &VexSubject<'_>) -> bool {
        self.vulnerabilities.iter().any(|id| finding.is_called(id))
            && self.products.iter().any(|product| product.has(finding, subject))
    }

    /// Whether one of its products may be in an image of `repositories`: a package, or an image of that name.
    pub fn may_be_of(&self, repositories: &[Repository]) -> bool {
        let may_be = |product: &VexProduct| {
            product.product.kind() != "oci"
                || repositories
                    .iter()
                    .any(|repository| last_part(repository) == product.product.name())
        };
        self.products.iter().any(may_be)
    }

    /// `CVE-2026-1 (pkg:oci/app)`.
    pub fn title(&self) -> String {
        let id = self.vulnerabilities.first().map_or("", String::as_str);
        match self.products.as_slice() {
            [only] => format!("{id} ({})", only.product),
            [first, more @ ..] => format!("{id} ({} and {} more)", first.product, more.len()),
            [] => id.to_owned(),
        }
    }
}

impl VexProduct {
    fn has(&self, finding: &Finding, subject: &VexSubject<'_>) -> bool {
        let is = |pattern: &PackagePattern| finding.purl.as_deref().is_some_and(|purl| pattern.matches(purl));
        let is_product = is(&self.product) || self.is_image(subject);
        is_product && (self.subcomponents.is_empty() || self.subcomponents.iter().any(is))
    }

    /// Whether the product is the image: its name is the last part of a repository, and all else that it gives (digest,
    /// repository, architecture, tag) is that of the image. What is not known here does not hold.
    ///
    /// <https://github.com/package-url/purl-spec/blob/main/types-doc/oci-definition.md>
    fn is_image(&self, subject: &VexSubject<'_>) -> bool {
        let product = &self.product;
        let in_repository = |url: Option<&str>| {
            subject.repositories.iter().any(|repository| {
                last_part(repository) == product.name() && url.is_none_or(|url| url == repository.to_string())
            })
        };
        product.kind() == "oci"
            && !product.has_subpath()
            && product
                .version()
                .is_none_or(|version| subject.has_digest(version))
            && in_repository(product.qualifier("repository_url"))
            && product.qualifiers().all(|(key, value)| match key {
                "repository_url" => true,
                "arch" => subject.has_architecture(value),
                "tag" => subject.tags.iter().any(|tag| tag.as_str() == value),
                _ => false,
            })
    }
}

/// `app` of `registry.example.com/dev/app`.
fn last_part(repository: &Repository) -> &str {
    let path = repository.path();
    path.rsplit('/').next().unwrap_or(path)
}

/// The newest statement on `finding`, if there is one. Of two that were made at one time the later in the list wins.
pub fn newest<'a>(
    statements: &'a [VexStatement],
    finding: &Finding,
    subject: &VexSubject<'_>,
) -> Option<&'a VexStatement> {
    let about = statements
        .iter()
        .filter(|statement| statement.is_about(finding, subject));
    about.max_by_key(|statement| statement.made)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{FindingKind, Severity};

    fn finding() -> Finding {
        Finding {
            kind: FindingKind::Vulnerability,
            id: "CVE-2026-1".into(),
            aliases: Vec::new(),
            severity: Severity::High,
            package: "openssl".into(),
            purl: Some("pkg:apk/alpine/openssl@3.1.1".into()),
            installed: "3.1.1".into(),
            fixed: None,
            title: String::new(),
            url: None,
        }
    }

    fn statement(product: &str, subcomponents: &[&str]) -> VexStatement {
        VexStatement {
            vulnerabilities: vec!["CVE-2026-1".into()],
            products: vec![VexProduct {
                product: product.parse().unwrap(),
                subcomponents: subcomponents.iter().map(|purl| purl.parse().unwrap()).collect(),
            }],
            status: VexStatus::NotAffected,
            why: "vulnerable code not in execute path".into(),
            made: None,
            document: "app.openvex.json".into(),
        }
    }

    fn about(statement: &VexStatement) -> bool {
        let digest = Digest::of(b"image");
        let repositories = [
            "localhost:1/dev/app".parse().unwrap(),
            "localhost:2/app".parse().unwrap(),
        ];
        let subject = VexSubject {
            digest: &digest,
            image: None,
            repositories: &repositories,
            tags: &[],
        };
        statement.is_about(&finding(), &subject)
    }

    #[test]
    fn a_product_is_a_package_or_the_image_in_any_of_its_repositories() {
        assert!(about(&statement("pkg:apk/alpine/openssl", &[])));
        assert!(about(&statement("pkg:oci/app", &[])));
        assert!(about(&statement(
            "pkg:oci/app?repository_url=localhost:2/app",
            &["pkg:apk/alpine/openssl"]
        )));
        assert!(!about(&statement("pkg:oci/app", &["pkg:apk/alpine/curl"])));
        assert!(!about(&statement("pkg:oci/other", &[])));
        assert!(!about(&statement(
            "pkg:oci/app?repository_url=localhost:3/app",
            &[]
        )));
    }

    #[test]
    fn a_product_with_a_digest_is_that_image_alone() {
        let digest = Digest::of(b"image").to_string().replace(':', "%3A");
        assert!(about(&statement(&format!("pkg:oci/app@{digest}"), &[])));
        let other = Digest::of(b"another").to_string().replace(':', "%3A");
        assert!(!about(&statement(&format!("pkg:oci/app@{other}"), &[])));
    }

    #[test]
    fn a_later_statement_takes_the_place_of_an_earlier_one() {
        let digest = Digest::of(b"image");
        let subject = VexSubject {
            digest: &digest,
            image: None,
            repositories: &[],
            tags: &[],
        };
        let at = |day: &str, status| VexStatement {
            made: Some(format!("2026-11-{day}T00:00:00Z").parse().unwrap()),
            status,
            ..statement("pkg:apk/alpine/openssl", &[])
        };
        let statements = [at("20", VexStatus::Affected), at("10", VexStatus::NotAffected)];
        let found = newest(&statements, &finding(), &subject).unwrap();
        assert_eq!(found.status, VexStatus::Affected);
    }
}
