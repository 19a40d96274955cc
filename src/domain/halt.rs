//! Stopping the line: a note on a ref of the remote that forbids promotions to an environment, for every machine and every
//! job, until another note lifts it. The ref keeps all notes, each as a commit on top of the one before.

use jiff::Timestamp;

use super::note::{fit, message, values};
use super::{Clean, EnvironmentName};

/// Where all halts are on a remote.
const ROOT: &str = "refs/windlass/halts/";
/// The form of notes that is written, and the only one that is read.
const FORM: &str = "1";
const KEYS: [&str; 10] = [
    "windlass-halt",
    "environment",
    "state",
    "reason",
    "owner",
    "host",
    "run",
    "at",
    "lifts",
    "signature",
];

/// The full name of the ref that halts an environment: `refs/windlass/halts/prod`. A name that git takes in no ref, `x.lock`,
/// gets a `_` at its end, which no name has.
pub fn halt_reference(environment: &EnvironmentName) -> String {
    let end = if environment.as_str().strip_suffix(".lock").is_some() {
        "_"
    } else {
        ""
    };
    format!("{ROOT}{environment}{end}")
}

/// The environment that a ref of a remote halts; none for a ref that is no halt.
pub fn halted_by_reference(reference: &str) -> Option<EnvironmentName> {
    let name = reference.strip_prefix(ROOT)?;
    let name: EnvironmentName = name.strip_suffix('_').unwrap_or(name).parse().ok()?;
    (halt_reference(&name) == reference).then_some(name)
}

/// What `git ls-remote` finds all halts by.
pub fn halt_pattern() -> String {
    format!("{ROOT}*")
}

/// Whether promotions stop, or may go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HaltState {
    /// Nothing is promoted.
    Halted,
    /// The halt is lifted.
    Resumed {
        /// The note that it lifts: it says nothing about any other.
        lifts: String,
    },
}

/// Who stopped the line or let it go on, when and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HaltNote {
    /// The environment.
    pub environment: EnvironmentName,
    /// Which of both.
    pub state: HaltState,
    /// Why.
    pub reason: Clean,
    /// Who: user and host.
    pub by: (Clean, Clean),
    /// The run that left it.
    pub run: Clean,
    /// When, to the second.
    pub at: Timestamp,
    /// Base64 of the signature of [`HaltNote::signed`], if it is signed.
    pub signature: Option<String>,
}

impl HaltNote {
    /// A note that is not signed. Texts are made fit for a line.
    pub fn new(
        environment: EnvironmentName,
        state: HaltState,
        reason: &str,
        by: (&str, &str),
        run: &str,
        at: Timestamp,
    ) -> Self {
        let fit = |text: &str| Clean::line(&fit(text));
        Self {
            environment,
            state,
            reason: fit(reason),
            by: (fit(by.0), fit(by.1)),
            run: fit(run),
            at: Timestamp::from_second(at.as_second()).unwrap_or(at),
            signature: None,
        }
    }

    /// `halted by ana@desk on 2026-11-27 03:12 UTC: INC-42`.
    pub fn words(&self) -> String {
        let state = match self.state {
            HaltState::Halted => "halted",
            HaltState::Resumed { .. } => "resumed",
        };
        format!(
            "{state} by {}@{} on {}: {}",
            self.by.0,
            self.by.1,
            self.at.strftime("%Y-%m-%d %H:%M UTC"),
            self.reason
        )
    }

    /// What is signed: the message of the commit without the signature.
    pub fn signed(&self) -> String {
        Self {
            signature: None,
            ..self.clone()
        }
        .message()
    }

    /// The note as the message of a commit: a line for people, then a line for each value.
    pub fn message(&self) -> String {
        let at = self.at.to_string();
        let mut lines = vec![
            ("windlass-halt", FORM),
            ("environment", self.environment.as_str()),
        ];
        match &self.state {
            HaltState::Halted => lines.push(("state", "halted")),
            HaltState::Resumed { lifts } => lines.extend([("state", "resumed"), ("lifts", lifts)]),
        }
        lines.extend([
            ("reason", self.reason.as_str()),
            ("owner", self.by.0.as_str()),
            ("host", self.by.1.as_str()),
            ("run", self.run.as_str()),
            ("at", &at),
        ]);
        lines.extend(
            self.signature
                .as_deref()
                .map(|signature| ("signature", signature)),
        );
        message(&format!("{} is {}", self.environment, self.words()), &lines)
    }

    /// Reads the message of a commit back; none for what windlass would not have written.
    pub fn parse(message: &str) -> Option<Self> {
        let [
            form,
            environment,
            state,
            reason,
            owner,
            host,
            run,
            at,
            lifts,
            signature,
        ] = values(message, KEYS)?;
        let state = match (state?, lifts) {
            ("halted", None) => HaltState::Halted,
            ("resumed", Some(lifts)) => HaltState::Resumed {
                lifts: lifts.to_owned(),
            },
            _ => return None,
        };
        let text = |value: Option<&str>| value.map(Clean::line);
        let note = Self {
            environment: environment?.parse().ok()?,
            state,
            reason: text(reason)?,
            by: (text(owner)?, text(host)?),
            run: text(run)?,
            at: at?.parse().ok()?,
            signature: signature.map(str::to_owned),
        };
        (form? == FORM).then_some(note)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(state: HaltState) -> HaltNote {
        let at = "2026-11-27T03:12:00.5Z".parse().unwrap();
        HaltNote::new(
            "prod".parse().unwrap(),
            state,
            " INC-42\u{1b}[31m\nsee chat ",
            ("ana", "desk"),
            "r1",
            at,
        )
    }

    #[test]
    fn a_note_is_read_back_as_it_was_written_with_and_without_a_signature() {
        let lifts = HaltState::Resumed {
            lifts: "ab12".to_owned(),
        };
        for state in [HaltState::Halted, lifts] {
            let plain = note(state);
            assert_eq!(HaltNote::parse(&plain.message()), Some(plain.clone()));
            let signed = HaltNote {
                signature: Some("MEUC".to_owned()),
                ..plain.clone()
            };
            assert_eq!(HaltNote::parse(&signed.message()), Some(signed.clone()));
            assert_eq!(signed.signed(), plain.message());
        }
        assert_eq!(
            note(HaltState::Halted).words(),
            "halted by ana@desk on 2026-11-27 03:12 UTC: INC-42 see chat"
        );
    }

    #[test]
    fn what_is_no_note_is_not_read_as_one() {
        let message = note(HaltState::Halted).message();
        for wrong in [
            message.replace("state: halted", "state: paused"),
            message.replace("state: halted", "state: resumed"),
            message.replace("windlass-halt: 1", "windlass-halt: 2"),
            message.replace("environment: prod", "environment: Prod!"),
            format!("{message}reason: another\n"),
            format!("{message}until: tomorrow\n"),
            String::new(),
        ] {
            assert_eq!(HaltNote::parse(&wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_ref_halts_the_environment_that_it_is_named_after() {
        for name in ["prod", "eu-west.lock"] {
            let environment: EnvironmentName = name.parse().unwrap();
            let reference = halt_reference(&environment);
            assert_eq!(halted_by_reference(&reference), Some(environment));
        }
        for other in [
            "refs/windlass/locks/a/b",
            "refs/windlass/halts/",
            "refs/windlass/halts/a/b",
        ] {
            assert_eq!(halted_by_reference(other), None, "{other}");
        }
    }
}
