//! The tickets that commits name, and where a person finds them.

use std::fmt;
use std::str::FromStr;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use regex::{Regex, RegexBuilder};

use super::{Clean, clean_line};

/// How trackers name tickets, as a rule: `PAY-1234`.
const USUAL: &str = "[A-Z][A-Z0-9]+-[0-9]+";
/// What looks like a ticket of the usual form and is none: standards, algorithms, catalogues of vulnerabilities.
const NO_TRACKER: [&str; 16] = [
    "AES", "CVE", "CWE", "ECMA", "FIPS", "GHSA", "HTTP", "ISO", "MD", "PEP", "RFC", "RSA", "SHA", "TLS",
    "UTC", "UTF",
];
/// The most that a pattern may take in memory when it is made ready.
const SIZE_LIMIT: usize = 1 << 20;

/// By which form tickets are found in commit messages; where the pattern has a group, the group is the ticket.
#[derive(Clone)]
pub struct TicketPattern {
    text: String,
    /// Only the usual pattern could be without it, and a test holds that it is not.
    regex: Option<Regex>,
}

/// Why a text is no pattern of tickets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TicketPatternError {
    /// Not a regular expression.
    #[error("invalid regular expression: {0}")]
    NoExpression(String),
    /// It would find tickets everywhere.
    #[error("it matches the empty text, so everything would name a ticket")]
    MatchesNothing,
}

impl TicketPattern {
    /// The tickets that `text` names, in the order in which they are named first.
    pub fn find(&self, text: &str) -> Vec<Clean> {
        let mut found: Vec<Clean> = Vec::new();
        let Some(regex) = &self.regex else {
            return found;
        };
        for captures in regex.captures_iter(text) {
            let Some(ticket) = captures.get(1).or_else(|| captures.get(0)) else {
                continue;
            };
            if self.is_usual() && !stands_alone(text, ticket.start(), ticket.end()) {
                continue;
            }
            let ticket = Clean::line(ticket.as_str());
            if !ticket.as_str().is_empty() && !found.contains(&ticket) {
                found.push(ticket);
            }
        }
        found
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn is_usual(&self) -> bool {
        self.text == USUAL
    }
}

/// Whether what was found is a word of its own, and none of those that only look like a ticket: `feature/PAY-12-refunds`
/// names one, `CVE-2026-20417` and `SHA-256` do not.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let before = text[..start].chars().next_back();
    let mut after = text[end..].chars();
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    let goes_on = match after.next() {
        Some('-' | '.') => after.next().is_some_and(|c| c.is_ascii_digit()),
        Some(c) => part_of_word(c),
        None => false,
    };
    let tracker = text[start..end].split('-').next().unwrap_or_default();
    !goes_on && !before.is_some_and(|c| part_of_word(c) || c == '-') && !NO_TRACKER.contains(&tracker)
}

impl Default for TicketPattern {
    fn default() -> Self {
        Self {
            text: USUAL.to_owned(),
            regex: Regex::new(USUAL).ok(),
        }
    }
}

impl FromStr for TicketPattern {
    type Err = TicketPatternError;

    fn from_str(text: &str) -> Result<Self, TicketPatternError> {
        let made = RegexBuilder::new(text).size_limit(SIZE_LIMIT).build();
        let regex = made.map_err(|error| {
            // The library draws the expression with a mark below it; the last line is what is wrong.
            let words = error.to_string();
            let last = words.lines().last().unwrap_or_default();
            TicketPatternError::NoExpression(clean_line(last.trim_start_matches("error: ")))
        })?;
        if regex.is_match("") {
            return Err(TicketPatternError::MatchesNothing);
        }
        Ok(Self {
            text: text.to_owned(),
            regex: Some(regex),
        })
    }
}

impl PartialEq for TicketPattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for TicketPattern {}

impl fmt::Debug for TicketPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a person finds a ticket: `https://tracker.example.com/browse/{ticket}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketUrl(String);

/// Why a text is no address of tickets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the ticket URL must have the form https://tracker.example.com/browse/{{ticket}}")]
pub struct TicketUrlError;

impl TicketUrl {
    const PLACE: &str = "{ticket}";

    /// The address of one ticket; whatever a ticket is called, it stays within its place.
    pub fn of(&self, ticket: &Clean) -> String {
        const KEPT: &percent_encoding::AsciiSet = &NON_ALPHANUMERIC
            .remove(b'-')
            .remove(b'_')
            .remove(b'.')
            .remove(b'~');
        let ticket = utf8_percent_encode(ticket.as_str(), KEPT).to_string();
        self.0.replace(Self::PLACE, &ticket)
    }
}

impl FromStr for TicketUrl {
    type Err = TicketUrlError;

    fn from_str(text: &str) -> Result<Self, TicketUrlError> {
        let example = text.replace(Self::PLACE, "PAY-1");
        let parsed = url::Url::parse(&example).map_err(|_| TicketUrlError)?;
        let is_web = matches!(parsed.scheme(), "http" | "https") && parsed.has_host();
        // What ends a link in Markdown would end this one.
        let is_plain = !text
            .contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '(' | ')' | '<' | '>'));
        // Only behind the host: a commit must not choose where a link leads.
        let place = text.find(Self::PLACE);
        let path = text
            .find("://")
            .and_then(|at| text[at + 3..].find(['/', '?', '#']).map(|slash| at + 3 + slash));
        match (place, path) {
            (Some(place), Some(path)) if path < place && is_web && is_plain => Ok(Self(text.to_owned())),
            _ => Err(TicketUrlError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tickets(pattern: &TicketPattern, text: &str) -> Vec<String> {
        pattern.find(text).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn tickets_of_the_usual_form_are_words_of_their_own() {
        let usual = TicketPattern::default();
        assert_eq!(usual.as_str(), USUAL);
        assert_eq!(
            tickets(&usual, "fix: PAY-12 and OPS2-7, again PAY-12"),
            ["PAY-12", "OPS2-7"]
        );
        assert_eq!(
            tickets(&usual, "Merge branch 'feature/PAY-12-refunds'"),
            ["PAY-12"]
        );
        assert_eq!(tickets(&usual, "fix: closes PAY-12."), ["PAY-12"]);
        for none in [
            "fix: CVE-2026-20417",
            "feat: SHA-256 and UTF-8",
            "xPAY-12",
            "PAY-12a",
            "A-PAY-12",
            "pay-12",
            "ZLIB-1.2",
        ] {
            assert!(tickets(&usual, none).is_empty(), "{none}");
        }
    }

    #[test]
    fn a_written_pattern_is_taken_at_its_word() {
        let written: TicketPattern = r"(?i)refs\s+#(\d+)".parse().unwrap();
        assert_eq!(tickets(&written, "feat: a\n\nRefs #12, refs #7"), ["12", "7"]);
        assert_eq!(
            "[".parse::<TicketPattern>().unwrap_err().to_string(),
            "invalid regular expression: unclosed character class"
        );
        assert_eq!(
            "[0-9]*".parse::<TicketPattern>(),
            Err(TicketPatternError::MatchesNothing)
        );
        assert!(matches!(
            "a{999}{999}{99}".parse::<TicketPattern>(),
            Err(TicketPatternError::NoExpression(_))
        ));
    }

    #[test]
    fn a_ticket_cannot_lead_anywhere_else() {
        let url: TicketUrl = "https://tracker.example.com/browse/{ticket}?a=1".parse().unwrap();
        assert_eq!(
            url.of(&Clean::line("PAY-12")),
            "https://tracker.example.com/browse/PAY-12?a=1"
        );
        assert_eq!(
            url.of(&Clean::line("a/../b) [x")),
            "https://tracker.example.com/browse/a%2F..%2Fb%29%20%5Bx?a=1"
        );
        for bad in [
            "https://tracker.example.com/",
            "https://{ticket}.example.com/",
            "{ticket}",
            "javascript:{ticket}",
            "ftp://a/{ticket}",
            "https://a/ {ticket}",
            "https://a/({ticket})",
        ] {
            assert!(bad.parse::<TicketUrl>().is_err(), "{bad}");
        }
    }
}
