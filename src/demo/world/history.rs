//! The sample repository's past: a payment service, six people, some weeks.

use std::fmt::Write as _;

use jiff::Timestamp;

/// A change as it came into `develop`.
struct Change {
    author: usize,
    subject: &'static str,
    /// Whether it came by a feature branch of several commits and a merge, not by one squashed commit.
    merged: bool,
}

const AUTHORS: [(&str, &str); 6] = [
    ("Ana Ruiz", "ana.ruiz@example.com"),
    ("Li Wei", "li.wei@example.com"),
    ("Omar Said", "omar.said@example.com"),
    ("Freya Lindqvist", "freya.lindqvist@example.com"),
    ("Tomasz Nowak", "tomasz.nowak@example.com"),
    ("Amara Okafor", "amara.okafor@example.com"),
];

const fn squashed(author: usize, subject: &'static str) -> Change {
    Change {
        author,
        subject,
        merged: false,
    }
}

const fn merged(author: usize, subject: &'static str) -> Change {
    Change {
        author,
        subject,
        merged: true,
    }
}

/// Oldest first. The pull requests' numbers are counted from 431 on.
const CHANGES: [Change; 52] = [
    squashed(0, "feat: accept card payments"),
    squashed(1, "feat: ledger with double entries"),
    squashed(2, "fix: reject negative amounts"),
    merged(3, "feat(api): list payments"),
    squashed(4, "chore: structured logs"),
    squashed(5, "feat: refunds"),
    squashed(0, "fix: round half to even"),
    squashed(1, "docs: how to read the ledger"),
    merged(2, "feat(api): idempotency keys"),
    squashed(3, "perf: index payments by merchant"),
    squashed(4, "fix: time out slow acquirers"),
    squashed(5, "chore: bump base image"),
    squashed(0, "test: property tests for the ledger"),
    squashed(1, "feat: partial refunds"),
    merged(2, "feat: webhooks for settlements"),
    squashed(3, "fix: retry webhooks with a cap"),
    squashed(4, "refactor: one clock for all"),
    squashed(5, "feat(api): filter by currency"),
    squashed(0, "fix: currency of zero-decimal amounts"),
    squashed(1, "chore: rotate test certificates"),
    merged(2, "feat: monthly statements"),
    squashed(3, "fix: statements in leap years"),
    squashed(4, "perf: stream statements"),
    squashed(5, "fix: keep the acquirer's reference"),
    squashed(0, "feat: dispute intake"),
    squashed(1, "chore: bump base image"),
    merged(2, "feat(api): dispute evidence"),
    squashed(3, "fix: evidence of more than 5 MB"),
    squashed(4, "docs: runbook for disputes"),
    squashed(5, "fix: duplicate dispute events"),
    squashed(0, "feat: risk score on payments"),
    squashed(1, "fix: score without a device"),
    squashed(2, "refactor: risk rules as data"),
    merged(3, "feat: fee schedules"),
    squashed(4, "fix: fees of refunds"),
    squashed(5, "perf: cache fee schedules"),
    squashed(2, "fix: rounding in refunds"),
    squashed(0, "feat: payout batches"),
    squashed(1, "fix: payout cut-off on holidays"),
    squashed(
        4,
        "chore: \u{1b}[31malarming\u{1b}[0m colours and \u{202e}backwards\u{202c} text",
    ),
    merged(5, "feat: payout reports"),
    squashed(3, "test: payouts across midnight"),
    squashed(1, "feat: idempotent payouts"),
    squashed(2, "fix: retry ledger writes"),
    squashed(0, "docs: payout states"),
    squashed(4, "fix(api): 409 for a repeated key"),
    squashed(5, "feat: soft limits on merchants"),
    squashed(1, "feat: bulk capture"),
    squashed(2, "fix: keep the trace of a retry"),
    squashed(0, "feat: export ledger"),
    squashed(1, "chore: bump base image"),
    squashed(0, "feat(api): paginate refunds"),
];

/// How many changes ago each release was cut, oldest first.
const RELEASES: [(&str, usize); 3] = [("1.3.0", 36), ("1.3.1", 25), ("1.3.2", 15)];

/// The stream of `git fast-import`, and the moment of each change.
pub(super) struct Past {
    pub(super) stream: Vec<u8>,
    /// When each change came into `develop`, newest first.
    pub(super) times: Vec<Timestamp>,
}

/// How long before now the change `nth` (newest first) was made, in seconds: minutes at first, then hours, then days.
fn seconds_ago(nth: usize) -> i64 {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const FIRST: [i64; 8] = [
        4 * MINUTE,
        3 * HOUR,
        7 * HOUR,
        22 * HOUR,
        26 * HOUR,
        31 * HOUR,
        47 * HOUR,
        52 * HOUR,
    ];
    let beyond = i64::try_from(nth).unwrap_or(0) - 7;
    FIRST
        .get(nth)
        .copied()
        .unwrap_or(FIRST[7] + beyond * 17 * HOUR + (beyond % 3) * 41 * MINUTE)
}

/// Writes the past as it looks from `now`.
pub(super) fn past(now: Timestamp) -> Past {
    let mut writer = Writer::default();
    let at = |nth| now.as_second() - seconds_ago(nth);
    let root = writer.commit(
        "main",
        0,
        at(CHANGES.len()) - 3600,
        "chore: begin",
        &[],
        &[("README.md", "# payment-svc\n")],
    );
    let dockerfile =
        "FROM alpine:3.20\nCOPY app /usr/bin/payment-svc\nUSER 65532\nENTRYPOINT [\"payment-svc\"]\n";
    let files = [
        ("Dockerfile", dockerfile),
        (".gitignore", "/windlass.toml\n/deployed\n"),
    ];
    let mut develop = writer.commit(
        "develop",
        1,
        at(CHANGES.len()),
        "ci: build images of develop",
        &[root],
        &files,
    );
    let mut main = root;
    let mut times = Vec::with_capacity(CHANGES.len());
    for (index, change) in CHANGES.iter().enumerate() {
        let nth = CHANGES.len() - 1 - index;
        let time = at(nth);
        let number = 431 + index;
        let line = format!("{number} {}\n", change.subject);
        let file = format!("src/change_{number}.txt");
        if change.merged {
            let branch = format!("feature/{number}");
            let half = writer.commit(
                &branch,
                change.author,
                time - 5400,
                "wip: first half",
                &[develop],
                &[(&file, "half\n")],
            );
            let whole = writer.commit(
                &branch,
                change.author,
                time - 1800,
                change.subject,
                &[half],
                &[(&file, &line)],
            );
            let subject = format!("{} (#{number})", change.subject);
            develop = writer.commit(
                "develop",
                (change.author + 1) % 6,
                time,
                &subject,
                &[develop, whole],
                &[(&file, &line)],
            );
            let _ = writeln!(
                writer.out,
                "reset refs/heads/{branch}\nfrom 0000000000000000000000000000000000000000\n"
            );
        } else {
            let subject = format!("{} (#{number})", change.subject);
            develop = writer.commit(
                "develop",
                change.author,
                time,
                &subject,
                &[develop],
                &[(&file, &line)],
            );
        }
        times.push(time);
        if let Some((version, _)) = RELEASES.iter().find(|(_, ago)| *ago == nth) {
            let subject = format!("release v{version}");
            main = writer.commit(
                "main",
                3,
                time + 7200,
                &subject,
                &[main, develop],
                &[("RELEASE", version)],
            );
            let _ = writeln!(writer.out, "reset refs/tags/v{version}\nfrom :{develop}\n");
        }
    }
    times.reverse();
    Past {
        stream: writer.into_stream(),
        times: times
            .into_iter()
            .filter_map(|second| Timestamp::from_second(second).ok())
            .collect(),
    }
}

/// Writes a stream for `git fast-import`.
#[derive(Default)]
pub(super) struct Writer {
    out: String,
    mark: usize,
}

impl Writer {
    /// The stream.
    pub(super) fn into_stream(self) -> Vec<u8> {
        self.out.into_bytes()
    }

    /// Writes a commit, and returns its mark.
    pub(super) fn commit(
        &mut self,
        branch: &str,
        author: usize,
        time: i64,
        subject: &str,
        parents: &[usize],
        files: &[(&str, &str)],
    ) -> usize {
        self.mark += 1;
        let (name, mail) = AUTHORS[author % AUTHORS.len()];
        let offset = ["+0100", "+0800", "+0200", "+0100", "+0100", "+0000"][author % AUTHORS.len()];
        let out = &mut self.out;
        // Writing to a String does not fail.
        let _ = writeln!(out, "commit refs/heads/{branch}\nmark :{}", self.mark);
        let _ = writeln!(
            out,
            "author {name} <{mail}> {time} {offset}\ncommitter {name} <{mail}> {time} {offset}"
        );
        let _ = writeln!(out, "data {}\n{subject}", subject.len() + 1);
        for (index, parent) in parents.iter().enumerate() {
            let _ = writeln!(out, "{} :{parent}", if index == 0 { "from" } else { "merge" });
        }
        for (path, text) in files {
            let _ = writeln!(out, "M 100644 inline {path}\ndata {}\n{text}", text.len());
        }
        let _ = writeln!(out);
        self.mark
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_grows_older_with_each_step() {
        let ages: Vec<_> = (0..CHANGES.len()).map(seconds_ago).collect();
        assert!(ages.windows(2).all(|pair| pair[0] < pair[1]), "{ages:?}");
        assert_eq!(past(Timestamp::now()).times.len(), CHANGES.len());
    }
}
