//! The packages that an SBOM lists.

use std::collections::BTreeSet;
use std::str::FromStr as _;

use packageurl::PackageUrl;
use serde::Deserialize;

use super::SbomFormat;
use super::json::or_default;
use crate::domain::{Clean, InstalledPackage, OPERATING_SYSTEM, clean_line};

/// More packages than any image has.
const MOST_PACKAGES: usize = 200_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CycloneDx {
    bom_format: String,
    #[serde(default, deserialize_with = "or_default")]
    components: Vec<Component>,
}

#[derive(Deserialize)]
struct Component {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, deserialize_with = "or_default")]
    group: String,
    name: String,
    #[serde(default, deserialize_with = "or_default")]
    version: String,
    #[serde(default, deserialize_with = "or_default")]
    purl: String,
    #[serde(default, deserialize_with = "or_default")]
    components: Vec<Component>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spdx {
    spdx_version: String,
    #[serde(default, deserialize_with = "or_default")]
    packages: Vec<SpdxPackage>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SpdxPackage {
    name: String,
    #[serde(default, deserialize_with = "or_default")]
    version_info: String,
    #[serde(default, deserialize_with = "or_default")]
    primary_package_purpose: String,
    #[serde(default, deserialize_with = "or_default")]
    external_refs: Vec<ExternalRef>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExternalRef {
    reference_type: String,
    reference_locator: String,
}

impl SbomFormat {
    /// The packages that a document of this format lists: what is installed, and the operating system. Files, containers
    /// and whatever else is listed are none. The error says what is wrong with it.
    pub(super) fn packages(self, bytes: &[u8]) -> Result<BTreeSet<InstalledPackage>, String> {
        let wrong =
            |error: serde_json::Error| clean_line(&format!("not a {} document: {error}", self.title()));
        let mut found = BTreeSet::new();
        match self {
            Self::CycloneDx => {
                let document: CycloneDx = serde_json::from_slice(bytes).map_err(wrong)?;
                if document.bom_format != "CycloneDX" {
                    return Err(format!("its bomFormat is `{}`", clean_line(&document.bom_format)));
                }
                collect(&document.components, &mut found)?;
            }
            Self::Spdx => {
                let document: Spdx = serde_json::from_slice(bytes).map_err(wrong)?;
                if !document.spdx_version.starts_with("SPDX-2.") {
                    return Err(format!("its version is `{}`", clean_line(&document.spdx_version)));
                }
                for package in &document.packages {
                    add(package.package(), &mut found)?;
                }
            }
        }
        Ok(found)
    }
}

fn collect(components: &[Component], found: &mut BTreeSet<InstalledPackage>) -> Result<(), String> {
    for component in components {
        add(component.package(), found)?;
        collect(&component.components, found)?;
    }
    Ok(())
}

fn add(package: Option<InstalledPackage>, found: &mut BTreeSet<InstalledPackage>) -> Result<(), String> {
    found.extend(package);
    if found.len() > MOST_PACKAGES {
        return Err(format!("it lists more than {MOST_PACKAGES} packages"));
    }
    Ok(())
}

impl Component {
    fn package(&self) -> Option<InstalledPackage> {
        let kind = kind_of(&self.purl);
        let name = match (self.group.is_empty(), kind.as_deref()) {
            (true, _) => self.name.clone(),
            (false, Some("maven")) => format!("{}:{}", self.group, self.name),
            (false, _) => format!("{}/{}", self.group, self.name),
        };
        match self.kind.as_str() {
            "operating-system" => package(OPERATING_SYSTEM, &name, &self.version),
            "library" | "framework" => package(&kind.unwrap_or_default(), &name, &self.version),
            // A program that was found as a package; what has no package URL is only the file that others were found in.
            "application" => package(&kind?, &name, &self.version),
            _ => None,
        }
    }
}

impl SpdxPackage {
    fn package(&self) -> Option<InstalledPackage> {
        let purl = self.external_refs.iter().find(|one| one.reference_type == "purl");
        let kind = purl.and_then(|purl| kind_of(&purl.reference_locator));
        match self.primary_package_purpose.as_str() {
            "OPERATING-SYSTEM" => package(OPERATING_SYSTEM, &self.name, &self.version_info),
            "CONTAINER" | "FILE" | "SOURCE" | "ARCHIVE" | "DEVICE" | "FIRMWARE" => None,
            // The image itself has a package URL of its own.
            _ => package(
                &kind.filter(|kind| kind != "oci")?,
                &self.name,
                &self.version_info,
            ),
        }
    }
}

fn kind_of(purl: &str) -> Option<String> {
    Some(PackageUrl::from_str(purl).ok()?.ty().to_owned())
}

/// A package, unless it has no name or no version to compare.
fn package(kind: &str, name: &str, version: &str) -> Option<InstalledPackage> {
    let package = InstalledPackage {
        kind: Clean::line(kind),
        name: Clean::line(name),
        version: Clean::line(version),
    };
    (!package.name.as_str().is_empty() && !package.version.as_str().is_empty()).then_some(package)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(format: SbomFormat, text: &str) -> Vec<String> {
        let packages = format.packages(text.as_bytes()).unwrap();
        packages
            .iter()
            .map(|p| format!("{} {} {}", p.kind, p.name, p.version))
            .collect()
    }

    #[test]
    fn reads_the_packages_of_both_formats() {
        let cyclonedx = r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
            {"type": "operating-system", "name": "alpine", "version": "3.20.3"},
            {"type": "library", "name": "musl", "version": "1.2.5-r0", "purl": "pkg:apk/alpine/musl@1.2.5-r0?arch=x"},
            {"type": "library", "group": "@babel", "name": "core", "version": "7.0.0", "purl": "pkg:npm/%40babel/core@7.0.0"},
            {"type": "library", "group": "org.slf4j", "name": "slf4j-api", "version": "2.0.1",
                "purl": "pkg:maven/org.slf4j/slf4j-api@2.0.1"},
            {"type": "application", "name": "app/package-lock.json", "components": [
                {"type": "library", "name": "na\u001b[31mmed", "version": "1"}]},
            {"type": "file", "name": "/bin/sh", "version": "1"},
            {"type": "something-new", "name": "x", "version": "1"},
            {"type": "library", "name": "of no version"}]}"#;
        assert_eq!(
            words(SbomFormat::CycloneDx, cyclonedx),
            [
                " named 1",
                "apk musl 1.2.5-r0",
                "maven org.slf4j:slf4j-api 2.0.1",
                "npm @babel/core 7.0.0",
                "os alpine 3.20.3",
            ]
        );
        let spdx = r#"{"spdxVersion": "SPDX-2.3", "packages": [
            {"name": "alpine", "versionInfo": "3.20.3", "primaryPackagePurpose": "OPERATING-SYSTEM"},
            {"name": "app", "primaryPackagePurpose": "CONTAINER", "externalRefs": [
                {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:oci/app@sha256%3Aa"}]},
            {"name": "musl", "versionInfo": "1.2.5-r0", "primaryPackagePurpose": "LIBRARY", "externalRefs": [
                {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                    "referenceLocator": "pkg:apk/alpine/musl@1.2.5-r0"}]}]}"#;
        assert_eq!(
            words(SbomFormat::Spdx, spdx),
            ["apk musl 1.2.5-r0", "os alpine 3.20.3"]
        );
    }

    #[test]
    fn rubbish_is_no_empty_list() {
        for (format, text) in [
            (SbomFormat::CycloneDx, "{}"),
            (SbomFormat::CycloneDx, r#"{"bomFormat": "SPDX"}"#),
            (
                SbomFormat::CycloneDx,
                r#"{"bomFormat": "CycloneDX", "components": [{}]}"#,
            ),
            (
                SbomFormat::CycloneDx,
                r#"{"bomFormat": "CycloneDX", "components": {}}"#,
            ),
            (SbomFormat::Spdx, r#"{"spdxVersion": "SPDX-3.0"}"#),
            (
                SbomFormat::Spdx,
                r#"{"spdxVersion": "SPDX-2.3", "packages": [1]}"#,
            ),
            (SbomFormat::Spdx, "<html>"),
        ] {
            assert!(format.packages(text.as_bytes()).is_err(), "{text}");
        }
        let deep = format!(
            "{}{}",
            r#"{"bomFormat":"CycloneDX","components":["#,
            r#"{"type":"library","name":"a","components":["#.repeat(10_000)
        );
        assert!(SbomFormat::CycloneDx.packages(deep.as_bytes()).is_err());
    }
}
