//! OpenVEX documents into statements.
//!
//! After OpenVEX 0.2: <https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md>

use std::path::Path;

use jiff::Timestamp;
use serde::Deserialize;

use super::ScanError;
use super::json::or_default;
use crate::domain::{PackagePattern, VexProduct, VexStatement, VexStatus, clean_line};

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "@context")]
    context: String,
    timestamp: Option<Timestamp>,
    statements: Vec<Statement>,
}

#[derive(Deserialize)]
struct Statement {
    vulnerability: Vulnerability,
    timestamp: Option<Timestamp>,
    #[serde(default, deserialize_with = "or_default")]
    products: Vec<Product>,
    status: Status,
    justification: Option<String>,
    #[serde(rename = "impact_statement")]
    impact: Option<String>,
}

/// An object since OpenVEX 0.2, a bare name before.
#[derive(Deserialize)]
#[serde(untagged)]
enum Vulnerability {
    Bare(String),
    Named {
        #[serde(rename = "@id")]
        id: Option<String>,
        name: Option<String>,
        #[serde(default, deserialize_with = "or_default")]
        aliases: Vec<String>,
    },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Product {
    Bare(String),
    Component {
        #[serde(rename = "@id")]
        id: Option<String>,
        identifiers: Option<Identifiers>,
        #[serde(default, deserialize_with = "or_default")]
        subcomponents: Vec<Product>,
    },
}

#[derive(Deserialize)]
struct Identifiers {
    purl: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    NotAffected,
    Affected,
    Fixed,
    UnderInvestigation,
}

/// Reads the statements of the OpenVEX document at `path`.
///
/// # Errors
/// When the file cannot be read, is no OpenVEX document, or has a statement that nothing could ever match: one that
/// clears a vulnerability without a reason, or names its product by anything but a package URL.
pub fn openvex(path: &Path) -> Result<Vec<VexStatement>, ScanError> {
    let bytes = super::read_file(path)?;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    parse(&bytes, &clean_line(&name)).map_err(|why| ScanError::Malformed {
        what: clean_line(&path.to_string_lossy()),
        why,
    })
}

fn parse(bytes: &[u8], name: &str) -> Result<Vec<VexStatement>, String> {
    let document: Document =
        serde_json::from_slice(bytes).map_err(|error| format!("not an OpenVEX document: {error}"))?;
    if !document.context.starts_with("https://openvex.dev/ns") {
        return Err(format!(
            "not an OpenVEX document but `{}`",
            clean_line(&document.context)
        ));
    }
    let statements = document.statements.into_iter().enumerate();
    statements
        .map(|(nth, statement)| {
            statement
                .read(document.timestamp, name)
                .map_err(|why| format!("statement {}: {why}", nth + 1))
        })
        .collect()
}

impl Statement {
    fn read(self, made: Option<Timestamp>, document: &str) -> Result<VexStatement, String> {
        let status = match self.status {
            Status::NotAffected => VexStatus::NotAffected,
            Status::Affected => VexStatus::Affected,
            Status::Fixed => VexStatus::Fixed,
            Status::UnderInvestigation => VexStatus::UnderInvestigation,
        };
        let justification = self.justification.map(|word| clean_line(&word).replace('_', " "));
        let impact = self.impact.map(|text| clean_line(&text));
        let why: Vec<_> = justification.into_iter().chain(impact).collect();
        if status == VexStatus::NotAffected && why.is_empty() {
            return Err("`not_affected` requires a justification or an impact statement".to_owned());
        }
        if self.products.is_empty() {
            return Err("it names no product".to_owned());
        }
        Ok(VexStatement {
            vulnerabilities: self.vulnerability.names()?,
            products: self
                .products
                .into_iter()
                .map(Product::read)
                .collect::<Result<_, _>>()?,
            status,
            why: why.join(", "),
            made: self.timestamp.or(made),
            document: document.to_owned(),
        })
    }
}

impl Vulnerability {
    fn names(self) -> Result<Vec<String>, String> {
        let names: Vec<_> = match self {
            Self::Bare(name) => vec![name],
            Self::Named { id, name, aliases } => name.or(id).into_iter().chain(aliases).collect(),
        };
        if names.is_empty() {
            return Err("its vulnerability has no name".to_owned());
        }
        Ok(names.iter().map(|name| clean_line(name)).collect())
    }
}

impl Product {
    fn read(self) -> Result<VexProduct, String> {
        match self {
            Self::Bare(id) => Ok(VexProduct {
                product: pattern(&id)?,
                subcomponents: Vec::new(),
            }),
            Self::Component {
                id,
                identifiers,
                subcomponents,
            } => {
                let purl = identifiers
                    .and_then(|all| all.purl)
                    .or(id)
                    .ok_or("a product has no name")?;
                let subcomponents = subcomponents.into_iter().map(|part| Ok(part.read()?.product));
                Ok(VexProduct {
                    product: pattern(&purl)?,
                    subcomponents: subcomponents.collect::<Result<_, String>>()?,
                })
            }
        }
    }
}

fn pattern(purl: &str) -> Result<PackagePattern, String> {
    purl.parse()
        .map_err(|error: crate::domain::PackagePatternError| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(statement: &str) -> String {
        format!(
            r#"{{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/vex", "author": "Ana",
            "timestamp": "2026-11-20T00:00:00Z", "version": 1, "statements": [{statement}]}}"#
        )
    }

    const STATEMENT: &str = r#"{
        "vulnerability": {"name": "CVE-2026-1", "aliases": ["GHSA-1"]},
        "products": [{"@id": "pkg:oci/app", "subcomponents": [{"@id": "pkg:apk/alpine/openssl"}]}],
        "status": "not_affected", "justification": "vulnerable_code_not_in_execute_path"
    }"#;

    #[test]
    fn reads_a_statement_on_a_package_of_an_image() {
        let statements = parse(document(STATEMENT).as_bytes(), "app.openvex.json").unwrap();
        let [statement] = &statements[..] else {
            panic!("{statements:?}")
        };
        assert_eq!(statement.vulnerabilities, ["CVE-2026-1", "GHSA-1"]);
        assert_eq!(statement.status, VexStatus::NotAffected);
        assert_eq!(statement.why, "vulnerable code not in execute path");
        assert_eq!(statement.products[0].product.to_string(), "pkg:oci/app");
        assert_eq!(statement.products[0].subcomponents.len(), 1);
        assert_eq!(statement.made, Some("2026-11-20T00:00:00Z".parse().unwrap()));
    }

    #[test]
    fn reads_the_older_form_with_bare_names() {
        let bare =
            r#"{"vulnerability": "CVE-2026-1", "products": ["pkg:apk/alpine/openssl"], "status": "fixed"}"#;
        let statements = parse(document(bare).as_bytes(), "x").unwrap();
        assert_eq!(statements[0].vulnerabilities, ["CVE-2026-1"]);
    }

    #[test]
    fn what_could_never_match_or_gives_no_reason_is_refused() {
        for (bad, why) in [
            ("<html>".to_owned(), "not an OpenVEX document"),
            (
                document(STATEMENT).replace("openvex.dev", "example.com"),
                "but `https://example.com",
            ),
            (
                document(&STATEMENT.replace("justification", "other")),
                "requires a justification",
            ),
            (
                document(&STATEMENT.replace("pkg:oci/app", "app")),
                "statement 1: `app` is not a package URL",
            ),
            (
                document(&STATEMENT.replace("not_affected", "fine")),
                "not an OpenVEX document",
            ),
        ] {
            let error = parse(bad.as_bytes(), "x").unwrap_err();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }
}
