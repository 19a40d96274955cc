//! The board's facts in words: always a symbol and a word, so that nothing depends on colour.

use jiff::Timestamp;

use crate::board::{Cell, DeployedImage, EnvironmentNow, Facts, Image, Scan};
use crate::domain::{Counts, DeployedBy, Drift, Severity, age, bytes};

/// A cell in words: those of its state, and `known` for what is known.
pub fn cell<T>(cell: &Cell<T>, known: impl FnOnce(&T) -> String) -> String {
    match cell {
        Cell::Loading => "… loading".to_owned(),
        Cell::None(why) => format!("– {why}"),
        Cell::Failed(why) => format!("✗ {why}"),
        Cell::Ready(value) => known(value),
        Cell::Stale(value) => format!("~ stale: {}", known(value)),
    }
}

/// How long ago; `?` where that is not known.
pub fn since(time: Option<Timestamp>, now: Timestamp) -> String {
    time.map_or_else(|| "?".to_owned(), |time| age(now.as_second() - time.as_second()))
}

/// The same for the end of a sentence: `9h ago`, `just now`.
pub fn ago(time: Option<Timestamp>, now: Timestamp) -> String {
    match time.map(|time| now.as_second() - time.as_second()) {
        None => "at an unknown time".to_owned(),
        Some(seconds) if seconds < 60 => "just now".to_owned(),
        Some(seconds) => format!("{} ago", age(seconds)),
    }
}

/// The cell of an image.
pub fn image(image: &Cell<Image>) -> String {
    cell(image, |image| match (&image.moved, &image.rebuilt) {
        (Some(from), _) => format!("! moved, built from {}", from.short()),
        (None, rebuilt) => {
            let rebuilt = rebuilt.as_ref().map_or("", |_| " rebuilt");
            format!("✓ {} arch {}{rebuilt}", image.platforms.len(), bytes(image.size))
        }
    })
}

/// The cell of a scan.
pub fn scan(scan: &Cell<Scan>, now: Timestamp) -> String {
    cell(scan, |scan| {
        let age = since(scan.made, now);
        let gaps = scan.gaps.join(", ");
        match scan.counts.worst() {
            _ if scan.is_complete() => format!("{} {age}", counts(scan.counts)),
            None => format!("? {gaps}"),
            Some(_) => format!("{} {age}; {gaps}", counts(scan.counts)),
        }
    })
}

/// `✓ clean`, `✗ 2 critical`.
pub fn counts(counts: Counts) -> String {
    match counts.worst() {
        None => "✓ clean".to_owned(),
        Some((Severity::Critical, _)) => format!("✗ {counts}"),
        Some(_) => format!("! {counts}"),
    }
}

/// A cell where there is no room for the reason of a failure, which then stands elsewhere.
pub fn brief<T>(cell: &Cell<T>, words: String) -> String {
    match cell {
        Cell::Failed(_) => "✗ failed".to_owned(),
        _ => words,
    }
}

/// Where a digest is: `dev · stage`; what could not be found out says so.
pub fn places(facts: &Facts) -> String {
    let words: Vec<String> = facts
        .places
        .iter()
        .filter_map(|place| {
            let state = match (&place.there, &place.signed) {
                (Cell::Failed(_), _) => " ✗ failed",
                (Cell::Loading, _) => " …",
                (Cell::Ready(true), Cell::Ready(true)) => " signed",
                (Cell::Ready(true), Cell::Ready(false)) => " ! not signed",
                (Cell::Ready(true), Cell::Failed(_)) => " ? signature",
                (Cell::Ready(true), _) => "",
                (Cell::Ready(false) | Cell::None(_) | Cell::Stale(_), _) => return None,
            };
            Some(format!("{}{state}", place.environment))
        })
        .collect();
    if words.is_empty() {
        "– nowhere".to_owned()
    } else {
        words.join(" · ")
    }
}

/// What runs in an environment by the word of its platform: whether it is what is deployed, since when, how it is.
pub fn running(there: &EnvironmentNow, now: Timestamp) -> String {
    cell(&there.running, |running| {
        let since = running
            .since
            .map_or_else(String::new, |time| format!(" {}", since(Some(time), now)));
        let health = running.health_words();
        let health = health.map_or_else(String::new, |words| format!(", {words}"));
        let is_other = there.drift.iter().any(Drift::is_of_running);
        match running.healthy {
            _ if is_other => format!("✗ {} runs{since}{health}", running.digest.short()),
            Some(false) => format!("! runs{since}{health}"),
            _ => format!("✓ runs{since}{health}"),
        }
    })
}

/// What is deployed to an environment: state and name, digest, since when, signature.
pub fn deployed(there: &EnvironmentNow, now: Timestamp) -> Vec<String> {
    let Some(deployed) = there.deployed.value() else {
        return vec![cell(&there.deployed, |_| String::new())];
    };
    let signed = match &deployed.signed {
        Cell::Ready(true) => "✓ signed".to_owned(),
        Cell::Ready(false) => "! not signed".to_owned(),
        Cell::Failed(why) => format!("? signature unknown: {why}"),
        Cell::Loading | Cell::None(_) | Cell::Stale(_) => String::new(),
    };
    vec![
        cell(&there.deployed, name),
        deployed.digest.short(),
        [
            deployed.since.map(|time| since(Some(time), now)),
            deployed.by.as_ref().map(DeployedBy::words),
        ]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" by "),
        signed,
    ]
}

fn name(deployed: &DeployedImage) -> String {
    let commit = deployed.short.as_ref().map(|short| format!("sha-{short}"));
    let stands_for = deployed
        .stands_for
        .as_ref()
        .map(|short| format!("rebuilt for {short}"));
    let known: Vec<_> = deployed
        .release
        .iter()
        .chain(&commit)
        .chain(&stands_for)
        .map(String::as_str)
        .collect();
    match known.as_slice() {
        [] => "? unknown commit".to_owned(),
        known => format!("✓ {}", known.join(" ")),
    }
}
