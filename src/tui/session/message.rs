//! What a session hears, and what it asks for.

use crossterm::event::{KeyEvent, MouseEvent};
use jiff::Timestamp;
use secrecy::SecretString;

use super::notice::Message;
use super::request::Request;
use super::standing::Standing;
use crate::board::{Cell, EnvironmentNow, Facts};
use crate::domain::{CommitSha, Digest, EnvironmentName, HeldLock, Plan};
use crate::engine::{DeploymentReview, Event, Releases, RemoteRuns, RunId, WaitingRun};
use crate::github::{Checks, CommitState};
use crate::tui::dialogs::EnvironmentHistory;
use crate::tui::screens::board::{Gates, Row};
use crate::tui::screens::findings::Content;
use crate::tui::screens::page::{PageContent, PageOf};
use crate::tui::screens::runs::PastRun;

/// Something that the console hears.
#[derive(Debug)]
pub enum Msg {
    /// A key.
    Key(KeyEvent),
    /// Pasted text.
    Paste(String),
    /// The mouse.
    Mouse(MouseEvent),
    /// The terminal has another size now, in columns and rows.
    Resize(u16, u16),
    /// The time.
    Now(Timestamp),
    /// The process was asked to end.
    Terminate,
    /// The process was asked to stop until it is continued.
    Suspend,
    /// More candidates, and whether these were the last.
    Commits(Vec<Row>, bool),
    /// The history of the branch could not be read.
    HistoryFailed(String),
    /// What is known of a candidate now.
    Facts(CommitSha, Box<Facts>),
    /// What is deployed to the environments, when that was found out, and whether nothing else was asked.
    Environments(Vec<EnvironmentNow>, Timestamp, bool),
    /// What the gates before an environment say.
    Gates(CommitSha, EnvironmentName, Gates),
    /// The findings of a candidate.
    Examined(CommitSha, Content),
    /// The releases, and whether every one was asked for.
    Releases(bool, Result<Releases, Message>),
    /// How the environments stand that promotions reach.
    EnvironmentStatuses(Vec<(EnvironmentName, Cell<Standing>)>),
    /// What an environment has deployed, and ran before.
    Past(EnvironmentName, Result<Box<EnvironmentHistory>, Message>),
    /// What is locked at the remote.
    Locks(Result<Vec<HeldLock>, Message>),
    /// A text to be read.
    Page(PageOf, PageContent),
    /// What the plan with this number changes where it deploys.
    Compared(u64, Result<Vec<String>, String>),
    /// The answer to the request with this number.
    PlanReady(u64, Result<Box<PlanReady>, Message>),
    /// Whether the run began.
    Started(Result<(RunId, Box<Plan>), Message>),
    /// Something happened in the run.
    Event(Event),
    /// The runs that have a journal on this machine, newest first.
    PastRuns(Result<Vec<PastRun>, Message>),
    /// The events of a run that its journal has.
    Replayed(Result<Vec<Event>, Message>),
    /// The runs on GitHub; none where the repository is elsewhere.
    RemoteRuns(Result<Option<RemoteRuns>, Message>),
    /// The answer to the request with this number: what waits in a run on GitHub.
    WaitingRun(u64, Result<Box<WaitingRun>, Message>),
    /// How the checks of these commits stand, as far as GitHub knows them; none where it has no GraphQL.
    CommitStates(
        Vec<CommitSha>,
        Result<Option<Vec<(CommitSha, CommitState)>>, String>,
    ),
    /// The checks of a commit by name.
    CommitChecks(CommitSha, Result<Checks, String>),
    /// What became of a review.
    Reviewed(DeploymentReview, Result<(), Message>),
    /// Something is to be read by a person, such as the outcome of a verification.
    Told(Message),
}

/// A plan that was made.
#[derive(Debug)]
pub struct PlanReady {
    /// The plan.
    pub plan: Plan,
    /// Whether carrying it out needs a password.
    pub asks_password: bool,
    /// The version of a release that it cuts.
    pub version: Option<String>,
}

/// What is to be done in the world.
#[derive(Debug)]
pub enum Effect {
    /// Read more of the history.
    More,
    /// These candidates are in sight, the most wanted first.
    LookAt(Vec<CommitSha>),
    /// Ask git and registries again.
    Refresh,
    /// Ask again what is deployed to the environments and runs there.
    LookAtEnvironments,
    /// Ask the gates between a candidate and an environment.
    AskGates(CommitSha, EnvironmentName),
    /// Make a plan and answer with this number.
    Plan(u64, Request),
    /// Carry a plan out.
    Start(Box<Plan>, Option<SecretString>),
    /// Stop a run cleanly.
    Stop(RunId),
    /// List the runs that have a journal on this machine.
    PastRuns,
    /// Read the journal of a run.
    Replay(RunId),
    /// List the runs on GitHub.
    RemoteRuns,
    /// Ask how the checks of these commits stand.
    CommitStates(Vec<CommitSha>),
    /// Ask for the checks of a commit by name.
    CommitChecks(CommitSha),
    /// Follow the run on GitHub with this number.
    Follow(u64),
    /// Ask what waits in a run on GitHub, and answer with the first number; the second one is that of the run.
    WaitingRun(u64, u64),
    /// Approve or reject a deployment that waits.
    Review(DeploymentReview),
    /// Verify the signature of a digest in an environment.
    Verify(Digest, EnvironmentName),
    /// Read the findings of a candidate, judged by the rules of an environment.
    Examine(CommitSha, Option<EnvironmentName>),
    /// Ask for the releases; for every one, however old, if so.
    Releases(bool),
    /// Ask how the environments stand.
    EnvironmentStatuses,
    /// Ask what an environment ran before.
    Past(EnvironmentName),
    /// Ask what is locked at the remote.
    Locks,
    /// Make a text.
    Page(PageOf),
    /// Compare what is deployed with what the plan with this number brings.
    Compare(u64, Digest, Digest),
    /// Open a page in the browser.
    Open(String),
    /// Put text on the clipboard.
    Copy(String),
    /// End the making of the plan that was asked for last: nobody waits for it.
    CancelPlan,
    /// Draw a frame at once: what a person waits for is there.
    Draw,
    /// Show the fleet.
    ShowFleet,
    /// Stop the process and give the terminal to the shell, until it is continued.
    Suspend,
    /// Leave the console.
    Quit,
}
