//! Package URLs, and the patterns by which waivers and VEX documents name packages.
//!
//! <https://github.com/package-url/purl-spec>

use std::fmt;
use std::str::FromStr;

use packageurl::PackageUrl;

/// A package URL as a pattern: what it leaves out (the version, a qualifier, the namespace's distribution) may be anything.
/// `pkg:apk/alpine/libcrypto3` names the package in every version, `pkg:apk/alpine/libcrypto3@3.3.1-r0` in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackagePattern(PackageUrl<'static>);

/// Why a text is no package URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a package URL such as `pkg:apk/alpine/libcrypto3`: {why}")]
pub struct PackagePatternError {
    text: String,
    why: String,
}

impl PackagePattern {
    /// Whether `purl`, as a scanner wrote it, is a package of this pattern. What is no package URL is none.
    pub fn matches(&self, purl: &str) -> bool {
        PackageUrl::from_str(purl).is_ok_and(|package| self.covers(&package))
    }

    fn covers(&self, package: &PackageUrl<'_>) -> bool {
        let pattern = &self.0;
        pattern.ty() == package.ty()
            && pattern.name() == package.name()
            && pattern.namespace() == package.namespace()
            && pattern
                .version()
                .is_none_or(|version| package.version() == Some(version))
            && pattern
                .qualifiers()
                .iter()
                .all(|(key, value)| package.qualifiers().get(key) == Some(value))
            && pattern
                .subpath()
                .is_none_or(|subpath| package.subpath() == Some(subpath))
    }

    /// The kind of package: `apk`, `deb`, `npm`, `oci`.
    pub fn kind(&self) -> &str {
        self.0.ty()
    }

    /// The name without namespace and version.
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// The version, if the pattern names one.
    pub fn version(&self) -> Option<&str> {
        self.0.version()
    }

    /// Whether the pattern names a part of the package.
    pub fn has_subpath(&self) -> bool {
        self.0.subpath().is_some()
    }

    /// All qualifiers.
    pub fn qualifiers(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.0.qualifiers().iter();
        all.map(|(key, value)| (key.as_ref(), value.as_ref()))
    }

    /// A qualifier, such as `repository_url`.
    pub fn qualifier(&self, key: &str) -> Option<&str> {
        self.0.qualifiers().get(key).map(AsRef::as_ref)
    }
}

impl FromStr for PackagePattern {
    type Err = PackagePatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |why: String| PackagePatternError {
            text: super::clean_line(text),
            why: super::clean_line(&why),
        };
        let url = PackageUrl::from_str(text).map_err(|error| wrong(error.to_string()))?;
        Ok(Self(url))
    }
}

impl fmt::Display for PackagePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A part of it may hold whatever a document says, which is not all encoded.
        f.pad(&super::clean_line(&self.0.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> PackagePattern {
        text.parse().unwrap()
    }

    #[test]
    fn what_a_pattern_leaves_out_may_be_anything() {
        let installed = "pkg:apk/alpine/libcrypto3@3.3.1-r0?arch=x86_64&distro=3.20.3";
        for fits in [
            "pkg:apk/alpine/libcrypto3",
            "pkg:apk/alpine/libcrypto3@3.3.1-r0",
            "pkg:apk/alpine/libcrypto3?distro=3.20.3",
        ] {
            assert!(pattern(fits).matches(installed), "{fits}");
        }
        for other in [
            "pkg:apk/alpine/libcrypto3@3.3.1-r1",
            "pkg:apk/alpine/libcrypto",
            "pkg:apk/wolfi/libcrypto3",
            "pkg:deb/alpine/libcrypto3",
            "pkg:apk/alpine/libcrypto3?arch=aarch64",
        ] {
            assert!(!pattern(other).matches(installed), "{other}");
        }
        assert!(!pattern("pkg:apk/alpine/libcrypto3").matches("libcrypto3"));
    }

    #[test]
    fn a_bare_name_is_no_package_url() {
        let error = "openssl".parse::<PackagePattern>().unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("`openssl` is not a package URL such as"),
            "{error}"
        );
    }
}
