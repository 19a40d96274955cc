//! Figures for people: sizes, ages and counts, in as few characters as a table cell has.

/// `41 MB`: a size in decimal units, with a decimal only below ten.
pub fn bytes(size: u64) -> String {
    const UNITS: [&str; 6] = ["B", "kB", "MB", "GB", "TB", "PB"];
    if size < 1000 {
        return format!("{size} B");
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "three digits are shown, 52 bits are kept"
    )]
    let mut value = size as f64;
    let mut unit = 0;
    while value >= 999.5 && unit < UNITS.len() - 1 {
        value /= 1000.0;
        unit += 1;
    }
    if value < 9.95 {
        format!("{value:.1} {}", UNITS[unit])
    } else {
        format!("{value:.0} {}", UNITS[unit])
    }
}

/// `4m`, `3h`, `12d`, `5w`, `3y`: how long ago, in seconds; `now` below one minute, and for a clock that runs ahead.
pub fn age(seconds: i64) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    match seconds {
        s if s < MINUTE => "now".to_owned(),
        s if s < HOUR => format!("{}m", s / MINUTE),
        s if s < DAY => format!("{}h", s / HOUR),
        s if s < 60 * DAY => format!("{}d", s / DAY),
        s if s < 730 * DAY => format!("{}mo", s / (30 * DAY)),
        s => format!("{}y", s / (365 * DAY)),
    }
}

/// `45 s`, `5 h 12 min`, `24 h`, `9 d 2 h`: how long something takes, in its two largest units. Days are told from three on:
/// shorter times are compared with limits in hours.
pub fn span(time: jiff::SignedDuration) -> String {
    const UNITS: [(i64, &str); 4] = [(24 * 60 * 60, "d"), (60 * 60, "h"), (60, "min"), (1, "s")];
    let seconds = time.as_secs().max(0);
    let smallest = |unit: i64| if unit == UNITS[0].0 { 3 * unit } else { unit };
    let largest = UNITS.iter().position(|(unit, _)| seconds >= smallest(*unit));
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (unit, name) in &UNITS[largest.unwrap_or(UNITS.len() - 1)..] {
        parts.push((rest / unit, format!("{} {name}", rest / unit)));
        rest %= unit;
    }
    parts.truncate(2);
    if parts.len() == 2 && parts[1].0 == 0 {
        parts.pop();
    }
    let words: Vec<_> = parts.into_iter().map(|(_, words)| words).collect();
    words.join(" ")
}

/// `1 commit`, `14 commits`.
pub fn count(n: usize, what: &str) -> String {
    if n == 1 {
        format!("1 {what}")
    } else {
        format!("{n} {what}s")
    }
}

/// The first `most` of `items`, and how many there are besides: `a, b and 3 more`.
pub fn first<T: std::fmt::Display>(items: impl ExactSizeIterator<Item = T>, most: usize) -> String {
    let more = items.len().saturating_sub(most);
    let named: Vec<_> = items.take(most).map(|item| item.to_string()).collect();
    let named = named.join(", ");
    match more {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_names_its_first_and_counts_the_others() {
        let of = |items: &[&str]| first(items.iter(), 2);
        assert_eq!(of(&[]), "");
        assert_eq!(of(&["a", "b"]), "a, b");
        assert_eq!(of(&["a", "b", "c", "d"]), "a, b and 2 more");
    }

    #[test]
    fn sizes_take_at_most_six_characters() {
        for (size, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (9_960, "10 kB"),
            (41_234_567, "41 MB"),
            (999_900, "1.0 MB"),
            (7_300_000_000, "7.3 GB"),
        ] {
            assert_eq!(bytes(size), text);
        }
    }

    #[test]
    fn a_span_has_its_two_largest_units() {
        for (seconds, text) in [
            (-5, "0 s"),
            (59, "59 s"),
            (90, "1 min 30 s"),
            (3_600, "1 h"),
            (18_759, "5 h 12 min"),
            (48 * 3_600, "48 h"),
            (72 * 3_600, "3 d"),
            (9 * 86_400 + 7_300, "9 d 2 h"),
        ] {
            assert_eq!(span(jiff::SignedDuration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn ages_are_rounded_down() {
        for (seconds, text) in [
            (-5, "now"),
            (59, "now"),
            (61, "1m"),
            (7_199, "1h"),
            (12 * 86_400, "12d"),
            (100 * 86_400, "3mo"),
        ] {
            assert_eq!(age(seconds), text);
        }
    }
}
