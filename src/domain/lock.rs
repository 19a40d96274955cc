//! Locks between machines: what is locked, the note that its owner leaves at the remote, and when a note is stale.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};

use super::note::{fit, message, values};
use super::{EnvironmentName, NameError, ServiceName, age};

/// Where all locks are on a remote.
const ROOT: &str = "refs/windlass/locks/";
/// How far the clocks of two machines may be apart before one of them takes the other's lock for stale.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(5);
/// The form of notes that is written, and the only one that is read.
const FORM: &str = "1";

/// What of a service only one operation at a time may work on, as a person names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LockPart {
    /// An environment.
    Environment(EnvironmentName),
    /// The release and hotfix branches of its repository, with the branches that they are merged into.
    Releases,
}

impl FromStr for LockPart {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Ok(match text {
            "releases" => Self::Releases,
            name => Self::Environment(name.parse()?),
        })
    }
}

impl fmt::Display for LockPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(name) => fmt::Display::fmt(name, f),
            Self::Releases => f.pad("releases"),
        }
    }
}

super::serde_as_text!(LockPart);

/// What is locked at a remote.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LockSubject {
    /// An environment of a service.
    Environment(ServiceName, EnvironmentName),
    /// The release and hotfix branches of all services of the repository, since all are merged into the same branches.
    Releases,
}

/// The last part of the ref that locks all releases. No service is called `_`.
const RELEASES: &str = "_/releases";

impl LockSubject {
    /// What `part` is for `service`.
    pub fn new(service: &ServiceName, part: &LockPart) -> Self {
        match part {
            LockPart::Environment(name) => Self::Environment(service.clone(), name.clone()),
            LockPart::Releases => Self::Releases,
        }
    }

    /// The service whose environment it is; none for the releases of the whole repository.
    pub const fn service(&self) -> Option<&ServiceName> {
        match self {
            Self::Environment(service, _) => Some(service),
            Self::Releases => None,
        }
    }

    /// The same as a person names it.
    pub fn part(&self) -> LockPart {
        match self {
            Self::Environment(_, name) => LockPart::Environment(name.clone()),
            Self::Releases => LockPart::Releases,
        }
    }

    /// The full name of the ref that is the lock: `refs/windlass/locks/payment-svc/stage`. A name that git takes in no
    /// ref, `x.lock`, gets a `_` at its end, which no name has.
    pub fn reference(&self) -> String {
        let fit = |name: &str| match name.strip_suffix(".lock") {
            Some(_) => format!("{name}_"),
            None => name.to_owned(),
        };
        match self {
            Self::Environment(service, name) => {
                format!("{ROOT}{}/{}", fit(service.as_str()), fit(name.as_str()))
            }
            Self::Releases => format!("{ROOT}{RELEASES}"),
        }
    }

    /// What a ref of a remote locks; none for one that is no lock.
    pub fn of_reference(reference: &str) -> Option<Self> {
        let locked = reference.strip_prefix(ROOT)?;
        if locked == RELEASES {
            return Some(Self::Releases);
        }
        let (service, environment) = locked.split_once('/')?;
        let name = |text: &str| text.strip_suffix('_').unwrap_or(text).to_owned();
        let subject = Self::Environment(name(service).parse().ok()?, name(environment).parse().ok()?);
        (subject.reference() == reference).then_some(subject)
    }

    /// What `git ls-remote` finds all locks by.
    pub fn pattern() -> String {
        format!("{ROOT}*")
    }
}

impl fmt::Display for LockSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(service, name) => write!(f, "{service} in {name}"),
            Self::Releases => f.pad("release branches"),
        }
    }
}

/// What the owner of a lock writes about itself. All times are in UTC, to the second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockNote {
    owner: String,
    host: String,
    run: String,
    taken: Timestamp,
    expires: Timestamp,
    purpose: String,
}

impl LockNote {
    /// The note of `owner` at `host` for the run `run`, which does `purpose`, from `now` on for as long as `lasts`. Texts
    /// are made fit for a line.
    pub fn new(
        owner: &str,
        host: &str,
        run: &str,
        purpose: &str,
        now: Timestamp,
        lasts: SignedDuration,
    ) -> Self {
        let taken = whole_seconds(now);
        Self {
            owner: fit(owner),
            host: fit(host),
            run: fit(run),
            purpose: fit(purpose),
            expires: later(taken, lasts),
            taken,
        }
    }

    /// The user.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// The machine.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The name of the run.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// What the run does: the title of its plan.
    pub fn purpose(&self) -> &str {
        &self.purpose
    }

    /// Since when it is held, by the owner's clock.
    pub const fn taken(&self) -> Timestamp {
        self.taken
    }

    /// Until when it is held, by the owner's clock, unless it is renewed.
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }

    /// `ana@desk, run 1f9a2b3c`.
    pub fn holder(&self) -> String {
        let at = self.run.char_indices().rev().nth(7).map_or(0, |(at, _)| at);
        format!("{}@{}, run {}", self.owner, self.host, &self.run[at..])
    }

    /// The same lock, held from `now` on for as long as `lasts`.
    #[must_use]
    pub fn renewed(&self, now: Timestamp, lasts: SignedDuration) -> Self {
        Self {
            expires: later(whole_seconds(now), lasts).max(self.expires),
            ..self.clone()
        }
    }

    /// Whether more than half of `lasts` is gone, so that it is time to renew it.
    pub fn is_half_gone(&self, now: Timestamp, lasts: SignedDuration) -> bool {
        self.expires.duration_since(now) < lasts / 2
    }

    /// Whether its time is over, even if the owner's clock and the one that `now` is from are a little apart.
    pub fn standing(&self, now: Timestamp) -> LockStanding {
        let over = now.duration_since(self.expires);
        if over > CLOCKS_DIFFER {
            LockStanding::Stale { over }
        } else {
            LockStanding::Held
        }
    }

    /// The note as the message of a commit: a line for people, then a line for each value.
    pub fn text(&self, subject: &LockSubject) -> String {
        let title = format!(
            "{subject} is locked by {}@{} until {}",
            self.owner, self.host, self.expires
        );
        let values = [
            ("windlass-lock", FORM),
            ("owner", &self.owner),
            ("host", &self.host),
            ("run", &self.run),
            ("taken", &self.taken.to_string()),
            ("expires", &self.expires.to_string()),
            ("purpose", &self.purpose),
        ];
        message(&title, &values)
    }

    /// Reads the message of a commit back. Anything that windlass would not have written is no note: a value that is
    /// missing, is there twice or has no known name, one with characters that a terminal would obey, a time that is none.
    /// The time may be in any zone.
    pub fn parse(message: &str) -> Option<Self> {
        let keys = [
            "windlass-lock",
            "owner",
            "host",
            "run",
            "taken",
            "expires",
            "purpose",
        ];
        let [Some(FORM), owner, host, run, taken, expires, purpose] = values(message, keys)? else {
            return None;
        };
        let note = Self {
            owner: owner?.to_owned(),
            host: host?.to_owned(),
            run: run?.to_owned(),
            taken: taken?.parse().ok()?,
            expires: expires?.parse().ok()?,
            purpose: purpose?.to_owned(),
        };
        (note.taken <= note.expires).then_some(note)
    }
}

/// How a lock stands at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockStanding {
    /// Its owner may be at work.
    Held,
    /// Its time is over, and nobody gave it back.
    Stale {
        /// For how long.
        over: SignedDuration,
    },
}

/// `2 h ago`, for a lock that expired `over` ago.
fn ago(over: SignedDuration) -> String {
    format!("{} ago", age(over.as_secs()))
}

/// A lock that is there, whoever left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldLock {
    /// What it locks.
    pub subject: LockSubject,
    /// The note of its owner; none where the text is none, so that nobody knows whose it is. It holds all the same.
    pub note: Option<LockNote>,
}

impl HeldLock {
    /// How it stands. One of an unknown owner is never stale: nothing says until when it was meant.
    pub fn standing(&self, now: Timestamp) -> LockStanding {
        let note = self.note.as_ref();
        note.map_or(LockStanding::Held, |note| note.standing(now))
    }

    /// `ana@desk, run 1f9a2b3c`, or `an unknown owner`.
    pub fn holder(&self) -> String {
        let note = self.note.as_ref();
        note.map_or_else(|| "an unknown owner".to_owned(), LockNote::holder)
    }

    /// Who has it, since when and until when, in one line.
    pub fn words(&self, now: Timestamp) -> String {
        let Some(note) = &self.note else {
            return format!(
                "held by an unknown owner: {} is not a lock this version of windlass can read",
                self.subject.reference()
            );
        };
        let at = |time: Timestamp| time.strftime("%Y-%m-%d %H:%M:%S UTC");
        let (holder, purpose, taken) = (note.holder(), &note.purpose, at(note.taken));
        match note.standing(now) {
            LockStanding::Held => {
                let until = at(note.expires);
                format!("held by {holder} ({purpose}) since {taken}, until {until}")
            }
            LockStanding::Stale { over } => {
                let ago = ago(over);
                format!("stale: acquired by {holder} ({purpose}) {taken}, expired {ago}")
            }
        }
    }
}

fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

fn later(time: Timestamp, lasts: SignedDuration) -> Timestamp {
    time.checked_add(lasts).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
