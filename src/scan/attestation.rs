//! Reports as cosign's vulnerability attestations: the specification is `COSIGN_VULN_ATTESTATION_SPEC.md` of cosign.
//! Trivy's own (`--format cosign-vuln`) leaves invocation and database empty, and so says less than is known.

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::json::or_default;
use super::subject::Subject;
use super::{Report, ReportContext, ScanError};
use crate::domain::{Digest, Origin, ScanReport, SignatureForms, clean_line};
use crate::registry::{Descriptor, Reader, Writer};
use crate::sign::{self, NewStatement, Signer, TrustedSigner};

/// The type of the predicate.
pub const VULNERABILITIES: &str = "https://cosign.sigstore.dev/attestation/vuln/v1";

/// Who had the scan made.
#[derive(Debug, Clone, Serialize)]
pub struct Invocation {
    /// Where that can be read about: the page of a CI run, for instance.
    pub uri: String,
    /// The run in which it was made.
    pub event_id: String,
    /// The program that ran the scanner, with its version.
    #[serde(rename = "builder.id")]
    pub builder: String,
}

#[derive(Serialize)]
struct Predicate<'a> {
    invocation: Invoked<'a>,
    scanner: Scanner<'a>,
    metadata: Metadata,
}

#[derive(Serialize)]
struct Invoked<'a> {
    parameters: Parameters,
    #[serde(flatten)]
    by: &'a Invocation,
}

#[derive(Serialize)]
struct Parameters {
    #[serde(skip_serializing_if = "Option::is_none")]
    arguments: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<String>,
}

#[derive(Serialize)]
struct Scanner<'a> {
    uri: String,
    version: String,
    db: Database,
    result: &'a RawValue,
}

#[derive(Serialize)]
struct Database {
    uri: String,
    version: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    scan_started_on: Option<Timestamp>,
    scan_finished_on: Option<Timestamp>,
}

/// Signs that this report was found of `subject`, and attaches that.
pub async fn attest(
    writer: &Writer,
    subject: &Descriptor,
    bytes: &Bytes,
    context: &ReportContext,
    invocation: &Invocation,
    (signer, forms): (&Signer, SignatureForms),
) -> Result<Descriptor, ScanError> {
    let predicate = predicate(bytes, context, invocation).map_err(|why| ScanError::Malformed {
        what: "to attest".to_owned(),
        why,
    })?;
    let new = NewStatement {
        predicate_type: VULNERABILITIES,
        about: predicate
            .invocation
            .parameters
            .platform
            .clone()
            .unwrap_or_default(),
        // The same report is enough, whichever run attested it.
        statement: Some(Digest::of(bytes).to_string()),
        predicate,
    };
    Ok(sign::attest(writer, subject, new, signer, forms).await?)
}

fn predicate<'a>(
    bytes: &'a [u8],
    context: &ReportContext,
    invocation: &'a Invocation,
) -> Result<Predicate<'a>, String> {
    let report = Report::read(bytes)?;
    let result = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let scanner = report.scanner.or_else(|| context.scanner.clone());
    let (name, version) = scanner.as_deref().and_then(|name| name.split_once(' ')).unzip();
    let version = version.unwrap_or_default().to_owned();
    let finished = report.created.or(context.made);
    let platform = context.platform.clone().or(report.platform);
    Ok(Predicate {
        invocation: Invoked {
            parameters: Parameters {
                arguments: context.arguments.clone(),
                platform: platform.map(|platform| platform.to_string()),
            },
            by: invocation,
        },
        scanner: Scanner {
            uri: package_url(name.unwrap_or_default(), &version),
            version,
            db: Database {
                uri: context.database_source.clone().unwrap_or_default(),
                version: context
                    .database
                    .or(report.database)
                    .map(|at| at.to_string())
                    .unwrap_or_default(),
            },
            result,
        },
        metadata: Metadata {
            scan_started_on: context.started.or(finished),
            scan_finished_on: finished,
        },
    })
}

fn package_url(scanner: &str, version: &str) -> String {
    match scanner {
        "Trivy" => format!("pkg:github/aquasecurity/trivy@{version}"),
        "Grype" => format!("pkg:github/anchore/grype@{version}"),
        _ => String::new(),
    }
}

/// A predicate by anybody: the report in it, and what that may not say itself.
#[derive(Deserialize)]
struct Told {
    scanner: ToldScanner,
    #[serde(default, deserialize_with = "or_default")]
    metadata: ToldMetadata,
    #[serde(default, deserialize_with = "or_default")]
    invocation: ToldInvocation,
}

#[derive(Deserialize)]
struct ToldScanner {
    result: Box<RawValue>,
    #[serde(default, deserialize_with = "or_default")]
    db: ToldDatabase,
}

#[derive(Deserialize, Default)]
struct ToldDatabase {
    #[serde(default, deserialize_with = "or_default")]
    version: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct ToldMetadata {
    scan_finished_on: Option<String>,
}

/// What the parameters are is up to whoever writes them.
#[derive(Deserialize, Default)]
struct ToldInvocation {
    #[serde(default)]
    parameters: serde_json::Value,
}

/// What the attestations of an image say.
#[derive(Default)]
pub(super) struct Attested {
    /// The reports in them.
    pub reports: Vec<ScanReport>,
    /// What those that are of something else say they are of.
    pub strays: Vec<Digest>,
    /// Those whose report cannot be read, and why.
    pub unreadable: Vec<String>,
}

/// What the attestations attached to `digest` say. Where somebody is trusted, only what they signed counts.
pub(super) async fn attested(
    reader: &Reader,
    digest: &Digest,
    of: &Subject<'_>,
    trusted: Option<&TrustedSigner>,
) -> Result<Attested, ScanError> {
    let mut found = Attested::default();
    for attestation in sign::attestations(reader, digest, VULNERABILITIES, trusted).await? {
        if !attestation.subjects.iter().any(|subject| of.has(subject)) {
            found.strays.extend(attestation.subjects.into_iter().next());
            continue;
        }
        let (report, context) = match told(attestation.predicate.get()) {
            Ok(told) => told,
            Err(why) => {
                let what = attestation.referrer.short();
                found
                    .unreadable
                    .push(ScanError::Malformed { what, why }.to_string());
                continue;
            }
        };
        let named = match of.named(&report) {
            Ok(named) => named,
            Err(stray) => {
                found.strays.push(stray);
                continue;
            }
        };
        let by_subject: Vec<_> = attestation
            .subjects
            .iter()
            .filter_map(|one| of.image(one))
            .collect();
        let by_subject = match by_subject.as_slice() {
            [only] => Some(only.digest.clone()),
            _ => None,
        };
        let differ = by_subject
            .as_ref()
            .zip(named.image.as_ref())
            .is_some_and(|(one, other)| one != other);
        let flaw = differ.then(|| "an attestation and its report are for different images".to_owned());
        let context = ReportContext {
            image: by_subject.or(named.image),
            ..context
        };
        let mut report = report.into_evidence(&context, Origin::Attested);
        report.flaws.extend(named.flaw.or(flaw));
        found.reports.push(report);
    }
    Ok(found)
}

fn told(predicate: &str) -> Result<(Report, ReportContext), String> {
    let told: Told = serde_json::from_str(predicate)
        .map_err(|error| clean_line(&format!("not an attestation: {error}")))?;
    let report = Report::read(told.scanner.result.get().as_bytes())?;
    let parameter = |name: &str| told.invocation.parameters.get(name)?.as_str();
    let context = ReportContext {
        made: told.metadata.scan_finished_on.and_then(|text| text.parse().ok()),
        database: told.scanner.db.version.parse().ok(),
        platform: parameter("platform").and_then(|text| text.parse().ok()),
        arguments: parameter("arguments").map(clean_line),
        ..ReportContext::default()
    };
    Ok((report, context))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"{"SchemaVersion":2,"Trivy":{"Version":"0.74.0"},"ArtifactType":"container_image",
        "CreatedAt":"2026-11-23T08:00:05Z","Results":[]}"#;

    fn context() -> ReportContext {
        ReportContext {
            started: "2026-11-23T08:00:00Z".parse().ok(),
            database: "2026-11-23T06:00:00Z".parse().ok(),
            database_source: Some("registry.example.com/trivy-db:2".to_owned()),
            platform: "linux/arm64".parse().ok(),
            arguments: Some("--offline-scan".to_owned()),
            ..ReportContext::default()
        }
    }

    #[test]
    fn what_trivy_leaves_empty_is_filled_in() {
        let invocation = Invocation {
            uri: "https://ci.example.com/7".to_owned(),
            event_id: "run-7".to_owned(),
            builder: "windlass/1.0.0".to_owned(),
        };
        let predicate = predicate(REPORT.as_bytes(), &context(), &invocation).unwrap();
        let mut predicate = serde_json::to_value(&predicate).unwrap();
        let result = predicate["scanner"]["result"].take();
        assert_eq!(result, serde_json::from_str::<serde_json::Value>(REPORT).unwrap());
        assert_eq!(
            predicate,
            serde_json::json!({
                "invocation": {
                    "parameters": {"arguments": "--offline-scan", "platform": "linux/arm64"},
                    "uri": "https://ci.example.com/7", "event_id": "run-7", "builder.id": "windlass/1.0.0",
                },
                "scanner": {
                    "uri": "pkg:github/aquasecurity/trivy@0.74.0", "version": "0.74.0",
                    "db": {"uri": "registry.example.com/trivy-db:2", "version": "2026-11-23T06:00:00Z"},
                    "result": null,
                },
                "metadata": {
                    "scanStartedOn": "2026-11-23T08:00:00Z", "scanFinishedOn": "2026-11-23T08:00:05Z",
                },
            })
        );
    }

    #[test]
    fn what_others_leave_out_of_it_is_unknown_and_no_error() {
        let (report, context) = told(&format!(r#"{{"scanner":{{"result":{REPORT}}}}}"#)).unwrap();
        assert_eq!(report.scanner.as_deref(), Some("Trivy 0.74.0"));
        assert_eq!((context.made, context.database), (None, None));
        assert!(told("{}").is_err());
        assert!(told(r#"{"scanner":{"result":{}}}"#).is_err());
    }
}
