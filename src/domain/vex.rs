//! VEX: what those who build a product say of a vulnerability in it.
//!
//! After OpenVEX 0.2: <https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md>

use jiff::Timestamp;

use super::{Digest, Finding, PackagePattern, Repository};

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

/// The image that statements may name: `pkg:oci/app@sha256:…?repository_url=registry.example.com/dev/app`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VexSubject<'a> {
    /// Its digest.
    pub digest: &'a Digest,
    /// Every repository that it may be in: it is the same image in each environment.
    pub repositories: &'a [Repository],
}

impl VexStatement {
    /// Whether it speaks of `finding` in the image `subject`.
    pub fn is_about(&self, finding: &Finding, subject: &VexSubject<'_>) -> bool {
        self.vulnerabilities.iter().any(|id| finding.is_called(id))
            && self.products.iter().any(|product| product.has(finding, subject))
    }
}

impl VexProduct {
    fn has(&self, finding: &Finding, subject: &VexSubject<'_>) -> bool {
        let is = |pattern: &PackagePattern| finding.purl.as_deref().is_some_and(|purl| pattern.matches(purl));
        if is(&self.product) {
            return true;
        }
        self.is_image(subject) && (self.subcomponents.is_empty() || self.subcomponents.iter().any(is))
    }

    /// Whether the product is the image: its name is the last part of a repository, and its digest and its repository,
    /// where it gives them, are those of the image.
    fn is_image(&self, subject: &VexSubject<'_>) -> bool {
        if self.product.kind() != "oci" {
            return false;
        }
        let name = self.product.name();
        let url = self.product.qualifier("repository_url");
        let of_this_digest = self
            .product
            .version()
            .is_none_or(|version| version == subject.digest.to_string());
        of_this_digest
            && subject.repositories.iter().any(|repository| {
                let path = repository.to_string();
                path.rsplit('/').next() == Some(name) && url.is_none_or(|url| url == path)
            })
    }
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
    use crate::domain::Severity;

    fn finding() -> Finding {
        Finding {
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
            repositories: &repositories,
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
            repositories: &[],
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
