//! For any evidence with a part taken away, the verdict never gets better: refused or unknown never becomes allowed.
//!
//! Taken away is what speaks for an image: a report that would be allowed by itself, its date, that of its database, what it
//! examined, which image it is of; a report is made unreadable; a decision is withdrawn. What speaks against an image is no
//! evidence for it: that a finding is taken away makes a verdict better, as it should.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{Exceptions, Judgement, tests};
use crate::domain::{
    Digest, EnvironmentName, Finding, FindingKind, Inventory, LeftOut, Limits, Origin, Package, Platform,
    Rule, RunnableImage, ScanEvidence, ScanPolicy, ScanReport, ScannerFilter, Severity, VexProduct,
    VexStatement, VexStatus, Waiver,
};

const CASES: u32 = 10_000;

/// All that a verdict rests on.
#[derive(Debug, Clone)]
struct Case {
    images: Vec<RunnableImage>,
    reports: Vec<ScanReport>,
    unreadable: Vec<String>,
    policy: ScanPolicy,
    waivers: Vec<Waiver>,
    vex: Vec<VexStatement>,
}

fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

impl Case {
    fn evidence(&self) -> ScanEvidence {
        let digest = Digest::of(b"index");
        ScanEvidence {
            unreadable: self.unreadable.clone(),
            ..ScanEvidence::new(digest, self.images.clone(), self.reports.clone())
        }
    }

    fn judge(&self, evidence: &ScanEvidence) -> Judgement {
        let stage: EnvironmentName = "stage".parse().unwrap();
        let exceptions = Exceptions {
            waivers: &self.waivers,
            vex: &self.vex,
            ..Exceptions::none(&stage)
        };
        self.policy.judge(evidence, &exceptions, now())
    }

    fn is_allowed(&self) -> bool {
        self.judge(&self.evidence()).verdict.allows()
    }

    /// Whether `report` alone would let its image pass.
    fn speaks_for_its_image(&self, report: &ScanReport) -> bool {
        let alone = |image: &RunnableImage| {
            let images = vec![image.clone()];
            ScanEvidence::new(Digest::of(b"index"), images, vec![report.clone()])
        };
        let image = self.image_of(report);
        image.is_some_and(|image| self.judge(&alone(&image)).verdict.allows())
    }

    /// The image that a report is assigned to among all.
    fn image_of(&self, report: &ScanReport) -> Option<RunnableImage> {
        let one = ScanEvidence::new(Digest::of(b"index"), self.images.clone(), vec![report.clone()]);
        one.image_of(one.reports.first()?).cloned()
    }

    /// The same with one part taken away; none where there is no such part.
    fn without(&self, part: Part, nth: usize) -> Option<Self> {
        let mut rest = self.clone();
        let at = |length: usize| (length > 0).then(|| nth % length);
        match part {
            Part::PlatformOfImage => {
                let image = &mut rest.images[at(self.images.len())?];
                let mut left_out = self.policy.leave_out.iter();
                // One that is left out by its platform needs a report without it.
                if left_out.any(|left| Some(&left.platform) == image.platform.as_ref()) {
                    return None;
                }
                (image.platform, image.os_version) = (None, None);
            }
            Part::Waiver => {
                rest.waivers.remove(at(self.waivers.len())?);
            }
            Part::Statement => {
                rest.vex.remove(at(self.vex.len())?);
            }
            _ => {
                let at = at(self.reports.len())?;
                let report = &mut rest.reports[at];
                match part {
                    Part::Report if self.speaks_for_its_image(report) => {
                        rest.reports.remove(at);
                    }
                    Part::Readability => {
                        rest.reports.remove(at);
                        rest.unreadable.push("the report a cannot be used".to_owned());
                    }
                    Part::Date => report.made = None,
                    Part::DatabaseDate => report.database = None,
                    Part::PackageList if report.has_examined() => {
                        report.inventory = [
                            Inventory::Nothing,
                            Inventory::Unlisted("alpine 3.20.3".to_owned()),
                            Inventory::Untold,
                            Inventory::Packages(std::collections::BTreeSet::new()),
                        ][nth % 4]
                            .clone();
                    }
                    Part::ImageOfReport if self.image_of(report).is_some() => {
                        (report.image, report.platform, report.os_version) = (None, None, None);
                    }
                    _ => return None,
                }
            }
        }
        Some(rest)
    }
}

#[derive(Debug, Clone, Copy)]
enum Part {
    PlatformOfImage,
    Report,
    Readability,
    Date,
    DatabaseDate,
    PackageList,
    ImageOfReport,
    Waiver,
    Statement,
}

fn part() -> impl Strategy<Value = Part> {
    prop::sample::select(vec![
        Part::PlatformOfImage,
        Part::Report,
        Part::Readability,
        Part::Date,
        Part::DatabaseDate,
        Part::PackageList,
        Part::ImageOfReport,
        Part::Waiver,
        Part::Statement,
    ])
}

fn platform() -> impl Strategy<Value = Option<Platform>> {
    let names = ["linux/amd64", "linux/arm64", "linux/arm64/v8", "windows/amd64"];
    prop::option::weighted(
        0.9,
        prop::sample::select(names.to_vec()).prop_map(|name| name.parse().unwrap()),
    )
}

fn os_version() -> impl Strategy<Value = Option<String>> {
    prop::option::weighted(
        0.2,
        prop::sample::select(vec!["10.0.17763.1".to_owned(), "10.0.20348.1".to_owned()]),
    )
}

fn image(nth: usize) -> RunnableImage {
    RunnableImage::new(Digest::of(&[u8::try_from(nth).unwrap()]), None)
}

fn images() -> impl Strategy<Value = Vec<RunnableImage>> {
    prop::collection::vec((platform(), os_version()), 1..4).prop_map(|all| {
        let images = all.into_iter().enumerate();
        images
            .map(|(nth, (platform, os_version))| RunnableImage {
                platform,
                os_version,
                ..image(nth)
            })
            .collect()
    })
}

fn hours_ago(limit: i64) -> impl Strategy<Value = Option<Timestamp>> {
    prop::option::weighted(
        0.9,
        (0..limit).prop_map(|hours| now() - SignedDuration::from_hours(hours)),
    )
}

fn finding() -> impl Strategy<Value = Finding> {
    let kinds = vec![
        FindingKind::Vulnerability,
        FindingKind::Vulnerability,
        FindingKind::Secret,
    ];
    let severities = vec![Severity::Critical, Severity::Low];
    (
        prop::sample::select(kinds),
        0..3,
        prop::sample::select(severities),
        any::<bool>(),
    )
        .prop_map(|(kind, id, severity, fixed)| Finding {
            kind,
            id: format!("CVE-2026-{id}"),
            ..tests::finding(severity, fixed)
        })
}

fn inventory() -> impl Strategy<Value = Inventory> {
    let package = Package {
        name: "openssl".into(),
        version: "3.1.1".into(),
    };
    let listed = || Inventory::Packages([package.clone()].into());
    prop::sample::select(vec![
        listed(),
        listed(),
        listed(),
        Inventory::Something,
        Inventory::Untold,
        Inventory::Nothing,
    ])
}

fn report() -> impl Strategy<Value = ScanReport> {
    let found = || prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(finding(), 1..3)];
    let hidden = prop_oneof![9 => Just(Vec::new()), 1 => prop::collection::vec((finding(), Just("told to".to_owned())), 1..2)];
    let subject = (prop::option::weighted(0.4, 0_usize..3), platform(), os_version());
    let doubts = (prop::bool::weighted(0.1), prop::bool::weighted(0.05));
    (
        subject,
        hours_ago(40),
        hours_ago(60),
        inventory(),
        found(),
        hidden,
        doubts,
    )
        .prop_map(
            |(
                (of, platform, os_version),
                made,
                database,
                inventory,
                findings,
                hidden,
                (filtered, flawed),
            )| ScanReport {
                image: of.map(|nth| image(nth).digest),
                platform,
                os_version,
                made,
                database,
                scanner: None,
                origin: Origin::Attached,
                end_of_life: None,
                inventory,
                findings,
                hidden,
                filters: filtered.then_some(ScannerFilter::Unfixed).into_iter().collect(),
                flaws: flawed
                    .then(|| "a report contradicts itself".to_owned())
                    .into_iter()
                    .collect(),
            },
        )
}

fn policy() -> impl Strategy<Value = ScanPolicy> {
    let left_out = prop::option::weighted(0.2, platform());
    (
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        left_out,
        prop::bool::weighted(0.2),
    )
        .prop_map(
            |(fixable_only, max_age, max_database_age, left_out, tolerant)| ScanPolicy {
                fail_on: Limits {
                    critical: Some(0),
                    ..Limits::default()
                },
                fixable_only,
                max_age: max_age.then(|| SignedDuration::from_hours(24)),
                max_database_age: max_database_age.then(|| SignedDuration::from_hours(48)),
                no_packages: if tolerant { Rule::Allow } else { Rule::Refuse },
                leave_out: left_out
                    .flatten()
                    .map(|platform| LeftOut {
                        platform,
                        reason: "nobody runs it".into(),
                    })
                    .into_iter()
                    .collect(),
                ..ScanPolicy::default()
            },
        )
}

fn waivers() -> impl Strategy<Value = Vec<Waiver>> {
    prop::collection::vec(0..3, 0..2).prop_map(|ids| {
        let waiver = |id| Waiver {
            id: format!("CVE-2026-{id}"),
            package: None,
            reason: "not reachable".into(),
            owner: "ana".into(),
            expires: "2026-12-31".parse().unwrap(),
            environments: Vec::new(),
        };
        ids.into_iter().map(waiver).collect()
    })
}

fn statements() -> impl Strategy<Value = Vec<VexStatement>> {
    prop::collection::vec(0..3, 0..2).prop_map(|ids| {
        let statement = |id| VexStatement {
            vulnerabilities: vec![format!("CVE-2026-{id}")],
            products: vec![VexProduct {
                product: "pkg:apk/alpine/openssl".parse().unwrap(),
                subcomponents: Vec::new(),
            }],
            status: VexStatus::NotAffected,
            why: "vulnerable code not present".into(),
            made: None,
            document: "app.openvex.json".into(),
        };
        ids.into_iter().map(statement).collect()
    })
}

fn case() -> impl Strategy<Value = Case> {
    let reports = prop::collection::vec(report(), 0..5);
    (images(), reports, policy(), waivers(), statements()).prop_map(
        |(images, reports, policy, waivers, vex)| Case {
            images,
            reports,
            unreadable: Vec::new(),
            policy,
            waivers,
            vex,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_verdict_never_gets_better_when_a_part_of_the_evidence_is_taken_away(
        whole in case(),
        part in part(),
        nth in 0_usize..12,
    ) {
        if let Some(rest) = whole.without(part, nth) && !whole.is_allowed() {
            prop_assert!(!rest.is_allowed(), "without {part:?} {nth}: {rest:?}");
        }
    }
}
