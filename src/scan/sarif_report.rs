//! Findings in SARIF 2.1.0, as Trivy and Grype write them for images. The standard knows files and lines, not packages:
//! these stand in the message of each result, or in the help text of its rule, as lines of `Name: value`.

mod document;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

use self::document::{Document, Entry, Invocation, Rule, Run, Suppression};
use super::Report;
use super::trivy_report::digest_of;
use crate::domain::{Digest, Finding, FindingKind, Inventory, Severity, clean_line};

/// Parses `bytes`; the error says what is wrong with them.
pub(super) fn parse(bytes: &[u8]) -> Result<Report, String> {
    let document: Document =
        serde_json::from_slice(bytes).map_err(|error| clean_line(&format!("not SARIF: {error}")))?;
    if document.version != "2.1.0" {
        return Err(clean_line(&format!(
            "SARIF version {} is not supported; only 2.1.0 is",
            document.version
        )));
    }
    if document.runs.is_empty() {
        return Err("it contains no run, so nothing was scanned".to_owned());
    }
    let ended = document.runs.iter().map(ended).collect::<Option<Vec<_>>>();
    let mut report = Report {
        // The oldest run is as old as the whole.
        created: ended.and_then(|ended| ended.into_iter().min()),
        scanner: None,
        database: None,
        digests: Vec::new(),
        image_id: None,
        platform: None,
        os_version: None,
        end_of_life: None,
        inventory: Inventory::Untold,
        findings: Vec::new(),
        hidden: Vec::new(),
        filters: Vec::new(),
        flaws: Vec::new(),
    };
    let mut scanners = Vec::new();
    for run in &document.runs {
        let driver = &run.tool.driver;
        let version = driver.version.as_ref().or(driver.semantic_version.as_ref());
        let name = format!("{} {}", driver.name, version.map_or("", String::as_str));
        let name = clean_line(name.trim());
        read_run(run, &name, &mut report)?;
        scanners.push(name);
    }
    report.scanner = Some(scanners.join(", "));
    report
        .findings
        .sort_by(|a, b| a.severity.cmp(&b.severity).then_with(|| a.id.cmp(&b.id)));
    Ok(report)
}

/// When a run ended, the earliest of its invocations, if each says it.
fn ended(run: &Run) -> Option<Timestamp> {
    let time = |invocation: &Invocation| {
        let text = invocation
            .end_time_utc
            .as_ref()
            .or(invocation.start_time_utc.as_ref())?;
        text.parse::<Timestamp>().ok()
    };
    run.invocations
        .iter()
        .map(time)
        .collect::<Option<Vec<_>>>()?
        .into_iter()
        .min()
}

fn read_run(run: &Run, scanner: &str, report: &mut Report) -> Result<(), String> {
    for name in &run.properties.repo_digests {
        report.digests.push(digest_of(name)?);
    }
    let id = run.properties.image_id.as_deref();
    report.image_id = report.image_id.take().or_else(|| id?.parse::<Digest>().ok());
    if run
        .invocations
        .iter()
        .any(|one| one.execution_successful == Some(false))
    {
        report
            .flaws
            .push(format!("{scanner} reports that its run failed: scan again"));
    }
    let Some(results) = &run.results else {
        report.flaws.push(format!(
            "the report of {scanner} has no list of results, so its findings are unknown: scan again"
        ));
        return Ok(());
    };
    for entry in results.iter().filter(|entry| is_finding(entry)) {
        let finding = finding(entry, run)?;
        // One that a person has still to agree to is none.
        let accepted =
            |one: &&Suppression| !matches!(one.status.as_deref(), Some("underReview" | "rejected"));
        match entry.suppressions.iter().find(accepted) {
            Some(by) => {
                let why = by
                    .justification
                    .as_deref()
                    .unwrap_or("suppressed without a reason");
                report.hidden.push((finding, clean_line(why)));
            }
            None => report.findings.push(finding),
        }
    }
    Ok(())
}

/// Whether a result says that something is wrong: one may also say that a check passed (3.27.9), or what is there no more
/// (3.27.24).
fn is_finding(entry: &Entry) -> bool {
    let is_good = matches!(
        entry.kind.as_deref(),
        Some("pass" | "notApplicable" | "informational")
    );
    !is_good && entry.baseline_state.as_deref() != Some("absent")
}

fn finding(entry: &Entry, run: &Run) -> Result<Finding, String> {
    let rule = run.tool.rule_of(entry);
    let named = entry.rule.id.as_deref().or(entry.rule_id.as_deref());
    let id = rule.map(|rule| rule.id.as_str()).or(named);
    let id = id.ok_or("one of its results has no rule")?;
    let package = value(entry, rule, &["Package"]).or_else(|| in_sentence(&entry.message.text, "package: "));
    let name = vulnerability_name(id, package.as_deref());
    let mut aliases: Vec<_> = [Some(id), named]
        .into_iter()
        .flatten()
        .filter(|other| *other != name)
        .map(clean_line)
        .collect();
    aliases.dedup();
    let title = rule.and_then(|rule| rule.short_description.as_ref()).map_or_else(
        || entry.message.text.lines().next().unwrap_or_default(),
        |text| text.text.as_str(),
    );
    Ok(Finding {
        kind: kind_of(rule),
        id: clean_line(name),
        aliases,
        severity: severity_of(entry, rule),
        package: package.unwrap_or_else(|| "a package the report does not name".to_owned()),
        purl: None,
        installed: value(entry, rule, &["Installed Version", "Version"])
            .or_else(|| in_sentence(&entry.message.text, "version "))
            .unwrap_or_default(),
        fixed: value(entry, rule, &["Fixed Version", "Fix Version"]),
        title: clean_line(title),
        url: rule.and_then(|rule| rule.help_uri.as_deref()).map(clean_line),
    })
}

/// The value of a line of `Name: value` in the message of a result, or else in the help text of its rule.
fn value(entry: &Entry, rule: Option<&Rule>, names: &[&str]) -> Option<String> {
    let texts = [
        Some(entry.message.text.as_str()),
        rule.map(|rule| rule.help.text.as_str()),
    ];
    texts.into_iter().flatten().find_map(|text| {
        let of_line = |line: &str| {
            let (name, value) = line.split_once(':')?;
            names.contains(&name.trim()).then(|| clean_line(value.trim()))
        };
        text.lines().find_map(of_line).filter(|value| !value.is_empty())
    })
}

/// What follows `before` up to a comma or a blank, in a sentence of Grype's: `A critical vulnerability in java-archive
/// package: log4j-core, version 2.11.0 was found at: /app.jar`.
fn in_sentence(text: &str, before: &str) -> Option<String> {
    let (_, rest) = text.split_once(before)?;
    let word = rest.split([',', ' ', '\n']).next()?;
    Some(clean_line(word)).filter(|word| !word.is_empty())
}

/// The vulnerability that a rule is of. Grype makes a rule for each package that has one: `CVE-2021-44228-log4j-core`.
fn vulnerability_name<'a>(id: &'a str, package: Option<&str>) -> &'a str {
    let own = package.and_then(|package| id.strip_suffix(package)?.strip_suffix('-'));
    known_name(id).or(own).unwrap_or(id)
}

/// The name at the beginning of `text`, if it is one of CVE's or GitHub's.
fn known_name(text: &str) -> Option<&str> {
    let parts: Vec<&str> = text.splitn(4, '-').collect();
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let length = match parts.as_slice() {
        [cve, year, rest @ ..] if cve.eq_ignore_ascii_case("CVE") && digits(year) == 4 && year.len() == 4 => {
            let number = digits(rest.first()?);
            (number > 0).then_some(9 + number)?
        }
        [ghsa, one, two, three] if ghsa.eq_ignore_ascii_case("GHSA") => {
            let is_part = |part: &str| part.len() == 4 && part.bytes().all(|b| b.is_ascii_alphanumeric());
            (is_part(one) && is_part(two) && three.get(..4).is_some_and(is_part)).then_some(19)?
        }
        _ => return None,
    };
    let (name, rest) = text.split_at_checked(length)?;
    let ends_here = rest.chars().next().is_none_or(|next| !next.is_alphanumeric());
    ends_here.then_some(name)
}

/// Trivy says by a tag of the rule what it is of.
fn kind_of(rule: Option<&Rule>) -> FindingKind {
    let has = |wanted: &str| {
        rule.is_some_and(|rule| {
            rule.properties
                .tags
                .iter()
                .any(|tag| tag.eq_ignore_ascii_case(wanted))
        })
    };
    if has("secret") {
        FindingKind::Secret
    } else if has("misconfiguration") {
        FindingKind::Misconfiguration
    } else if has("license") {
        FindingKind::Licence
    } else {
        FindingKind::Vulnerability
    }
}

/// As the message says; by the score, as code hosts read it (CVSS 3.1, "Qualitative Severity Rating Scale"); as the rule
/// says; or by the level.
fn severity_of(entry: &Entry, rule: Option<&Rule>) -> Severity {
    let known = |severity: Severity| (severity != Severity::Unknown).then_some(severity);
    let word = |rule: Option<&Rule>, entry: &Entry| {
        let word = value(entry, rule, &["Severity"])?;
        match word.to_ascii_lowercase().as_str() {
            "negligible" => Some(Severity::Low),
            word => word.parse().ok().and_then(known),
        }
    };
    let score = entry.properties.severity.or_else(|| rule?.properties.severity);
    word(None, entry)
        .or_else(|| of_score(score?))
        .or_else(|| word(rule, entry))
        .unwrap_or_else(|| of_level(entry, rule))
}

fn of_score(score: f64) -> Option<Severity> {
    match score {
        score if score >= 9.0 => Some(Severity::Critical),
        score if score >= 7.0 => Some(Severity::High),
        score if score >= 4.0 => Some(Severity::Medium),
        score if score > 0.0 => Some(Severity::Low),
        _ => None,
    }
}

/// The level of a result, or else the usual one of its rule; what is not written is a warning (3.27.10).
fn of_level(entry: &Entry, rule: Option<&Rule>) -> Severity {
    let usual = rule.and_then(|rule| rule.default_configuration.level.as_deref());
    match entry.level.as_deref().or(usual).unwrap_or("warning") {
        "error" => Severity::High,
        "warning" => Severity::Medium,
        "note" => Severity::Low,
        _ => Severity::Unknown,
    }
}
