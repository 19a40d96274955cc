//! The edge: what `update` asks for is done here, in tasks, and their answers come back as messages.

mod checks;
mod followed;
mod reads;
mod runs;

use std::sync::Arc;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use self::followed::FollowedRun;
use super::sender::SessionSender;
use super::terminal::Terminal;
use crate::board::{Board, BoardUpdate};
use crate::domain::{
    BranchTemplate, CommitSha, Digest, EnvironmentName, Exit, ImageReference, Operation, Plan, WriteAccess,
};
use crate::engine::{Engine, EngineError, RunId, Secrets};
use crate::git::Commit;
use crate::program::{Audience, Call};
use crate::project::Service;
use crate::tui::screens::board::model::{Gates, Numbering, Row};
use crate::tui::screens::findings::model::{Content, Findings};
use crate::tui::session::{Effect, Message, Msg, PlanReady, Request};

/// Commits that are read first, so that there is something to see at once.
const FIRST_PAGE: usize = 200;
/// Commits that are read at a time after that.
const PAGE: usize = 2_000;

/// A run that was started: how to stop it, and its end.
struct ActiveRun {
    id: RunId,
    cancel: CancellationToken,
    task: JoinHandle<Exit>,
    /// Passes on what happens in it and what becomes of its notifications.
    following: JoinHandle<()>,
}

/// Does what one session asks for.
pub(in crate::tui) struct Effects {
    engine: Arc<Engine>,
    board: Option<Board>,
    service: Service,
    access: Option<WriteAccess>,
    messages: SessionSender,
    /// The runs that were started and have not ended.
    runs: Vec<ActiveRun>,
    /// The runs on GitHub that are followed.
    followed: Vec<FollowedRun>,
    /// The plan that is being made.
    planning: Option<JoinHandle<()>>,
    /// Commits that are read next.
    page: usize,
}

impl Effects {
    pub(in crate::tui) const fn new(
        engine: Arc<Engine>,
        board: Option<Board>,
        service: Service,
        access: Option<WriteAccess>,
        messages: SessionSender,
    ) -> Self {
        Self {
            engine,
            board,
            service,
            access,
            messages,
            runs: Vec::new(),
            followed: Vec::new(),
            planning: None,
            page: FIRST_PAGE,
        }
    }

    pub(in crate::tui) fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::More => {
                if let Some(board) = &self.board {
                    board.more(std::mem::replace(&mut self.page, PAGE));
                }
            }
            Effect::LookAt(commits) => {
                if let Some(board) = &self.board {
                    board.look_at(commits);
                }
            }
            Effect::Refresh => {
                if let Some(board) = &self.board {
                    board.refresh();
                }
            }
            Effect::LookAtEnvironments => {
                if let Some(board) = &self.board {
                    board.look_at_environments();
                }
            }
            Effect::AskGates(commit, environment) => self.ask_gates(commit, environment),
            Effect::Examine(commit, environment) => self.examine(commit, environment),
            Effect::Releases(all) => self.releases(all),
            Effect::EnvironmentStatuses => self.standings(),
            Effect::Past(environment) => self.past(environment),
            Effect::Locks => self.locks(),
            Effect::Page(of) => self.page(of),
            Effect::Compare(ticket, from, to) => self.compare(ticket, from, to),
            Effect::Open(url) => self.open(url),
            Effect::Plan(ticket, request) => self.plan(ticket, request),
            Effect::Start(plan, password) => {
                let secrets = Secrets {
                    signing_password: password,
                };
                if let Err(message) = self.start(*plan, secrets) {
                    self.tell(Msg::Started(Err(message)));
                }
            }
            Effect::Stop(id) => {
                for run in self.runs.iter().filter(|run| run.id == id) {
                    run.cancel.cancel();
                }
                for run in self.followed.iter().filter(|run| run.id == id) {
                    run.cancel.cancel();
                }
            }
            Effect::PastRuns => self.past_runs(),
            Effect::Replay(id) => self.replay(id),
            Effect::RemoteRuns => self.remote_runs(),
            Effect::CommitStates(commits) => self.commit_states(commits),
            Effect::CommitChecks(commit) => self.commit_checks(commit),
            Effect::Follow(number) => self.follow(number),
            Effect::WaitingRun(ticket, number) => self.waiting_run(ticket, number),
            Effect::Review(review) => self.review(review),
            Effect::Verify(digest, environment) => self.verify(digest, environment),
            Effect::Copy(text) => {
                if let Err(error) = Terminal::copy(&text) {
                    self.tell(Msg::Told(message("Not copied", &error.to_string(), None)));
                }
            }
            Effect::CancelPlan => self.cancel_plan(),
            Effect::Draw | Effect::ShowFleet | Effect::Suspend | Effect::Quit => {}
        }
    }

    /// Ends the making of a plan that nobody waits for, with every program that it started.
    fn cancel_plan(&mut self) {
        if let Some(planning) = self.planning.take() {
            planning.abort();
        }
    }

    /// Stops every run that is active, and waits for their clean ends.
    pub(in crate::tui) async fn end(mut self) {
        self.cancel_plan();
        // They go on where they run.
        for run in self.followed {
            run.task.abort();
        }
        for run in &self.runs {
            run.cancel.cancel();
        }
        for run in self.runs {
            // How it ended stands in its journal.
            let _ = run.task.await;
            let _ = run.following.await;
        }
    }

    fn tell(&self, msg: Msg) {
        self.messages.send(msg);
    }

    fn ask_gates(&self, commit: CommitSha, environment: EnvironmentName) {
        let (engine, messages) = (Arc::clone(&self.engine), self.messages.clone());
        let service = self.service.clone();
        tokio::spawn(async move {
            let asked = async { engine.preview(&service, commit.as_str(), &environment).await };
            let gates = match asked.await {
                Ok(gates) => Gates::Known(gates),
                Err(error) => Gates::Failed(error.to_string()),
            };
            messages.send(Msg::Gates(commit, environment, gates));
        });
    }

    fn examine(&self, commit: CommitSha, environment: Option<EnvironmentName>) {
        let (engine, messages) = (Arc::clone(&self.engine), self.messages.clone());
        let service = self.service.clone();
        tokio::spawn(async move {
            let examined = engine
                .examined(
                    &service,
                    commit.as_str(),
                    environment.as_ref(),
                    jiff::Timestamp::now(),
                )
                .await;
            let content = match examined {
                Ok(examined) => {
                    let sorting = tokio::task::spawn_blocking(move || {
                        let (made, database) = (examined.evidence.made(), examined.evidence.database());
                        Findings::new(examined.judgement, examined.environment, made, database)
                            .with_gaps(examined.evidence.gaps())
                    });
                    match sorting.await {
                        Ok(findings) => Content::Known(Arc::new(findings)),
                        Err(error) => Content::Failed(message("Not sorted", &error.to_string(), None)),
                    }
                }
                Err(error) => Content::Failed(of_engine("Could not read the findings", &error)),
            };
            messages.send(Msg::Examined(commit, content));
        });
    }

    /// Opens a page as the desktop would; where there is none, the address is shown.
    fn open(&self, url: String) {
        let messages = self.messages.clone();
        tokio::spawn(async move {
            let usual = if cfg!(target_os = "macos") {
                "open"
            } else {
                "xdg-open"
            };
            let browser = std::env::var_os("BROWSER").filter(|browser| !browser.is_empty());
            let call = Call::new(browser.unwrap_or_else(|| usual.into()))
                .audience(Audience::Desktop)
                .arg(&url);
            let opened = if url.starts_with("https://") || url.starts_with("http://") {
                call.run(&|_| (), &CancellationToken::new())
                    .await
                    .is_ok_and(|ended| ended.status.success())
            } else {
                false
            };
            if !opened {
                let hint = "set BROWSER to a program that opens web pages";
                messages.send(Msg::Told(message("Could not open a browser", &url, Some(hint))));
            }
        });
    }

    fn plan(&mut self, ticket: u64, request: Request) {
        self.cancel_plan();
        let service = self.service.clone();
        let (engine, messages) = (Arc::clone(&self.engine), self.messages.clone());
        self.planning = Some(tokio::spawn(async move {
            let result = async {
                let plan = engine.plan(&service, &request.asked).await?;
                let asks_password = engine.asks_for_password(&plan);
                let version = version(&engine, &plan);
                Ok(Box::new(PlanReady {
                    plan,
                    asks_password,
                    version,
                }))
            };
            let result = result
                .await
                .map_err(|error: EngineError| of_engine("Could not make a plan", &error));
            messages.send(Msg::PlanReady(ticket, result));
        }));
    }

    fn image(&self, digest: Digest, environment: &EnvironmentName) -> Result<ImageReference, EngineError> {
        let environment = self.engine.environment(environment)?;
        Ok(self.service.environment(environment).repository()?.at(digest))
    }

    fn start(&mut self, plan: Plan, secrets: Secrets) -> Result<(), Message> {
        let Some(access) = self.access else {
            let what = "this console is read-only, and a run writes";
            return Err(message(
                "Read-only",
                what,
                Some("start windlass without --read-only"),
            ));
        };
        let run = self.engine.start(plan.clone(), access, secrets);
        let mut run = run.map_err(|error| of_engine("Could not start the run", &error))?;
        self.tell(Msg::Started(Ok((run.id.clone(), Box::new(plan)))));
        let messages = self.messages.clone();
        let following = tokio::spawn(async move {
            while let Some(event) = run.events.recv().await {
                if !messages.send(Msg::Event(event)) {
                    break;
                }
            }
            for why in run.notifying.await.unwrap_or_default() {
                messages.send(Msg::Told(message("Not notified", &why, None)));
            }
        });
        self.runs.retain(|run| !run.following.is_finished());
        self.runs.push(ActiveRun {
            id: run.id,
            cancel: run.cancel,
            task: run.task,
            following,
        });
        Ok(())
    }

    fn verify(&self, digest: Digest, environment: EnvironmentName) {
        let (engine, service) = (Arc::clone(&self.engine), self.service.clone());
        let (messages, image) = (self.messages.clone(), self.image(digest.clone(), &environment));
        tokio::spawn(async move {
            let verified = async {
                let image = image?;
                let trusted = engine.trusted_for(&service, &image)?;
                let reader = engine.registries().reader(&image.repository);
                crate::sign::verify(&reader, &digest, &trusted).await?;
                Ok(image)
            };
            let message = match verified.await {
                Ok(image) => Message {
                    good: true,
                    title: "Verified".to_owned(),
                    what: format!(
                        "{} in {environment} is signed as {environment} requires: {image}",
                        digest.short()
                    ),
                    hint: None,
                },
                Err(EngineError::NoKey(_)) => {
                    let what =
                        format!("no one whose signatures count in {environment} is named in windlass.toml");
                    let hint =
                        "set `verify` for that environment; it is not required where nothing is signed";
                    message("Nothing to verify with", &what, Some(hint))
                }
                Err(error) => of_engine("Not verified", &error),
            };
            messages.send(Msg::Told(message));
        });
    }
}

/// How releases are numbered whose branches are called so.
pub(in crate::tui) fn numbering(branches: &BranchTemplate) -> Numbering {
    if branches.has_sprint() && !branches.has_version() {
        Numbering::Sprint
    } else {
        Numbering::Version
    }
}

/// The version of the release that a plan cuts, or the number of its sprint, read back from the name of its branch.
fn version(engine: &Engine, plan: &Plan) -> Option<String> {
    let Operation::Cut(cut) = &plan.operation else {
        return None;
    };
    let values = engine.config().git.release_branch.parse_back(&cut.branch)?;
    let version = values.version.map(|version| version.to_string());
    version.or(values.sprint)
}

fn message(title: &str, what: &str, hint: Option<&str>) -> Message {
    Message {
        good: false,
        title: title.to_owned(),
        what: what.to_owned(),
        hint: hint.map(str::to_owned),
    }
}

fn of_engine(title: &str, error: &EngineError) -> Message {
    message(title, &error.to_string(), error.hint().as_deref())
}

/// What the board tells, as a message.
pub(in crate::tui) fn of_board(change: BoardUpdate) -> Msg {
    match change {
        BoardUpdate::Commits { commits, at_end } => {
            Msg::Commits(commits.into_iter().map(row).collect(), at_end)
        }
        BoardUpdate::HistoryFailed(why) => Msg::HistoryFailed(why),
        BoardUpdate::Facts { commit, facts } => Msg::Facts(commit, facts),
        BoardUpdate::Environments {
            environments,
            at,
            alone,
        } => Msg::Environments(environments, at, alone),
    }
}

fn row(commit: Commit) -> Row {
    Row {
        commit: commit.sha,
        author: commit.author,
        time: commit.time,
        subject: commit.subject,
        facts: crate::board::Facts::default(),
    }
}
