//! The steps of a check, each by the tool that does it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::report::{CheckEvent, CheckOutcome, CheckReport, CheckStep};
use crate::build::{
    BuildError, DeclaredTests, LintFinding, Output, TestOutcome, lint_findings, structure_tests,
};
use crate::domain::{
    Digest, EnvironmentName, Exceptions, NameError, Origin, RunnableImage, ScanEvidence, ScanPolicy, count,
};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::engine::operations::build::{builder, order};
use crate::program::{Audience, Call, Ended, ProgramError};
use crate::project::Service;
use crate::scan::{SbomFormat, ScanError};

/// Longer than any Dockerfile takes.
const LINTING: Duration = Duration::from_mins(2);
/// An image may be large, and be unpacked for each test.
const TESTING: Duration = Duration::from_mins(15);
/// What a tool may print as its report, in bytes.
const PRINTED: u64 = 32 * 1024 * 1024;

/// Why a step came to nothing.
pub(super) enum Broken {
    Interrupted,
    Tool { why: String, hint: Option<String> },
}

impl Broken {
    fn tool(why: impl Into<String>, hint: Option<String>) -> Self {
        Self::Tool {
            why: why.into(),
            hint,
        }
    }
}

impl From<EngineError> for Broken {
    fn from(error: EngineError) -> Self {
        if error.exit() == crate::domain::Exit::Interrupted {
            Self::Interrupted
        } else {
            Self::tool(error.brief(), error.hint())
        }
    }
}

impl From<BuildError> for Broken {
    fn from(error: BuildError) -> Self {
        EngineError::from(error).into()
    }
}

impl From<ScanError> for Broken {
    fn from(error: ScanError) -> Self {
        EngineError::from(error).into()
    }
}

/// What the steps share.
pub(super) struct Bench<'a> {
    engine: &'a Engine,
    service: &'a Service,
    tell: &'a (dyn Fn(CheckEvent) + Send + Sync),
    cancel: &'a CancellationToken,
    work: TempDir,
    /// The image, once it is built.
    image: Option<PathBuf>,
    pub(super) report: CheckReport,
}

impl<'a> Bench<'a> {
    pub(super) fn new(
        engine: &'a Engine,
        service: &'a Service,
        tell: &'a (dyn Fn(CheckEvent) + Send + Sync),
        cancel: &'a CancellationToken,
    ) -> Result<Self, EngineError> {
        let config = engine.config();
        let found = config
            .service(service.name())
            .ok_or_else(|| EngineError::UnknownService(service.name().clone()))?;
        let work = tempfile::Builder::new()
            .prefix("windlass-check-")
            .tempdir()
            .map_err(|error| EngineError::Internal(format!("could not create a working folder: {error}")))?;
        let folder = &config.check.artifacts;
        artifacts(folder).map_err(|source| EngineError::Artifacts {
            path: folder.clone(),
            source,
        })?;
        let environment = config.check.policy.clone().or_else(|| first_with_rules(engine));
        Ok(Self {
            engine,
            service,
            tell,
            cancel,
            work,
            image: None,
            report: CheckReport {
                service: service.name().clone(),
                dockerfile: found.dockerfile_in_repository(),
                steps: Vec::new(),
                lint: Vec::new(),
                environment,
                judgement: None,
                tests: Vec::new(),
                artifacts: config.check.artifacts.clone(),
            },
        })
    }

    /// Runs a step; dropped in the middle, it stops what it has started.
    pub(super) async fn run(&mut self, step: CheckStep) -> Result<CheckOutcome, Broken> {
        let cancel = self.cancel;
        let working = async {
            match step {
                CheckStep::Lint => self.lint().await,
                CheckStep::Image => self.image().await,
                CheckStep::Sbom => self.sbom().await,
                CheckStep::Scan => self.scan().await,
                CheckStep::Test => self.test().await,
            }
        };
        tokio::select! {
            outcome = working => outcome,
            () = cancel.cancelled() => Err(Broken::Interrupted),
        }
    }

    fn log(&self, step: CheckStep) -> impl Fn(String) + Send + Sync + use<'a> {
        let tell = self.tell;
        move |line| tell(CheckEvent::Log { step, line })
    }

    /// Runs a tool that prints its report.
    async fn printed(&self, step: CheckStep, call: Call, how_to_get_it: &str) -> Result<Ended, Broken> {
        let program = call.program().display().to_string();
        let log = self.log(step);
        call.keep(PRINTED)
            .run(&log, self.cancel)
            .await
            .map_err(|error| match error {
                ProgramError::Interrupted => Broken::Interrupted,
                error if error.is_missing() => {
                    Broken::tool(format!("cannot find `{program}`"), Some(how_to_get_it.to_owned()))
                }
                error => Broken::tool(error.to_string(), None),
            })
    }

    async fn lint(&mut self) -> Result<CheckOutcome, Broken> {
        let root = self.root();
        let call = Call::new(&self.engine.config().check.hadolint)
            .args(["--no-color", "--format", "json"])
            .arg(&self.report.dockerfile)
            // Where its own configuration is looked for.
            .folder(&root)
            .limit(LINTING);
        let ended = self
            .printed(
                CheckStep::Lint,
                call,
                "install hadolint (https://github.com/hadolint/hadolint), or set `hadolint` in [check] to its \
                 path; `lint = false` turns this step off",
            )
            .await?;
        self.report.lint = lint_findings(&ended.output)
            .map_err(|why| Broken::tool(format!("hadolint failed with {}: {why}", ended.in_words()), None))?;
        let log = self.log(CheckStep::Lint);
        for finding in &self.report.lint {
            log(format!(
                "{}:{} {} {}: {}",
                self.report.dockerfile.display(),
                finding.line,
                finding.level,
                finding.code,
                finding.message
            ));
        }
        if let Some(unread) = self.report.lint.iter().find(|finding| finding.is_unread_file()) {
            return Err(unread_file(&self.report.dockerfile, unread));
        }
        let findings = count(self.report.lint.len(), "finding");
        // Which findings matter is hadolint's configuration to say (`failure-threshold`), and its exit code tells it.
        Ok(match (ended.status.success(), self.report.lint.is_empty()) {
            (true, true) => passed("no findings"),
            (true, false) => passed(format!("{findings}, all below the threshold")),
            (false, false) => found(findings),
            (false, true) => {
                return Err(Broken::tool(
                    format!(
                        "hadolint failed with {} and reported no finding",
                        ended.in_words()
                    ),
                    None,
                ));
            }
        })
    }

    async fn image(&mut self) -> Result<CheckOutcome, Broken> {
        let builder = builder(self.engine, self.cancel).await?;
        let order = order(self.engine, self.service, None, Vec::new(), None)?;
        let archive = self.work.path().join("image.tar");
        let log = self.log(CheckStep::Image);
        builder
            .build(&order, &Output::Archive(archive.clone()), &log, self.cancel)
            .await?;
        let size = std::fs::metadata(&archive).map_or(0, |file| file.len());
        if size == 0 {
            return Err(Broken::tool(
                format!("{} produced no image", builder.name()),
                None,
            ));
        }
        self.image = Some(archive);
        Ok(passed(format!(
            "built with {}, {}",
            builder.name(),
            crate::domain::bytes(size)
        )))
    }

    async fn sbom(&mut self) -> Result<CheckOutcome, Broken> {
        let Some(image) = self.image.clone() else {
            return Ok(self.no_image());
        };
        let log = self.log(CheckStep::Sbom);
        let mut names = Vec::new();
        for format in SbomFormat::ALL {
            let bytes = self.engine.trivy().sbom(&image, format, &log).await?;
            self.keep(format.file_name(), &bytes)?;
            names.push(format.file_name());
        }
        Ok(passed(names.join(", ")))
    }

    async fn scan(&mut self) -> Result<CheckOutcome, Broken> {
        let Some(image) = self.image.clone() else {
            return Ok(self.no_image());
        };
        let log = self.log(CheckStep::Scan);
        let trivy = self.engine.trivy();
        let (bytes, report) = trivy.scan_file(&image, &log).await?;
        self.keep(TRIVY, &bytes)?;
        let report = report.into_evidence(&trivy.context().await, Origin::Fresh);
        let words = report.words();
        // The image was never in a registry, so that nobody can have named it by its digest.
        let digest = Digest::of(&bytes);
        let image = RunnableImage::new(digest.clone(), report.platform.clone());
        let evidence = ScanEvidence::new(digest, vec![image], vec![report]);
        let now = Timestamp::now();
        let Some(environment) = &self.report.environment else {
            let nowhere: EnvironmentName = "nowhere"
                .parse()
                .map_err(|error: NameError| Broken::tool(error.to_string(), None))?;
            let listed = ScanPolicy::default().judge(&evidence, &Exceptions::none(&nowhere), now);
            self.report.judgement = Some(listed);
            return Ok(passed(format!(
                "{words}; no environment has a scan policy, so nothing is refused"
            )));
        };
        let judgement = self.engine.judged(self.service, environment, &evidence, now)?;
        let words = format!("for {environment}: {}", judgement.verdict.reason());
        for note in &judgement.notes {
            log(note.clone());
        }
        let allowed = judgement.verdict.allows();
        self.report.judgement = Some(judgement);
        Ok(if allowed { passed(words) } else { found(words) })
    }

    async fn test(&mut self) -> Result<CheckOutcome, Broken> {
        let config = self.engine.config();
        let service = config.service(&self.report.service);
        let Some(service) = service.filter(|service| !service.structure_tests.is_empty()) else {
            return Ok(CheckOutcome::Off {
                why: "no `structure_test` configured for the service in windlass.toml".to_owned(),
            });
        };
        let Some(image) = &self.image else {
            return Ok(self.no_image());
        };
        let folder = self.root().join(&service.path);
        let mut declared = DeclaredTests::default();
        for file in &service.structure_tests {
            let path = folder.join(file);
            let unreadable =
                |why: String| Broken::tool(format!("could not read {}: {why}", path.display()), None);
            let text = std::fs::read_to_string(&path).map_err(|error| unreadable(error.to_string()))?;
            declared = declared.and(DeclaredTests::read(&text).map_err(unreadable)?);
        }
        let mut call = Call::new(&config.check.structure_test)
            .audience(Audience::Containers)
            .args(["test", "--driver", "tar", "--output", "json", "--image"])
            .arg(image)
            .limit(TESTING);
        for file in &service.structure_tests {
            call = call.arg("--config").arg(folder.join(file));
        }
        let ended = self
            .printed(
                CheckStep::Test,
                call,
                "install container-structure-test \
                 (https://github.com/GoogleContainerTools/container-structure-test), or set \
                 `container_structure_test` in [check] to its path; `test = false` turns this step off",
            )
            .await?;
        let tests = structure_tests(&ended.output).map_err(|why| {
            Broken::tool(
                format!("container-structure-test failed with {}: {why}", ended.in_words()),
                None,
            )
        })?;
        self.report.tests = tests;
        self.tested(&ended, declared)
    }

    /// What the tests say together.
    fn tested(&self, ended: &Ended, declared: DeclaredTests) -> Result<CheckOutcome, Broken> {
        let log = self.log(CheckStep::Test);
        let (mut failed, mut not_made) = (Vec::new(), None);
        for test in &self.report.tests {
            match &test.outcome {
                TestOutcome::Passed => log(format!("passed: {}", test.name)),
                TestOutcome::Failed(why) => {
                    for why in why {
                        log(format!("failed: {}: {why}", test.name));
                    }
                    failed.push(test.name.as_str());
                }
                TestOutcome::NotMade(why) => {
                    let why = why
                        .first()
                        .map_or("no reason given", crate::domain::Clean::as_str);
                    not_made = not_made.or_else(|| Some(format!("{}: {why}", test.name)));
                }
            }
        }
        if let Some(why) = not_made {
            return Err(Broken::tool(format!("a test could not be set up: {why}"), None));
        }
        if let Some(why) = declared.missing_from(&self.report.tests) {
            return Err(Broken::tool(
                why,
                Some(
                    "see the output of container-structure-test above; add the missing tests, or remove \
                     `structure_test` from windlass.toml"
                        .to_owned(),
                ),
            ));
        }
        let all = count(self.report.tests.len(), "test");
        match (failed.as_slice(), ended.status.success()) {
            ([], true) => Ok(passed(all)),
            ([], false) => Err(Broken::tool(
                format!(
                    "container-structure-test failed with {}, although every test passed",
                    ended.in_words()
                ),
                None,
            )),
            (failed, _) => Ok(found(format!(
                "{} of {all} failed: {}",
                failed.len(),
                failed.join(", ")
            ))),
        }
    }

    /// A step that needs the image, and has none.
    fn no_image(&self) -> CheckOutcome {
        let mut steps = self.report.steps.iter();
        let is_off =
            steps.any(|one| one.step == CheckStep::Image && matches!(one.outcome, CheckOutcome::Off { .. }));
        if is_off {
            CheckOutcome::Off {
                why: "requires the image, and the build step is turned off".to_owned(),
            }
        } else {
            CheckOutcome::NotRun {
                why: "there is no image to examine".to_owned(),
            }
        }
    }

    fn root(&self) -> PathBuf {
        let root = self.engine.repository().map(|repository| repository.root());
        root.unwrap_or_else(|| self.engine.config().folder()).to_owned()
    }

    /// Leaves a file in the folder of artifacts.
    fn keep(&self, name: &str, bytes: &Bytes) -> Result<(), Broken> {
        let folder = &self.report.artifacts;
        let path = folder.join(name);
        std::fs::write(&path, bytes)
            .map_err(|error| Broken::tool(format!("could not write {}: {error}", path.display()), None))
    }
}

/// What a check leaves in the folder of artifacts.
const ARTIFACTS: &[&str] = &[
    SbomFormat::CycloneDx.file_name(),
    SbomFormat::Spdx.file_name(),
    TRIVY,
    "check.json",
    "check.sarif",
    "structure-test.junit.xml",
];
/// Trivy's report.
const TRIVY: &str = "trivy.json";

/// Makes the folder of artifacts, which git is not to see: a tree with new files would be a dirty one. What an earlier
/// check left is taken away, so that nobody takes it for what this one found.
fn artifacts(folder: &Path) -> std::io::Result<()> {
    if !folder.exists() {
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join(".gitignore"), "*\n")?;
    }
    for name in ARTIFACTS {
        match std::fs::remove_file(folder.join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// The first environment of the graph that has rules for scans.
fn first_with_rules(engine: &Engine) -> Option<EnvironmentName> {
    let mut environments = engine.config().graph.all().iter();
    let has_rules = |name| {
        engine
            .settings(name)
            .is_ok_and(|settings| settings.scan.is_some())
    };
    environments
        .find(|environment| has_rules(&environment.name))
        .map(|environment| environment.name.clone())
}

/// A file that hadolint could not read to its end: whatever it found before, it did not look at the rest.
fn unread_file(dockerfile: &Path, unread: &LintFinding) -> Broken {
    Broken::tool(
        format!(
            "{} could not be parsed from line {} on: {}",
            dockerfile.display(),
            unread.line,
            unread.message
        ),
        Some(
            "fix that line, or use a hadolint that supports its syntax; the rest of the file was not checked"
                .to_owned(),
        ),
    )
}

fn passed(what: impl Into<String>) -> CheckOutcome {
    CheckOutcome::Passed { what: what.into() }
}

fn found(what: impl Into<String>) -> CheckOutcome {
    CheckOutcome::Found { what: what.into() }
}
