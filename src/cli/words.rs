//! The board's facts in words: always a symbol and a word, so that nothing depends on colour.

use jiff::Timestamp;

use crate::board::{Cell, EnvironmentNow, Facts, Image, Scan};
use crate::domain::{Counts, Severity, age, bytes};

/// How old, in few characters; `?` where it is not known.
pub fn since(time: Option<Timestamp>, now: Timestamp) -> String {
    time.map_or_else(|| "?".to_owned(), |time| age(now.as_second() - time.as_second()))
}

/// The cell of an image.
pub fn image(cell: &Cell<Image>) -> String {
    match cell {
        Cell::Loading => "… loading".to_owned(),
        Cell::None(_) => "– no image".to_owned(),
        Cell::Failed(why) => format!("✗ {why}"),
        Cell::Ready(image) | Cell::Stale(image) => match &image.moved {
            Some(from) => format!("! moved, built from {from}"),
            None => format!("✓ {} arch {}", image.platforms.len(), bytes(image.size)),
        },
    }
}

/// The cell of a scan.
pub fn scan(cell: &Cell<Scan>, now: Timestamp) -> String {
    match cell {
        Cell::Loading => "… loading".to_owned(),
        Cell::None(why) => format!("– {why}"),
        Cell::Failed(why) => format!("✗ {why}"),
        Cell::Ready(scan) => format!("{} {}", counts(scan.counts), since(scan.made, now)),
        Cell::Stale(scan) => format!("~ {} stale {}", counts(scan.counts), since(scan.made, now)),
    }
}

fn counts(counts: Counts) -> String {
    match counts.worst() {
        None => "✓ clean".to_owned(),
        Some((Severity::Critical, _)) => format!("✗ {counts}"),
        Some(_) => format!("! {counts}"),
    }
}

/// Where a digest is: `dev · stage`; what could not be found out says so.
pub fn places(facts: &Facts) -> String {
    let words: Vec<String> = facts
        .places
        .iter()
        .filter_map(|place| match &place.there {
            Cell::Ready(true) if place.signed == Cell::Ready(true) => {
                Some(format!("{} signed", place.environment))
            }
            Cell::Ready(true) => Some(place.environment.to_string()),
            Cell::Failed(_) => Some(format!("{} ✗ failed", place.environment)),
            Cell::Loading => Some(format!("{} …", place.environment)),
            Cell::Ready(false) | Cell::None(_) | Cell::Stale(_) => None,
        })
        .collect();
    if words.is_empty() {
        "–".to_owned()
    } else {
        words.join(" · ")
    }
}

/// What runs in an environment, on one line.
pub fn running(now_there: &EnvironmentNow, now: Timestamp) -> String {
    match &now_there.running {
        Cell::Loading => "… loading".to_owned(),
        Cell::None(why) => format!("– {why}"),
        Cell::Failed(why) => format!("✗ {why}"),
        Cell::Ready(running) | Cell::Stale(running) => {
            let name = [
                running.release.clone(),
                running.short.as_ref().map(|short| format!("sha-{short}")),
            ];
            let name: Vec<_> = name.into_iter().flatten().collect();
            let signed = match running.signed {
                Some(true) => "  ✓ signed",
                Some(false) => "  ! not signed",
                None => "",
            };
            let since = running
                .since
                .map(|time| format!("  {}", since(Some(time), now)))
                .unwrap_or_default();
            format!("✓ {}  {}{since}{signed}", name.join(" "), running.digest.short())
        }
    }
}
