//! The release flow played without a terminal, on the sample world, each step as the commands would show it: a release
//! that gets a fix, stage, its end, production, a hotfix, the way back, and on.

use std::io::Write as _;
use std::sync::Arc;

use color_eyre::eyre::eyre;

use crate::cli::failure::Failure;
use crate::cli::global::Global;
use crate::cli::world::access_to_state;
use crate::cli::{Output, plan, report};
use crate::demo::World;
use crate::domain::{BranchName, CommitSha, Digest, EnvironmentName, Exit, NameError, Plan};
use crate::engine::{
    CutRequest, Depth, Engine, FinishRequest, HotfixRequest, PromoteRequest, Request, ReviewRequest,
    RollbackRequest, Secrets, UnpinRequest,
};
use crate::project::Service;
use crate::sign::{self, PublicKey, TrustedSigner};

/// Whoever plays it, and on what.
struct Story<'a> {
    world: &'a World,
    engine: Arc<Engine>,
    service: Service,
    global: &'a Global,
}

/// Plays it to its end.
pub(super) async fn play(world: &World, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let engine = world.engine()?;
    let story = Story {
        world,
        service: crate::cli::World::of(Arc::clone(&engine), global)?.service,
        engine,
        global,
    };
    let candidate = story.release(io).await?;
    if !story.is_everywhere(&candidate, io).await? {
        return Ok(Exit::Failed);
    }
    story.hotfix(io).await?;
    story.back_and_on(io).await?;
    Ok(Exit::Done)
}

impl Story<'_> {
    /// From a commit of develop to production, with a fix on the way; the digest that got there.
    async fn release(&self, io: &mut Output) -> Result<Digest, Failure> {
        let newest = self.engine.resolve("develop").await?.sha;
        writeln!(io.out, "The newest commit of develop is {}.", newest.short())?;
        let cut = CutRequest {
            commit: newest.to_string(),
            version: None,
            sprint: None,
            reason: None,
        };
        let planned = self.chapter("Cut the release", cut, io).await?;
        let branch = branch(&planned)?;
        let fix = self.fix(&branch, io).await?;
        self.chapter(
            "Promote the fixed candidate to stage",
            promote(&fix, "stage", None)?,
            io,
        )
        .await?;
        self.chapter("Finish the release", finish(&branch), io).await?;
        let promoted = self
            .chapter("Promote to prod and sign", promote(&fix, "prod", None)?, io)
            .await?;
        promoted.digest.ok_or_else(|| failed("nothing was promoted"))
    }

    /// From a night in production to everybody who is owed the fix.
    async fn hotfix(&self, io: &mut Output) -> Result<(), Failure> {
        let begin = HotfixRequest {
            environment: None,
            version: None,
        };
        let planned = self
            .chapter("Start a hotfix from what is deployed to production", begin, io)
            .await?;
        let branch = branch(&planned)?;
        let fix = self.fix(&branch, io).await?;
        let why = Some("refunds are paid out twice");
        self.chapter(
            "Promote it through the hotfix path",
            promote(&fix, "prod", why)?,
            io,
        )
        .await?;
        self.debts(io).await?;
        self.chapter("Finish the hotfix", finish(&branch), io).await?;
        let review = ReviewRequest {
            of: "prod".to_owned(),
            note: "reviewed the next morning".to_owned(),
        };
        self.chapter("Record the review that is due", review, io).await?;
        self.debts(io).await
    }

    /// Back to what ran before, held there, and on again.
    async fn back_and_on(&self, io: &mut Output) -> Result<(), Failure> {
        let environment = name("prod")?;
        let back = RollbackRequest {
            environment: environment.clone(),
            to: None,
            reason: "the ledger does not add up".to_owned(),
            until: None,
            accept_findings: false,
        };
        self.chapter("Roll production back and pin it", back, io).await?;
        let unpin = UnpinRequest {
            environment,
            reason: "the ledger was right".to_owned(),
        };
        self.chapter("Lift the pin", unpin, io).await.map(drop)
    }

    /// Plans and carries out one step, with a title over it.
    async fn chapter(
        &self,
        title: &str,
        request: impl Into<Request>,
        io: &mut Output,
    ) -> Result<Plan, Failure> {
        heading(title, io)?;
        let planned = self.engine.plan(&self.service, &request.into()).await?;
        let difference = plan::difference(&self.engine, &self.service, &planned).await;
        plan::print(&planned, &difference, &mut io.out)?;
        writeln!(io.out)?;
        let access = access_to_state(&Global {
            read_only: false,
            ..self.global.clone()
        })?;
        let run = self.engine.start(planned.clone(), access, Secrets::default())?;
        match report::follow_plainly(run, io).await? {
            Exit::Done => Ok(planned),
            exit => Err(Failure {
                exit,
                ..failed(&format!("the journey failed at `{title}`"))
            }),
        }
    }

    /// A colleague pushes a fix, and the pipeline builds it.
    async fn fix(&self, branch: &BranchName, io: &mut Output) -> Result<CommitSha, Failure> {
        let fix = self.world.push_fix(branch)?;
        let digest = self.world.build_image(&fix).await?;
        writeln!(
            io.out,
            "\nA colleague pushes {} to {branch}; the pipeline builds {}.",
            fix.short(),
            digest.short()
        )?;
        Ok(fix)
    }

    /// What is owed at this moment.
    async fn debts(&self, io: &mut Output) -> Result<(), Failure> {
        heading("What is outstanding", io)?;
        let releases = self.engine.releases(&self.service, Depth::Recent).await?;
        for release in &releases.list {
            for debt in release.open_debts() {
                writeln!(
                    io.out,
                    "✗ {} {}: {}",
                    release.name(),
                    debt.what.words(),
                    debt.state.why()
                )?;
            }
        }
        if !releases.has_debt() {
            writeln!(io.out, "✓ nothing")?;
        }
        Ok(())
    }

    /// Reads the digest back from every environment, and verifies its signature by public key.
    async fn is_everywhere(&self, digest: &Digest, io: &mut Output) -> Result<bool, Failure> {
        heading("Verify with the public key", io)?;
        let key = PublicKey::load(&self.world.folder().join("keys/cosign.pub"))?;
        let trusted = TrustedSigner::Key(key);
        let places = self.engine.places(&self.service, digest).await?;
        if let Some(prod) = places.last() {
            let reader = self.engine.registries().reader(&prod.image.repository);
            sign::verify(&reader, digest, &trusted).await?;
            writeln!(io.out, "✓ {} is signed", prod.image)?;
        }
        heading("One digest everywhere", io)?;
        for place in &places {
            writeln!(io.out, "{:<6} {}", place.environment, place.digest)?;
        }
        Ok(places.len() == self.engine.config().graph.all().len())
    }
}

fn promote(commit: &CommitSha, to: &str, hotfix: Option<&str>) -> Result<PromoteRequest, Failure> {
    Ok(PromoteRequest {
        candidate: commit.to_string(),
        to: name(to)?,
        from: None,
        reason: hotfix.map(str::to_owned),
        hotfix: hotfix.is_some(),
    })
}

fn finish(branch: &BranchName) -> FinishRequest {
    FinishRequest {
        release: branch.to_string(),
        into: Vec::new(),
    }
}

fn heading(title: &str, io: &mut Output) -> Result<(), Failure> {
    Ok(writeln!(io.out, "\n── {title} ──")?)
}

fn name(text: &str) -> Result<EnvironmentName, Failure> {
    text.parse()
        .map_err(|error: NameError| Failure::usage(error.to_string(), "the demo has dev, stage and prod"))
}

/// The branch that a plan makes.
fn branch(plan: &Plan) -> Result<BranchName, Failure> {
    let title = plan.operation.title();
    let name = title.rsplit(' ').next().unwrap_or_default();
    name.parse()
        .map_err(|error: crate::domain::BranchNameError| failed(&error.to_string()))
}

fn failed(what: &str) -> Failure {
    Failure {
        exit: Exit::Failed,
        hint: None,
        report: eyre!("{what}"),
    }
}
