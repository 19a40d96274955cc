//! What is said of evidence that is filtered, of another kind, or decided about.

use super::tests::{evidence, finding, judge, policy, unknown, verdict, waiver};
use super::*;
use crate::domain::{
    Digest, Inventory, Limits, Rule, RunnableImage, ScanEvidence, ScanPolicy, ScannerFilter, Severity,
    VexProduct, VexStatus,
};

#[test]
fn what_a_scanner_was_told_to_leave_out_is_doubt_unless_it_is_accepted() {
    let mut filtered = evidence(vec![]);
    filtered.reports[0].filters = vec![ScannerFilter::Other("some files".into())];
    assert!(unknown(&filtered).starts_with("the scan of linux/amd64 excluded some files"));
    let tolerant = ScanPolicy {
        filtered: Rule::Allow,
        ..policy()
    };
    let judgement = judge(&tolerant, &filtered, &[], &[]);
    assert!(judgement.verdict.allows());
    assert_eq!(judgement.notes, ["the scan excluded some files"]);
    // What the policy asks nothing of may be left out.
    filtered.reports[0].filters = vec![ScannerFilter::Unfixed];
    assert!(verdict(&policy(), &filtered).allows());
    let strict = ScanPolicy {
        fixable_only: false,
        ..policy()
    };
    assert_eq!(verdict(&strict, &filtered).word(), "unknown");
}

#[test]
fn an_image_of_which_nothing_was_examined_is_never_called_clean() {
    let mut empty = evidence(vec![]);
    empty.reports[0].inventory = Inventory::Unlisted("alpine 3.20.3".into());
    assert!(unknown(&empty).starts_with(
        "nothing was examined in linux/amd64: the scanner recognised alpine 3.20.3 but lists no packages"
    ));
    let tolerant = ScanPolicy {
        no_packages: Rule::Allow,
        ..policy()
    };
    let allowed = verdict(&tolerant, &empty);
    assert!(
        allowed.reason().starts_with("nothing was examined"),
        "{allowed:?}"
    );
    assert_eq!(empty.reports[0].words(), "nothing was examined");
}

#[test]
fn secrets_are_judged_as_vulnerabilities_are_unless_they_have_limits_of_their_own() {
    let secret = Finding {
        kind: FindingKind::Secret,
        id: "aws-access-key-id".into(),
        package: "/app/.env".into(),
        installed: "line 3".into(),
        fixed: None,
        ..finding(Severity::Critical, false)
    };
    let found = evidence(vec![secret]);
    let refused = verdict(&policy(), &found);
    assert_eq!(
        refused,
        Verdict::Refused("1 critical secret, 0 allowed: aws-access-key-id in /app/.env line 3".into())
    );
    let lenient = ScanPolicy {
        fail_on_secrets: Some(Limits {
            critical: Some(1),
            ..Limits::default()
        }),
        ..policy()
    };
    let allowed = verdict(&lenient, &found);
    assert!(
        allowed.allows()
            && allowed
                .reason()
                .starts_with("secrets: 1 critical, within the limits"),
        "{allowed:?}"
    );
}

#[test]
fn misconfigurations_and_licences_are_named_and_have_no_limit_unless_one_is_written() {
    let misconfiguration = Finding {
        kind: FindingKind::Misconfiguration,
        id: "DS-0002".into(),
        ..finding(Severity::High, false)
    };
    let found = evidence(vec![misconfiguration]);
    let allowed = verdict(&policy(), &found);
    assert!(
        allowed.reason().starts_with("misconfigurations: 1 high"),
        "{allowed:?}"
    );
    let strict = ScanPolicy {
        fail_on_misconfigurations: Limits {
            high: Some(0),
            ..Limits::default()
        },
        ..policy()
    };
    assert!(
        verdict(&strict, &found)
            .reason()
            .starts_with("1 high misconfiguration, 0 allowed")
    );
}

#[test]
fn an_undated_report_is_doubt_only_where_an_age_is_asked_for_and_never_loses_to_an_older_one() {
    let mut undated = evidence(vec![]);
    undated.reports[0].made = None;
    assert_eq!(unknown(&undated), "the report has no date");
    let any_age = ScanPolicy {
        max_age: None,
        ..policy()
    };
    assert!(verdict(&any_age, &undated).allows());
    let mut reports = evidence(vec![finding(Severity::Critical, true)]).reports;
    reports[0].made = None;
    reports.extend(evidence(vec![]).reports);
    let both = ScanEvidence::new(Digest::of(b"image"), evidence(vec![]).images, reports);
    assert_eq!(verdict(&any_age, &both).word(), "refused");
}

fn statement(product: &str, id: &str) -> VexStatement {
    VexStatement {
        vulnerabilities: vec![id.into()],
        products: vec![VexProduct {
            product: product.parse().unwrap(),
            subcomponents: Vec::new(),
        }],
        status: VexStatus::NotAffected,
        why: "vulnerable code not present".into(),
        made: None,
        document: "app.openvex.json".into(),
    }
}

#[test]
fn every_qualifier_that_a_vex_statement_gives_must_hold() {
    let found = evidence(vec![finding(Severity::Critical, true)]);
    let judged = |product: &str| judge(&policy(), &found, &[], &[statement(product, "CVE-2026-1")]);
    let image = Digest::of(b"image").to_string().replace(':', "%3A");
    for holds in [
        "pkg:oci/app",
        "pkg:oci/app?arch=amd64",
        "pkg:oci/app?repository_url=localhost:1/dev/app&arch=amd64",
        &format!("pkg:oci/app@{image}?arch=amd64"),
    ] {
        assert!(judged(holds).verdict.allows(), "{holds}");
    }
    for other in [
        "pkg:oci/app?repository_url=localhost:1/dev/app&arch=s390x",
        "pkg:oci/app?tag=1.0",
        "pkg:oci/app?os=linux",
        "pkg:oci/app#usr/bin",
    ] {
        let judgement = judged(other);
        assert_eq!(judgement.verdict.word(), "refused", "{other}");
        assert!(
            judgement.notes[0].starts_with("the VEX statement on CVE-2026-1 (pkg:oci/app"),
            "{:?}",
            judgement.notes
        );
    }
}

#[test]
fn a_decision_on_one_image_of_an_index_is_none_on_another() {
    let mut both = evidence(vec![finding(Severity::Critical, true)]);
    let arm64 = RunnableImage::new(Digest::of(b"arm64"), Some("linux/arm64".parse().unwrap()));
    let mut report = both.reports[0].clone();
    (report.image, report.platform) = (Some(arm64.digest.clone()), arm64.platform.clone());
    both.images.push(arm64);
    both.reports.push(report);
    let amd64_only = [statement("pkg:oci/app?arch=amd64", "CVE-2026-1")];
    assert_eq!(
        judge(&policy(), &both, &[], &amd64_only).verdict.word(),
        "refused"
    );
    both.reports[0].findings[0].purl = Some("pkg:apk/alpine/openssl@3.1.1?arch=x86_64".into());
    let waiver = Waiver {
        package: Some("pkg:apk/alpine/openssl?arch=x86_64".parse().unwrap()),
        ..waiver("2026-12-31")
    };
    assert_eq!(judge(&policy(), &both, &[waiver], &[]).verdict.word(), "refused");
}

#[test]
fn vex_statements_that_match_no_finding_are_named() {
    let found = evidence(vec![finding(Severity::Critical, true)]);
    let notes = |statements: &[VexStatement]| judge(&policy(), &found, &[], statements).notes;
    assert_eq!(
        notes(&[statement("pkg:apk/alpine/openssl", "GHSA-aaaa-bbbb-cccc")]),
        [
            "the VEX statement on GHSA-aaaa-bbbb-cccc (pkg:apk/alpine/openssl) in app.openvex.json matches no finding here"
        ]
    );
    let version = statement("pkg:apk/alpine/openssl@v3.1.1", "CVE-2026-1");
    assert_eq!(notes(&[version]).len(), 1);
    assert_eq!(
        notes(&[statement("pkg:apk/alpine/openssl@3.1.1", "CVE-2026-1")]),
        [""; 0]
    );
    assert_eq!(
        notes(&[statement("pkg:oci/another", "CVE-2026-1")]),
        [""; 0],
        "another service"
    );
}

#[test]
fn a_waiver_of_what_the_scanner_hid_is_told_of_in_one_true_sentence() {
    let mut found = evidence(vec![]);
    let hidden = (finding(Severity::Critical, true), ".trivyignore".to_owned());
    found.reports[0].hidden.push(hidden);
    let judgement = judge(&policy(), &found, &[waiver("2026-12-31")], &[]);
    assert!(judgement.verdict.allows(), "{judgement:?}");
    assert_eq!(
        judgement.notes,
        [
            "the scanner suppressed 1 finding, which a waiver or VEX statement accepts here as well: CVE-2026-1 in openssl 3.1.1 (fixed in 3.1.2) (.trivyignore)"
        ]
    );
    let open = judge(&policy(), &found, &[], &[]).notes;
    assert!(
        open[0].ends_with("(.trivyignore); a waiver would accept it"),
        "{open:?}"
    );
}
