//! Which of two versions of a package is the later one, by the rules of its kind. Where the rules are not known, or leave
//! it open, nothing is guessed.

use std::cmp::Ordering;
use std::iter::Peekable;
use std::str::Chars;

use semver::Version;

/// How `old` and `new` of a package of `kind` (a type of package URLs: `apk`, `deb`, `npm`, …) are ordered; none where
/// that cannot be told.
pub fn compare_versions(kind: &str, old: &str, new: &str) -> Option<Ordering> {
    if old == new {
        return Some(Ordering::Equal);
    }
    match kind {
        "apk" => apk(old, new),
        "deb" => Some(with_epoch(old, new, |a, b| revisions(a, b, dpkg))),
        "rpm" => Some(with_epoch(old, new, |a, b| revisions(a, b, rpm))),
        // A pseudo-version of Go is a semantic version too.
        "npm" | "cargo" | "golang" | "hex" | "pub" | "nuget" | "composer" | "swift" => {
            semantic(old, new).or_else(|| dotted(old, new))
        }
        _ => dotted(old, new),
    }
}

fn semantic(old: &str, new: &str) -> Option<Ordering> {
    let version = |text: &str| Version::parse(text.strip_prefix('v').unwrap_or(text)).ok();
    let (old, new) = (version(old)?, version(new)?);
    // Build metadata has no order.
    Some(old.cmp_precedence(&new)).filter(|order| order.is_ne())
}

/// Numbers with dots between them, such as `1.4.10`; whatever follows them must be the same on both sides, because its
/// meaning is not known.
fn dotted(old: &str, new: &str) -> Option<Ordering> {
    let (old, new) = (numbers(old)?, numbers(new)?);
    if old.1 != new.1 {
        return None;
    }
    let longest = old.0.len().max(new.0.len());
    let at = |list: &[&str], nth: usize| list.get(nth).copied().unwrap_or("0").to_owned();
    (0..longest)
        .map(|nth| digits(&at(&old.0, nth), &at(&new.0, nth)))
        .find(|order| order.is_ne())
}

/// The numbers at the beginning of a version, and what is left.
fn numbers(text: &str) -> Option<(Vec<&str>, &str)> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (front, rest) = text.split_at(end);
    // `1.4.Final`: the dot belongs to what is left.
    let front = front.strip_suffix('.').unwrap_or(front);
    let parts: Vec<&str> = front.split('.').collect();
    (!parts.iter().any(|part| part.is_empty())).then_some((parts, rest))
}

/// Two runs of digits by their value, however long.
fn digits(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

fn with_epoch(old: &str, new: &str, rest: impl Fn(&str, &str) -> Ordering) -> Ordering {
    let split = |text: &str| match text.split_once(':') {
        Some((epoch, rest)) if epoch.bytes().all(|b| b.is_ascii_digit()) => {
            (epoch.to_owned(), rest.to_owned())
        }
        _ => ("0".to_owned(), text.to_owned()),
    };
    let ((old_epoch, old), (new_epoch, new)) = (split(old), split(new));
    digits(&old_epoch, &new_epoch).then_with(|| rest(&old, &new))
}

/// The version of those who wrote it, then that of those who packaged it: `3.0.15-1~deb12u1`.
fn revisions(old: &str, new: &str, compare: fn(&str, &str) -> Ordering) -> Ordering {
    let split = |text: &str| match text.rsplit_once('-') {
        Some((version, revision)) => (version.to_owned(), revision.to_owned()),
        None => (text.to_owned(), String::new()),
    };
    let ((old, old_revision), (new, new_revision)) = (split(old), split(new));
    compare(&old, &new).then_with(|| compare(&old_revision, &new_revision))
}

/// A run of characters that `wanted` takes.
fn run(chars: &mut Peekable<Chars<'_>>, wanted: impl Fn(char) -> bool) -> String {
    let mut taken = String::new();
    while let Some(c) = chars.next_if(|c| wanted(*c)) {
        taken.push(c);
    }
    taken
}

/// deb-version(7): letters before all else, `~` before even the end.
fn dpkg(old: &str, new: &str) -> Ordering {
    let weight = |c: Option<&char>| match c {
        Some('~') => -1,
        None | Some('0'..='9') => 0,
        Some(c) if c.is_ascii_alphabetic() => i64::from(u32::from(*c)),
        Some(c) => i64::from(u32::from(*c)) + 0x0011_0000,
    };
    let (mut old, mut new) = (old.chars().peekable(), new.chars().peekable());
    while old.peek().is_some() || new.peek().is_some() {
        loop {
            let order = weight(old.peek()).cmp(&weight(new.peek()));
            if order.is_ne() {
                return order;
            }
            if old.peek().is_none_or(char::is_ascii_digit) {
                break;
            }
            old.next();
            new.next();
        }
        let order = digits(
            &run(&mut old, |c| c.is_ascii_digit()),
            &run(&mut new, |c| c.is_ascii_digit()),
        );
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

/// rpmvercmp: runs of digits and of letters, a number after letters, `~` before and `^` after the end.
fn rpm(old: &str, new: &str) -> Ordering {
    let is_separator = |c: char| !c.is_ascii_alphanumeric() && c != '~' && c != '^';
    let (mut old, mut new) = (old.chars().peekable(), new.chars().peekable());
    loop {
        run(&mut old, is_separator);
        run(&mut new, is_separator);
        let order = match (old.peek().copied(), new.peek().copied()) {
            (None, None) => return Ordering::Equal,
            (Some(a @ ('~' | '^')), Some(b)) if a == b => {
                old.next();
                new.next();
                continue;
            }
            (Some('~'), _) => Ordering::Less,
            (_, Some('~')) | (Some(_), None) => Ordering::Greater,
            (None | Some('^'), Some(_)) => Ordering::Less,
            (Some(_), Some('^')) => Ordering::Greater,
            (Some(a), Some(b)) if a.is_ascii_digit() && b.is_ascii_digit() => digits(
                &run(&mut old, |c| c.is_ascii_digit()),
                &run(&mut new, |c| c.is_ascii_digit()),
            ),
            (Some(a), Some(b)) if a.is_ascii_digit() != b.is_ascii_digit() => {
                a.is_ascii_digit().cmp(&b.is_ascii_digit())
            }
            (Some(_), Some(_)) => {
                let letters = |c: char| c.is_ascii_alphabetic();
                run(&mut old, letters).cmp(&run(&mut new, letters))
            }
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// apk's version: numbers, a letter, suffixes before (`_rc1`) and after (`_p1`) the release, the revision of the package.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Apk {
    numbers: Vec<Number>,
    letter: Option<char>,
    suffixes: Vec<(i8, u64)>,
    revision: u64,
}

/// A number without leading zeros, ordered by its value.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Number(usize, String);

impl Number {
    fn of(text: &str) -> Self {
        let text = text.trim_start_matches('0');
        Self(text.len(), text.to_owned())
    }
}

impl Apk {
    /// The rank of the end of the suffixes: after `_rc`, before `_p`.
    const END: (i8, u64) = (0, 0);

    fn parse(text: &str) -> Option<Self> {
        let (text, revision) = match text.rsplit_once("-r") {
            Some((text, revision)) => (text, revision.parse().ok()?),
            None => (text, 0),
        };
        let mut parts = text.split('_');
        let front = parts.next()?;
        let (front, letter) = match front.chars().next_back() {
            Some(letter @ 'a'..='z') => (&front[..front.len() - 1], Some(letter)),
            _ => (front, None),
        };
        let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let numbers: Vec<&str> = front.split('.').collect();
        if !numbers.iter().all(is_number) {
            return None;
        }
        let mut suffixes = Vec::new();
        for part in parts {
            let end = part.find(|c: char| c.is_ascii_digit()).unwrap_or(part.len());
            let rank = match &part[..end] {
                "alpha" => -4,
                "beta" => -3,
                "pre" => -2,
                "rc" => -1,
                "cvs" => 1,
                "svn" => 2,
                "git" => 3,
                "hg" => 4,
                "p" => 5,
                _ => return None,
            };
            let number = &part[end..];
            suffixes.push((
                rank,
                if number.is_empty() {
                    0
                } else {
                    number.parse().ok()?
                },
            ));
        }
        suffixes.push(Self::END);
        Some(Self {
            numbers: numbers.into_iter().map(Number::of).collect(),
            letter,
            suffixes,
            revision,
        })
    }
}

fn apk(old: &str, new: &str) -> Option<Ordering> {
    Some(Apk::parse(old)?.cmp(&Apk::parse(new)?)).filter(|order| order.is_ne())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_kind_is_ordered_by_its_own_rules() {
        for (kind, lower, higher) in [
            ("apk", "3.3.1-r0", "3.3.1-r3"),
            ("apk", "3.3.1-r3", "3.3.10-r0"),
            ("apk", "1.2.5_rc1-r0", "1.2.5-r0"),
            ("apk", "1.2.5-r0", "1.2.5_p1-r0"),
            ("apk", "1.1.1w-r0", "3.0.0-r0"),
            ("apk", "1.1.1-r0", "1.1.1a-r0"),
            ("apk", "1.1.1-r9", "1.1.1-r10"),
            ("deb", "3.0.15-1~deb12u1", "3.0.15-1"),
            ("deb", "3.0.15-1~deb12u1", "3.0.16-1~deb12u1"),
            ("deb", "2.0", "1:1.0"),
            ("deb", "1.0~rc1-1", "1.0-1"),
            ("deb", "1.2.3-9", "1.2.3-10"),
            ("deb", "1.0", "1.0+b1"),
            ("deb", "7.6-0", "7.6p2-4"),
            ("rpm", "1.0.2k-19.el7", "1.1.1-1.el8"),
            ("rpm", "1.0~rc1-1", "1.0-1"),
            ("rpm", "1.0-1", "1.0^git1-1"),
            ("rpm", "1.0^git1-1", "1.0.1-1"),
            ("rpm", "1.0a-1", "1.0.1-1"),
            ("rpm", "2.9-1", "2.10-1"),
            ("npm", "1.2.3-rc.1", "1.2.3"),
            ("golang", "v0.9.0", "v0.10.0"),
            (
                "golang",
                "v0.0.0-20230101000000-aaaaaaaaaaaa",
                "v0.0.0-20240101000000-aaaaaaaaaaaa",
            ),
            ("nuget", "1.2.3.4", "1.2.3.10"),
            ("maven", "2.17.0", "2.17.1"),
            ("maven", "5.6.14.Final", "5.6.15.Final"),
            ("pypi", "2.9", "2.10.1"),
            ("os", "3.20.3", "3.20.10"),
            ("", "1.36", "1.36.1"),
        ] {
            assert_eq!(
                compare_versions(kind, lower, higher),
                Some(Ordering::Less),
                "{kind} {lower} {higher}"
            );
            assert_eq!(
                compare_versions(kind, higher, lower),
                Some(Ordering::Greater),
                "{kind} {higher} {lower}"
            );
        }
    }

    #[test]
    fn what_the_rules_leave_open_is_not_guessed() {
        for (kind, old, new) in [
            ("maven", "1.0-jre", "1.1-android"),
            ("pypi", "1.0b1", "1.0rc1"),
            ("", "2b2e927", "abc"),
            ("apk", "not a version", "1.0-r0"),
            ("cargo", "1.0.0+a", "1.0.0+b"),
            ("", "1.0", "1.0.0"),
            ("npm", "latest", "next"),
        ] {
            assert_eq!(compare_versions(kind, old, new), None, "{kind} {old} {new}");
        }
    }

    proptest! {
        #[test]
        fn turning_the_question_round_turns_the_answer_round(
            kind in "apk|deb|rpm|npm|maven|",
            old in "[0-9a-z.:~^+_-]{0,12}",
            new in "[0-9a-z.:~^+_-]{0,12}",
        ) {
            let there = compare_versions(&kind, &old, &new);
            let back = compare_versions(&kind, &new, &old);
            prop_assert_eq!(there.map(Ordering::reverse), back);
        }
    }
}
