//! What a gate makes of evidence.

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::domain::{
    Digest, Inventory, LeftOut, Limits, Origin, Rule, RunnableImage, ScanEvidence, ScanPolicy, ScanReport,
    Severity, VexProduct, VexStatus,
};

fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

pub(super) fn finding(severity: Severity, fixed: bool) -> Finding {
    Finding {
        kind: FindingKind::Vulnerability,
        id: "CVE-2026-1".into(),
        aliases: Vec::new(),
        severity,
        package: "openssl".into(),
        purl: Some("pkg:apk/alpine/openssl@3.1.1".into()),
        installed: "3.1.1".into(),
        fixed: fixed.then(|| "3.1.2".into()),
        title: String::new(),
        url: None,
    }
}

pub(super) fn evidence(findings: Vec<Finding>) -> ScanEvidence {
    let platform: Platform = "linux/amd64".parse().unwrap();
    ScanEvidence::new(
        Digest::of(b"image"),
        vec![RunnableImage::new(Digest::of(b"image"), Some(platform.clone()))],
        vec![ScanReport {
            image: Some(Digest::of(b"image")),
            platform: Some(platform),
            os_version: None,
            made: Some("2026-11-23T09:00:00Z".parse().unwrap()),
            findings,
            database: Some("2026-11-23T06:00:00Z".parse().unwrap()),
            scanner: None,
            origin: Origin::Attached,
            end_of_life: None,
            inventory: Inventory::Something,
            hidden: Vec::new(),
            filters: Vec::new(),
            flaws: Vec::new(),
        }],
    )
}

pub(super) fn policy() -> ScanPolicy {
    ScanPolicy {
        fail_on: Limits {
            critical: Some(0),
            high: Some(0),
            ..Limits::default()
        },
        fixable_only: true,
        max_age: Some(SignedDuration::from_hours(24)),
        ..ScanPolicy::default()
    }
}

pub(super) fn judge(
    policy: &ScanPolicy,
    evidence: &ScanEvidence,
    waivers: &[Waiver],
    vex: &[VexStatement],
) -> Judgement {
    let exceptions = Exceptions {
        environment: &"stage".parse().unwrap(),
        waivers,
        vex,
        exploited: &BTreeSet::new(),
        repositories: &["localhost:1/dev/app".parse().unwrap()],
        tags: &[],
    };
    policy.judge(evidence, &exceptions, now())
}

pub(super) fn verdict(policy: &ScanPolicy, evidence: &ScanEvidence) -> Verdict {
    judge(policy, evidence, &[], &[]).verdict
}

pub(super) fn unknown(evidence: &ScanEvidence) -> String {
    match verdict(&policy(), evidence) {
        Verdict::Unknown(reason) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_clean_report_of_today_is_allowed() {
    assert_eq!(
        verdict(&policy(), &evidence(vec![])),
        Verdict::Allowed("clean; the report is 3h old".into())
    );
}

#[test]
fn a_refusal_names_the_finding_and_its_fix() {
    assert_eq!(
        verdict(&policy(), &evidence(vec![finding(Severity::Critical, true)])),
        Verdict::Refused(
            "1 critical finding with a fix, 0 allowed: CVE-2026-1 in openssl 3.1.1 (fixed in 3.1.2)".into()
        )
    );
}

#[test]
fn a_refusal_names_a_few_findings_and_counts_the_rest() {
    let many = (0..5).map(|n| Finding {
        id: format!("CVE-2026-{n}"),
        ..finding(Severity::High, true)
    });
    let verdict = verdict(&policy(), &evidence(many.collect()));
    assert!(
        verdict
            .reason()
            .starts_with("5 high findings with a fix, 0 allowed: CVE-2026-0 in")
    );
    assert!(
        verdict
            .reason()
            .ends_with("CVE-2026-2 in openssl 3.1.1 (fixed in 3.1.2) and 2 more")
    );
}

#[test]
fn what_has_no_fix_counts_unless_only_fixable_findings_do() {
    let open = evidence(vec![finding(Severity::Critical, false)]);
    assert_eq!(
        verdict(&policy(), &open),
        Verdict::Allowed("1 critical, within the limits; the report is 3h old".into())
    );
    let strict = ScanPolicy {
        fixable_only: false,
        ..policy()
    };
    assert!(
        verdict(&strict, &open)
            .reason()
            .ends_with("openssl 3.1.1 (no fix yet)")
    );
}

#[test]
fn one_finding_on_two_platforms_counts_once_and_by_its_graver_side() {
    let mut both = evidence(vec![finding(Severity::Low, false)]);
    both.reports.push(both.reports[0].clone());
    both.reports[1].findings = vec![finding(Severity::High, true)];
    let one_high = |limit| ScanPolicy {
        fail_on: Limits {
            high: Some(limit),
            low: Some(0),
            ..Limits::default()
        },
        fixable_only: false,
        ..policy()
    };
    assert!(verdict(&one_high(1), &both).allows());
    assert!(!verdict(&one_high(0), &both).allows());
    assert!(
        !verdict(&policy(), &both).allows(),
        "the fix is known on one platform"
    );
}

#[test]
fn nothing_is_assumed_without_a_report_of_this_digest() {
    let mut none = evidence(vec![]);
    none.reports.clear();
    assert!(unknown(&none).starts_with("no scan report is attached"));
    none.strays.push(Digest::of(b"another"));
    assert!(unknown(&none).starts_with("the attached scan report is for another digest, sha256:"));
}

/// Another image beside that of the evidence, which no report covers.
fn image(platform: &str) -> RunnableImage {
    RunnableImage::new(Digest::of(platform.as_bytes()), Some(platform.parse().unwrap()))
}

#[test]
fn every_image_needs_a_report() {
    let mut half = evidence(vec![]);
    half.images.push(image("linux/arm64"));
    assert_eq!(unknown(&half), "no scan report covers linux/arm64");
    half.reports[0].image = None;
    assert!(unknown(&half).starts_with("no scan report covers linux/amd64, linux/arm64"));
}

#[test]
fn an_index_without_anything_to_run_is_covered_by_nothing() {
    let mut empty = evidence(vec![]);
    empty.images.clear();
    assert!(unknown(&empty).starts_with("this index contains no runnable image"));
}

#[test]
fn a_report_without_an_age_or_from_the_future_proves_nothing() {
    let mut undated = evidence(vec![]);
    undated.reports[0].made = None;
    assert_eq!(unknown(&undated), "the report has no date");
    undated.reports[0].made = Some("2099-01-01T00:00:00Z".parse().unwrap());
    assert!(unknown(&undated).contains("has a date in the future, 2099"));
    undated.reports[0].made = Some("2026-11-23T12:01:00Z".parse().unwrap());
    assert!(verdict(&policy(), &undated).allows(), "clocks differ a little");
}

#[test]
fn a_stale_report_proves_nothing_but_what_it_found_still_counts() {
    let stale = "the report is 3d old; at most 24h is allowed: scan again";
    let mut old = evidence(vec![]);
    old.reports[0].made = Some("2026-11-20T09:00:00Z".parse().unwrap());
    assert_eq!(unknown(&old), stale);
    old.reports[0].findings = vec![finding(Severity::Critical, true)];
    let verdict = verdict(&policy(), &old);
    assert_eq!(verdict.word(), "refused");
    assert!(verdict.reason().ends_with(stale), "{verdict:?}");
}

pub(super) fn waiver(expires: &str) -> Waiver {
    Waiver {
        id: "CVE-2026-1".into(),
        package: Some("pkg:apk/alpine/openssl".parse().unwrap()),
        reason: "not reachable from outside".into(),
        owner: "ana".into(),
        expires: expires.parse().unwrap(),
        environments: Vec::new(),
    }
}

#[test]
fn a_waived_finding_does_not_count_and_stays_in_sight() {
    let found = evidence(vec![finding(Severity::Critical, true)]);
    let judgement = judge(&policy(), &found, &[waiver("2026-12-31")], &[]);
    assert_eq!(
        judgement.verdict,
        Verdict::Allowed("clean, 1 waived; the report is 3h old".into())
    );
    let Standing::Suppressed { by } = &judgement.findings[0].standing else {
        panic!("{judgement:?}")
    };
    assert_eq!(
        by.words(),
        "waived by ana until 2026-12-31: not reachable from outside"
    );
    assert_eq!(judgement.notes, [""; 0]);
}

#[test]
fn an_expired_waiver_is_named_where_the_gate_refuses() {
    let found = evidence(vec![finding(Severity::Critical, true)]);
    let judgement = judge(&policy(), &found, &[waiver("2026-11-01")], &[]);
    assert!(
        judgement
            .verdict
            .reason()
            .ends_with("(fixed in 3.1.2), whose waiver expired on 2026-11-01"),
        "{:?}",
        judgement.verdict
    );
    assert_eq!(
        judgement.notes,
        [
            "the waiver of CVE-2026-1 in pkg:apk/alpine/openssl by ana expired on 2026-11-01; fix the vulnerability or renew the waiver"
        ]
    );
}

#[test]
fn a_waiver_that_meets_nothing_is_told_of_where_it_holds() {
    let clean = evidence(vec![]);
    let notes = |waiver: Waiver| judge(&policy(), &clean, &[waiver], &[]).notes;
    assert_eq!(
        notes(waiver("2026-12-31")),
        ["the waiver of CVE-2026-1 in pkg:apk/alpine/openssl by ana matches no finding here"]
    );
    assert!(notes(waiver("2026-11-01"))[0].ends_with("is no longer needed; remove it"));
    let elsewhere = Waiver {
        environments: vec!["prod".parse().unwrap()],
        ..waiver("2026-12-31")
    };
    assert_eq!(notes(elsewhere), [""; 0]);
}

#[test]
fn a_vex_statement_clears_a_finding_unless_it_says_that_it_does_harm() {
    let found = evidence(vec![finding(Severity::Critical, true)]);
    let statement = |status| VexStatement {
        vulnerabilities: vec!["CVE-2026-1".into()],
        products: vec![VexProduct {
            product: "pkg:oci/app".parse().unwrap(),
            subcomponents: vec!["pkg:apk/alpine/openssl".parse().unwrap()],
        }],
        status,
        why: "vulnerable code not in execute path".into(),
        made: None,
        document: "app.openvex.json".into(),
    };
    let judgement = judge(&policy(), &found, &[], &[statement(VexStatus::NotAffected)]);
    assert!(judgement.verdict.allows(), "{judgement:?}");
    let Standing::Suppressed { by } = &judgement.findings[0].standing else {
        panic!("{judgement:?}")
    };
    assert_eq!(
        by.words(),
        "not affected, says app.openvex.json: vulnerable code not in execute path"
    );
    assert!(
        !judge(
            &policy(),
            &found,
            &[],
            &[statement(VexStatus::UnderInvestigation)]
        )
        .verdict
        .allows()
    );
}

#[test]
fn what_is_known_to_be_exploited_is_refused_whatever_the_limits() {
    let found = evidence(vec![finding(Severity::Low, false)]);
    let judged = |waivers: &[Waiver]| {
        let exceptions = Exceptions {
            environment: &"stage".parse().unwrap(),
            waivers,
            vex: &[],
            exploited: &BTreeSet::from(["CVE-2026-1".to_owned()]),
            repositories: &[],
            tags: &[],
        };
        policy().judge(&found, &exceptions, now()).verdict
    };
    assert_eq!(
        judged(&[]),
        Verdict::Refused(
            "1 finding is known to be exploited; none is allowed: CVE-2026-1 in openssl 3.1.1 (no fix yet)"
                .into()
        )
    );
    assert!(
        judged(&[waiver("2026-12-31")]).allows(),
        "somebody answers for it"
    );
}

#[test]
fn a_system_out_of_support_is_refused_unless_that_is_accepted() {
    let mut old = evidence(vec![]);
    old.reports[0].end_of_life = Some("alpine 3.12.1".into());
    assert!(
        verdict(&policy(), &old)
            .reason()
            .starts_with("alpine 3.12.1 is out of support")
    );
    assert_eq!(verdict(&policy(), &old).word(), "refused");
    let tolerant = ScanPolicy {
        end_of_life: Rule::Allow,
        ..policy()
    };
    assert!(verdict(&tolerant, &old).allows());
}

#[test]
fn a_scan_that_recognised_nothing_is_not_clean() {
    let mut empty = evidence(vec![]);
    empty.reports[0].inventory = Inventory::Nothing;
    assert!(
        unknown(&empty).starts_with("nothing was examined in linux/amd64: the scanner recognised neither")
    );
    empty.reports[0].inventory = Inventory::Untold;
    assert!(unknown(&empty).starts_with("the report on linux/amd64 does not say what was examined"));
    let tolerant = ScanPolicy {
        no_packages: Rule::Allow,
        ..policy()
    };
    assert!(verdict(&tolerant, &empty).allows());
}

#[test]
fn an_old_database_proves_nothing_where_its_age_matters() {
    let strict = ScanPolicy {
        max_database_age: Some(SignedDuration::from_hours(4)),
        ..policy()
    };
    let mut clean = evidence(vec![]);
    assert_eq!(
        verdict(&strict, &clean),
        Verdict::Unknown(
            "the scanner's database is 6h old; at most 4h is allowed: update the scanner's database, then scan again"
                .into()
        )
    );
    clean.reports[0].database = None;
    assert!(
        verdict(&strict, &clean)
            .reason()
            .contains("does not give the age of the scanner's database")
    );
    assert!(verdict(&policy(), &clean).allows());
}

#[test]
fn a_platform_that_is_left_out_needs_no_report_and_its_findings_do_not_count() {
    let lenient = |platform: &str| ScanPolicy {
        leave_out: vec![LeftOut {
            platform: platform.parse().unwrap(),
            reason: "nobody runs it".into(),
        }],
        ..policy()
    };
    let mut two = evidence(vec![finding(Severity::Critical, true)]);
    two.images.push(image("linux/s390x"));
    assert_eq!(verdict(&lenient("linux/s390x"), &two).word(), "refused");
    let mut clean = evidence(vec![]);
    clean.images.push(image("linux/s390x"));
    let judgement = judge(&lenient("linux/s390x"), &clean, &[], &[]);
    assert!(judgement.verdict.allows());
    assert_eq!(judgement.notes, ["linux/s390x is excluded: nobody runs it"]);
    let all = evidence(vec![finding(Severity::Critical, true)]);
    assert_eq!(
        verdict(&lenient("linux/amd64"), &all),
        Verdict::Unknown("the policy excludes every platform of the image".into())
    );
}

#[test]
fn a_report_of_a_platform_that_is_left_out_counts_where_it_may_be_of_an_image_of_unknown_platform() {
    let without_arm = ScanPolicy {
        leave_out: vec![LeftOut {
            platform: "linux/arm64".parse().unwrap(),
            reason: "nobody runs it".into(),
        }],
        ..policy()
    };
    let with = |platform: Option<&str>| {
        let mut found = evidence(vec![]);
        found.images[0].platform = platform.map(|platform| platform.parse().unwrap());
        let mut other = evidence(vec![finding(Severity::Critical, true)])
            .reports
            .remove(0);
        (other.image, other.platform) = (None, Some("linux/arm64".parse().unwrap()));
        found.reports.push(other);
        verdict(&without_arm, &found).word()
    };
    assert_eq!(with(Some("linux/amd64")), "allowed");
    assert_eq!(with(None), "refused");
}

#[test]
fn what_the_scanner_hid_by_a_rule_of_its_own_counts_and_is_told_of() {
    let mut found = evidence(vec![]);
    let hidden = (finding(Severity::Critical, true), ".trivyignore".to_owned());
    found.reports[0].hidden.push(hidden);
    let judgement = judge(&policy(), &found, &[], &[]);
    assert_eq!(judgement.verdict.word(), "refused");
    assert!(
        judgement.notes[0].starts_with("the scanner suppressed 1 finding"),
        "{:?}",
        judgement.notes
    );
}
