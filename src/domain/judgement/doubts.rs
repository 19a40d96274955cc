//! What evidence leaves open.

use jiff::{SignedDuration, Timestamp};

use crate::domain::{
    Digest, Inventory, Platform, Rule, RunnableImage, ScanEvidence, ScanPolicy, ScanReport, ScannerFilter,
    age,
};

/// How far a report's time may lie ahead of the clock here, in seconds: clocks differ.
const CLOCK_SKEW: i64 = 5 * 60;

impl ScanPolicy {
    /// Why the evidence is not enough, and the age of the oldest report in words.
    pub(super) fn doubts(&self, evidence: &ScanEvidence, now: Timestamp) -> (Vec<String>, String) {
        let asked: Vec<_> = self.asked(evidence).collect();
        let mut doubts = self.uncovered(evidence);
        doubts.extend(evidence.unreadable.iter().map(|what| {
            format!("{what}: it may be the newest report, so the verdict is unknown without it")
        }));
        let is_left_out = |image: &RunnableImage| self.leaves_out(image.platform.as_ref());
        let none_is_asked = !evidence.images.is_empty() && evidence.images.iter().all(is_left_out);
        if none_is_asked && !evidence.reports.is_empty() {
            doubts.push("the policy excludes every platform of the image".to_owned());
            return (doubts, String::new());
        }
        doubts.extend(asked.iter().flat_map(|report| &report.flaws).cloned());
        let how_old = match self.age(&asked, now) {
            Ok(words) => words,
            Err(doubt) => {
                doubts.push(doubt);
                String::new()
            }
        };
        if self.max_database_age.is_some() {
            let dates = asked.iter().map(|report| report.database);
            doubts.extend(ages(dates, self.max_database_age, now, &DATABASE).err());
        }
        if self.no_packages == Rule::Refuse {
            doubts.extend(asked.iter().filter_map(|report| unexamined(report, evidence)));
        }
        for report in &asked {
            let filters = report.filters.iter().filter(|filter| !self.accepts(filter));
            doubts.extend(filters.map(|filter| {
                format!(
                    "the scan of {} excluded {filter}, so what it excluded is unknown: scan again without that (or \
                     accept it with `filtered = \"allow\"`)",
                    name(report, evidence)
                )
            }));
        }
        (doubts, how_old)
    }

    /// Whether what a scanner leaves out by `filter` need not be known.
    pub(super) fn accepts(&self, filter: &ScannerFilter) -> bool {
        let asks_nothing_of_it =
            *filter == ScannerFilter::Unfixed && self.fixable_only && self.exploited.is_none();
        self.filtered == Rule::Allow || asks_nothing_of_it
    }

    /// The age of the oldest report in words, or why it would not do. A date is needed only where an age is asked for: without
    /// one a report counts beside all others of its image, since nobody can tell which is newer.
    fn age(&self, asked: &[&ScanReport], now: Timestamp) -> Result<String, String> {
        let all = || asked.iter().map(|report| report.made);
        if self.max_age.is_some() || all().all(|made| made.is_some()) {
            return ages(all(), self.max_age, now, &REPORT);
        }
        ages(all().flatten().map(Some), None, now, &REPORT)?;
        Ok(REPORT.undated.to_owned())
    }

    /// Whether `platform` is left out.
    fn leaves_out(&self, platform: Option<&Platform>) -> bool {
        self.leave_out.iter().any(|left| Some(&left.platform) == platform)
    }

    /// The reports that the policy asks about. One that names no image may be of any whose platform nobody knows, so that its own
    /// platform does not leave it out then.
    pub(super) fn asked<'a>(&'a self, evidence: &'a ScanEvidence) -> impl Iterator<Item = &'a ScanReport> {
        let is_any_unknown = evidence.images.iter().any(|image| image.platform.is_none());
        let may_be_of_it = move |report: &ScanReport| is_any_unknown && evidence.image_of(report).is_none();
        evidence
            .reports
            .iter()
            .filter(move |report| may_be_of_it(report) || !self.leaves_out(evidence.platform_of(report)))
    }

    /// Which images no report speaks of, in words; nothing if all are covered.
    fn uncovered(&self, evidence: &ScanEvidence) -> Vec<String> {
        let stray = evidence.strays.first().map(Digest::short);
        if evidence.reports.is_empty() {
            return vec![match stray {
                Some(stray) => format!(
                    "the attached scan report is for another digest, {stray}: scan this one and attach its report"
                ),
                None => match &evidence.signed_by {
                    Some(key) => format!(
                        "no scan report signed with {key} is attached to this digest: sign one with `windlass scan \
                         --attach --key`"
                    ),
                    None => {
                        "no scan report is attached to this digest: scan it and attach the report".to_owned()
                    }
                },
            }];
        }
        if evidence.images.is_empty() {
            return vec!["this index contains no runnable image, so no report can cover it".to_owned()];
        }
        let missing: Vec<_> = evidence
            .uncovered()
            .filter(|image| !self.leaves_out(image.platform.as_ref()))
            .map(ToString::to_string)
            .collect();
        if missing.is_empty() {
            return Vec::new();
        }
        let mut doubt = format!("no scan report covers {}", missing.join(", "));
        if let Some(stray) = stray {
            doubt = format!("{doubt}; an attached report is for another digest, {stray}");
        }
        vec![doubt]
    }
}

/// How a report is called: after the image that it is of.
fn name(report: &ScanReport, evidence: &ScanEvidence) -> String {
    match (evidence.image_of(report), &report.platform) {
        (Some(image), _) if image.platform.is_some() => image.to_string(),
        (_, Some(platform)) => platform.to_string(),
        _ => "the image".to_owned(),
    }
}

/// Why that a report has no finding says nothing, if it does not.
fn unexamined(report: &ScanReport, evidence: &ScanEvidence) -> Option<String> {
    if report.has_examined() {
        return None;
    }
    let of = name(report, evidence);
    let accepts = "(accept it with `no_packages = \"allow\"`)";
    Some(match &report.inventory {
        Inventory::Unlisted(what) => format!(
            "nothing was examined in {of}: the scanner recognised {what} but lists no packages; an empty \
             result is not evidence of a clean image {accepts}"
        ),
        Inventory::Untold => format!(
            "the report on {of} does not say what was examined; an empty result is not evidence of a clean image"
        ),
        Inventory::Nothing | Inventory::Something | Inventory::Packages(_) => format!(
            "nothing was examined in {of}: the scanner recognised neither an operating system nor packages; an \
             empty result is not evidence of a clean image {accepts}"
        ),
    })
}

/// How something with a date is called.
struct Dated {
    what: &'static str,
    undated: &'static str,
    again: &'static str,
}

const REPORT: Dated = Dated {
    what: "the report",
    undated: "the report has no date",
    again: "scan again",
};
const DATABASE: Dated = Dated {
    what: "the scanner's database",
    undated: "the report does not give the age of the scanner's database",
    again: "update the scanner's database, then scan again",
};

/// The age of the oldest in words, or why it would not do.
fn ages(
    dates: impl Iterator<Item = Option<Timestamp>>,
    limit: Option<SignedDuration>,
    now: Timestamp,
    kind: &Dated,
) -> Result<String, String> {
    let what = kind.what;
    let mut oldest = i64::MIN;
    for date in dates {
        let date = date.ok_or(kind.undated)?;
        let seconds = now.as_second() - date.as_second();
        if seconds < -CLOCK_SKEW {
            return Err(format!("{what} has a date in the future, {date}"));
        }
        oldest = oldest.max(seconds);
    }
    let how_old = if oldest < 60 {
        format!("{what} is new")
    } else {
        format!("{what} is {} old", age(oldest))
    };
    match limit {
        Some(limit) if oldest > limit.as_secs() => Err(format!(
            "{how_old}; at most {} is allowed: {}",
            in_words(limit),
            kind.again
        )),
        _ => Ok(how_old),
    }
}

/// A limit as people configure it: `24h`, `7d`, `90m`.
fn in_words(limit: SignedDuration) -> String {
    match limit.as_secs() {
        s if s >= 2 * 86_400 && s % 86_400 == 0 => format!("{}d", s / 86_400),
        s if s % 3600 == 0 => format!("{}h", s / 3600),
        s if s % 60 == 0 => format!("{}m", s / 60),
        s => format!("{s}s"),
    }
}
