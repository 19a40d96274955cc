//! The lock of a run among machines: taken as the run begins, renewed while it lasts, given back however it ends.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use super::LockError;
use crate::domain::{LockNote, LockStanding, LockSubject};
use crate::engine::error::EngineError;
use crate::engine::run::event::RunId;
use crate::engine::run::recorder::StepLog;
use crate::engine::run::{Actor, Context};
use crate::git::{GitError, GitRepository, LockAt, ObjectId, Remote};

/// How often a lock is tried for that changes while it is looked at.
const TRIES: usize = 3;
/// The shortest time between two renewals, so that a remote that does not answer is not asked without a pause.
const PAUSE: SignedDuration = SignedDuration::from_secs(1);

/// The lock that a run holds at the remote.
pub(in crate::engine) struct Lease {
    remote: Remote,
    subject: LockSubject,
    note: LockNote,
    object: ObjectId,
    lasts: SignedDuration,
}

impl Lease {
    /// Takes the lock on `subject`, or says who has it. None where there is nothing to lock with, which the log of the run
    /// says.
    pub(in crate::engine) async fn take(
        context: &Context<'_>,
        subject: LockSubject,
        actor: &Actor,
    ) -> Result<Option<Self>, EngineError> {
        let Some((remote, repository)) = place(context)? else {
            return Ok(None);
        };
        if context.cancel.is_cancelled() {
            return Err(EngineError::Interrupted);
        }
        let lasts = context.engine.config().git.lock_for;
        let (run, purpose) = (context.recorder.run(), context.plan.operation.title());
        let note = LockNote::new(
            &actor.user,
            &actor.host,
            run.as_str(),
            &purpose,
            Timestamp::now(),
            lasts,
        );
        let object = write(context, &subject, &note).await?;
        let lease = Self {
            remote,
            subject,
            note,
            object,
            lasts,
        };
        let taken = tokio::select! {
            biased;
            taken = lease.gain(context, &repository) => taken,
            () = context.cancel.cancelled() => {
                // The push may have arrived all the same.
                let _ = lease.remote.remove_lock(&lease.subject, &lease.object, context.access).await;
                Err(EngineError::Interrupted)
            }
        };
        taken.map(|()| Some(lease))
    }

    /// Creates the ref, or moves it on from a lock that a dead run of this machine left.
    async fn gain(&self, context: &Context<'_>, repository: &Arc<GitRepository>) -> Result<(), EngineError> {
        let mut leftover: Option<LockAt> = None;
        let mut tries = 0;
        loop {
            let instead_of = leftover.as_ref().map(|left| &left.object);
            let taking = self
                .remote
                .take_lock(&self.subject, &self.object, instead_of, context.access);
            let moved = match taking.await {
                Ok(()) => break,
                Err(error @ GitError::Moved { .. }) => error,
                Err(source) => return Err(self.not_taken(source)),
            };
            tries += 1;
            leftover = self
                .remote
                .lock(&self.subject, repository)
                .await
                .map_err(|source| self.not_taken(source))?;
            match &leftover {
                Some(found) if !is_leftover(context, found, self.note.host()) => {
                    let lock = Box::new(found.lock.clone());
                    let (remote, now) = (self.remote.name().to_owned(), Timestamp::now());
                    return Err(LockError::Taken { remote, lock, now }.into());
                }
                _ if tries >= TRIES => return Err(self.not_taken(moved)),
                _ => {}
            }
        }
        if let Some(LockAt { lock, .. }) = leftover {
            let was = match lock.standing(Timestamp::now()) {
                LockStanding::Held => "",
                LockStanding::Stale { .. } => "stale ",
            };
            log(context).warning(format!(
                "took over the {was}lock on {} left behind on this machine by {}",
                self.subject,
                lock.holder()
            ));
        }
        Ok(())
    }

    /// Does `work` and renews the lock all the while. Where it cannot be kept, the run is cancelled: the work stops in its own
    /// order, and the error tells why.
    pub(in crate::engine) async fn keep_during<T>(
        &mut self,
        context: &Context<'_>,
        work: impl Future<Output = T>,
    ) -> (T, Result<(), EngineError>) {
        let over = CancellationToken::new();
        let working = async {
            let _over = over.clone().drop_guard();
            work.await
        };
        let keeping = async {
            // A renewal that has begun is waited for: its push may have arrived.
            while over.run_until_cancelled(self.is_due()).await.is_some() {
                if let Err(error) = self.keep(context).await {
                    context.cancel.cancel();
                    return Err(error);
                }
            }
            Ok(())
        };
        tokio::join!(working, keeping)
    }

    /// Waits until it is time to renew it.
    async fn is_due(&self) {
        let half = self.note.expires().duration_since(Timestamp::now()) - self.lasts / 2;
        let pause = half.max(self.lasts / 8).max(PAUSE);
        tokio::time::sleep(pause.unsigned_abs()).await;
    }

    /// Renews it if more than half of its time is gone. One that is not ours any more stops the run: whoever broke it may
    /// be at work. A remote that does not answer only does so once the time is over.
    pub(in crate::engine) async fn keep(&mut self, context: &Context<'_>) -> Result<(), EngineError> {
        let now = Timestamp::now();
        if !self.note.is_half_gone(now, self.lasts) {
            return Ok(());
        }
        let note = self.note.renewed(now, self.lasts);
        let object = write(context, &self.subject, &note).await?;
        let renewing = self
            .remote
            .take_lock(&self.subject, &object, Some(&self.object), context.access);
        match renewing.await {
            Ok(()) => {
                (self.note, self.object) = (note, object);
                Ok(())
            }
            Err(GitError::Moved { .. }) => Err(LockError::Lost {
                subject: self.subject.clone(),
                remote: self.remote.name().to_owned(),
            }
            .into()),
            Err(error) if now < self.note.expires() => {
                log(context).warning(format!(
                    "the lock on {} was not renewed, and expires {}: {error}",
                    self.subject,
                    self.note.expires()
                ));
                Ok(())
            }
            Err(source) => Err(self.not_taken(source)),
        }
    }

    /// Gives it back. What does not work is told, and changes nothing in how the run ends.
    pub(in crate::engine) async fn give_back(self, context: &Context<'_>) {
        let removed = self
            .remote
            .remove_lock(&self.subject, &self.object, context.access)
            .await;
        let told = match removed {
            Ok(true) => return,
            Ok(false) | Err(GitError::Moved { .. }) => {
                format!("the lock on {} was broken while this run held it", self.subject)
            }
            Err(error) => format!(
                "the lock on {} was not released and expires {}: {error}",
                self.subject,
                self.note.expires()
            ),
        };
        log(context).warning(told);
    }

    fn not_taken(&self, source: GitError) -> EngineError {
        LockError::NotTaken {
            subject: self.subject.clone(),
            remote: self.remote.name().to_owned(),
            source,
        }
        .into()
    }
}

/// The remote that locks are on; none, and a line in the log, where there is none.
fn place(context: &Context<'_>) -> Result<Option<(Remote, Arc<GitRepository>)>, EngineError> {
    let git = &context.engine.config().git;
    let why = match context.engine.repository() {
        _ if !git.lock => "remote locks are turned off (git.lock in windlass.toml)".to_owned(),
        None => "there is no git repository for a remote lock".to_owned(),
        Some(repository) => match repository.remote(&git.remote) {
            Ok(remote) => return Ok(Some((remote, Arc::clone(repository)))),
            Err(error @ GitError::NoRemote(_)) => error.to_string(),
            Err(error) => return Err(error.into()),
        },
    };
    log(context).info(format!("{why}: only runs on this machine exclude each other"));
    Ok(None)
}

async fn write(
    context: &Context<'_>,
    subject: &LockSubject,
    note: &LockNote,
) -> Result<ObjectId, EngineError> {
    let (subject, note, access) = (subject.clone(), note.clone(), context.access);
    context
        .engine
        .git(move |repository| repository.write_lock(&subject, &note, access))
        .await
}

/// Whether a run of this machine left the lock: its journal is here, and it is not under way, because this run has the
/// lock of this machine. A user of the same machine with another state folder is another machine in this.
fn is_leftover(context: &Context<'_>, found: &LockAt, host: &str) -> bool {
    found.lock.note.as_ref().is_some_and(|note| {
        note.host() == host && RunId::parse(note.run()).is_some_and(|run| context.engine.journals().has(&run))
    })
}

/// What is to be said of the lock is said by the run: no step has it.
const fn log<'a>(context: &Context<'a>) -> StepLog<'a> {
    StepLog {
        recorder: context.recorder,
        step: None,
    }
}
