//! What releases ask of git: `cargo bench --bench releases`. In a repository of 100,000 commits and 2,000 branches, 1,000
//! of them releases, a cut is to be planned in 300 ms, the debts of 50 open releases to be known in 1 s, and two releases
//! that lie 5,000 commits apart to be compared in 1 s, all in 150 MB: the whole operations, with an embedded registry and
//! `git ls-remote` of a bare repository. It prints figures beside their targets
//! and never fails on one: they depend on the machine and on what else it does.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and may fail by panic"
)]

#[path = "measure/memory.rs"]
mod memory;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use memory::peak;
use serde_json::json;
use windlass::config::Config;
use windlass::demo::registry::{EmbeddedRegistry, Options};
use windlass::domain::{Digest, WriteAccess};
use windlass::engine::{CutRequest, Depth, Engine, Request};
use windlass::git::{self, GitRepository};
use windlass::project::Project;
use windlass::registry::TagRule;

const COMMITS: usize = 100_000;
/// Each with a branch; so many feature branches are there besides.
const RELEASES: usize = 1_000;
/// The newest releases are neither in main nor in develop; the fixes of every other one were picked for develop.
const OPEN: usize = 50;
/// Commits of develop between two releases.
const BETWEEN: usize = 95;
const FIXES: usize = 2;
const RUNS: usize = 10;
/// Names the registry for the process that measures its memory.
const HOST: &str = "WINDLASS_BENCH_RELEASES";

fn main() {
    let folder = repository();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    // In a process of its own: what it takes to make a history is not what it takes to read one.
    if let Ok(host) = std::env::var(HOST) {
        runtime.block_on(cut(&folder, &host));
        runtime.block_on(debts(&folder, &host));
        runtime.block_on(compare(&folder, &host));
        return println!(
            "{:<42} {:>6} MB   target ≤ 150 MB",
            "memory at most, all of it",
            peak()
        );
    }
    let cores = std::thread::available_parallelism().unwrap();
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').take(3).collect::<Vec<_>>().join(" ");
    println!(
        "{cores} cores, load average {load}; {RUNS} runs, {COMMITS} commits, {} branches\n",
        2 * RELEASES
    );

    let registry = runtime.block_on(registry(&folder));
    let host = registry.host();
    line("cut planned", 300, || runtime.block_on(cut(&folder, &host)));
    line("debts of 50 open releases", 1_000, || {
        runtime.block_on(debts(&folder, &host))
    });
    line("diff of releases 5,000 commits apart", 1_000, || {
        runtime.block_on(compare(&folder, &host))
    });
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .env(HOST, &host)
        .status();
    assert!(child.unwrap().success());
    runtime.block_on(registry.shutdown());
}

/// Prints the median of some runs, the least and the most beside what it should be.
fn line(name: &str, target: u32, mut run: impl FnMut() -> Duration) {
    let mut times: Vec<_> = (0..RUNS).map(|_| run().as_secs_f64() * 1000.0).collect();
    times.sort_by(f64::total_cmp);
    let range = format!("{:.0}–{:.0}", times[0], times[RUNS - 1]);
    let median = f64::midpoint(times[(RUNS - 1) / 2], times[RUNS / 2]);
    println!("{name:<42} {median:>6.0} ms   {range:>11} ms   target ≤ {target} ms");
}

fn open(folder: &Path) -> GitRepository {
    GitRepository::discover(folder).unwrap()
}

/// Plans a cut as the program does that was started for it.
async fn cut(folder: &Path, host: &str) -> Duration {
    let begun = Instant::now();
    let engine = engine(folder, host);
    let command = CutRequest {
        commit: "develop".to_owned(),
        version: None,
        sprint: None,
        reason: None,
    };
    let service = engine.service(&"payment-svc".parse().unwrap()).unwrap();
    let plan = engine.plan(&service, &Request::from(command)).await.unwrap();
    let taken = begun.elapsed();
    // The highest release is the base, open ones included; develop has only got its fixes since.
    assert_eq!(
        plan.operation.title(),
        format!("cut release/v1.{}.1", RELEASES - 1)
    );
    taken
}

/// Finds out what each open release owes to main and develop, as `windlass releases` does.
async fn debts(folder: &Path, host: &str) -> Duration {
    let begun = Instant::now();
    let engine = engine(folder, host);
    let service = engine.service(&"payment-svc".parse().unwrap()).unwrap();
    let releases = engine.releases(&service, Depth::Recent).await.unwrap();
    let taken = begun.elapsed();
    assert_eq!(releases.stale, None);
    let open: Vec<_> = releases
        .list
        .iter()
        .filter(|release| !release.is_finished())
        .collect();
    assert_eq!(open.len(), OPEN);
    // The highest version comes first.
    for (nth, release) in open.iter().rev().enumerate() {
        let is_paid = |wanted: &str| {
            let debt = release.debts.iter().find(|debt| debt.what.words() == wanted);
            debt.unwrap().state.is_paid()
        };
        assert!(!is_paid("into main"), "{release:?}");
        assert_eq!(is_paid("into develop"), is_picked(nth), "{release:?}");
    }
    taken
}

/// Compares two releases, as `windlass diff` does.
async fn compare(folder: &Path, host: &str) -> Duration {
    let begun = Instant::now();
    let engine = engine(folder, host);
    let service = engine.service(&"payment-svc".parse().unwrap()).unwrap();
    let last = RELEASES - OPEN - 1;
    let commits = BETWEEN + FIXES + 2;
    let (old, new) = (
        format!("v1.{}.0", last - 5_000_usize.div_ceil(commits)),
        format!("v1.{last}.0"),
    );
    let comparison = engine.diff(&service, &old, &new).await.unwrap();
    let taken = begun.elapsed();
    let changes = comparison.changes.unwrap();
    assert!(changes.commits > 4_900, "{}", changes.commits);
    taken
}

fn engine(folder: &Path, host: &str) -> Engine {
    let path = folder.join("windlass.toml");
    let text = format!(
        "[git]\nrelease_branch = \"release/v{{version}}\"\n\n[[service]]\nname = \"payment-svc\"\n\n\
         [[environment]]\nname = \"dev\"\nimage = \"{host}/dev/{{service}}\"\n"
    );
    std::fs::write(&path, text).unwrap();
    let config = Arc::new(Config::load(&path).unwrap());
    let state = folder.with_extension("state");
    Engine::new(Project::alone(config, Some(Arc::new(open(folder))), state).unwrap())
}

/// The registry of dev, with an image of the newest commit.
async fn registry(folder: &Path) -> EmbeddedRegistry {
    const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
    let registry = EmbeddedRegistry::start(Options::default()).await.unwrap();
    let engine = engine(folder, &registry.host());
    let commit = engine.repository().unwrap().commit("develop").unwrap().sha;
    let repository = format!("{}/dev/payment-svc", registry.host()).parse().unwrap();
    let access = WriteAccess::unless_read_only(false).unwrap();
    let writer = engine.registries().writer(&repository, access);
    let config = json!({"os": "linux", "architecture": "amd64",
        "config": {"Labels": {"org.opencontainers.image.revision": commit}}});
    let config = writer.put_blob(Bytes::from(config.to_string())).await.unwrap();
    let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": {
        "mediaType": "application/vnd.oci.image.config.v1+json", "digest": config.digest, "size": config.size,
    }, "layers": []});
    let bytes = Bytes::from(manifest.to_string());
    let digest = Digest::of(&bytes);
    writer
        .put_manifest(&digest.clone().into(), MANIFEST, bytes)
        .await
        .unwrap();
    let tag = engine.tag_of(&commit).unwrap();
    writer.tag(&digest, &tag, TagRule::Immutable).await.unwrap();
    registry
}

/// The repository, made once and kept with all that is built.
fn repository() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (folder, making) = (target.join("releases"), target.join("releases-in-the-making"));
    let origin = target.join("releases-origin.git");
    if !folder.join(".git").exists() {
        // Whatever was interrupted begins anew.
        for half in [&making, &origin] {
            if half.exists() {
                std::fs::remove_dir_all(half).unwrap();
            }
        }
        git::import(&making, &origin, "develop", History::default().tell().as_bytes()).unwrap();
        std::fs::rename(&making, &folder).unwrap();
    }
    folder
}

fn release(nth: usize) -> String {
    format!("release/v1.{nth}.0")
}

const fn is_picked(nth: usize) -> bool {
    nth.is_multiple_of(2)
}

const FILES: usize = 400;
const LINES: usize = 24;

/// The files of a branch, as the marks of their content.
type Tree = Vec<usize>;

/// A history as a stream of `git fast-import`: develop in a straight line, releases that fork from it, get fixes and are
/// merged into main, where they are tagged, and back; feature branches that are never merged.
#[derive(Default)]
struct History {
    stream: String,
    marks: usize,
    commits: usize,
    /// The content of each file by its mark.
    contents: std::collections::HashMap<usize, Vec<usize>>,
}

impl History {
    fn tell(mut self) -> String {
        let begin: Tree = (0..FILES).map(|_| self.blob(vec![0; LINES])).collect();
        let (mut develop, mut main) = ((0, begin.clone()), (0, vec![0; FILES]));
        let first: Vec<_> = (0..FILES).collect();
        develop.0 = self.commit("develop", "feat: begin", &[], &develop.1, &first);
        let mut changed = 0;
        for nth in 0..RELEASES {
            let left = COMMITS - self.commits;
            let count = if nth + 1 == RELEASES {
                left - FIXES - 1
            } else {
                BETWEEN
            };
            for _ in 0..count {
                changed += 1;
                let file = changed % FILES;
                self.change(&mut develop.1, file, changed / FILES % 8, changed);
                let message = format!("feat(api): change number {changed:06}\n\nRefs: PAY-{changed}");
                develop.0 = self.commit("develop", &message, &[develop.0], &develop.1, &[file]);
            }
            let (mut head, mut tree) = develop.clone();
            let fixed: Vec<_> = (0..FIXES).map(|fix| (nth * 7 + fix * 3) % FILES).collect();
            let message = |fix: usize| format!("fix: number {fix} of release {nth}");
            let line = 16 + nth % 8;
            for (fix, file) in fixed.iter().enumerate() {
                self.change(&mut tree, *file, line, nth);
                head = self.commit(&release(nth), &message(fix), &[head], &tree, &[*file]);
            }
            self.commit(
                &format!("feature/number-{nth}"),
                "feat: begun",
                &[head],
                &tree,
                &[],
            );
            let is_open = nth >= RELEASES - OPEN;
            if is_open && !is_picked(nth - (RELEASES - OPEN)) {
                continue;
            }
            for file in &fixed {
                self.change(&mut develop.1, *file, line, nth);
            }
            if is_open {
                // Develop has moved on by then, except in the last release.
                for (fix, file) in fixed.iter().enumerate() {
                    develop.0 = self.commit("develop", &message(fix), &[develop.0], &develop.1, &[*file]);
                }
                continue;
            }
            let other: Vec<_> = (0..FILES).filter(|file| main.1[*file] != tree[*file]).collect();
            let parents: Vec<_> = [main.0, head].into_iter().filter(|mark| *mark > 0).collect();
            main = (
                self.commit("main", &format!("release v1.{nth}.0"), &parents, &tree, &other),
                tree,
            );
            let _ = write!(
                self.stream,
                "tag v1.{nth}.0\nfrom :{}\ntagger ada <ada@example.com> {} +0000\ndata 8\nreleased\n",
                main.0,
                self.time()
            );
            develop.0 = self.commit(
                "develop",
                "merge a release",
                &[develop.0, head],
                &develop.1,
                &fixed,
            );
        }
        self.stream
    }

    fn time(&self) -> usize {
        1_700_000_000 + self.commits * 600
    }

    fn blob(&mut self, content: Vec<usize>) -> usize {
        self.marks += 1;
        let lines = content.iter().enumerate();
        let text = lines.fold(String::new(), |mut text, (nth, value)| {
            // Writing to a string does not fail.
            let _ = writeln!(text, "line {nth} is {value}");
            text
        });
        let _ = write!(
            self.stream,
            "blob\nmark :{}\ndata {}\n{text}\n",
            self.marks,
            text.len()
        );
        self.contents.insert(self.marks, content);
        self.marks
    }

    fn change(&mut self, tree: &mut Tree, file: usize, line: usize, value: usize) {
        let mut content = self.contents[&tree[file]].clone();
        content[line] = value;
        tree[file] = self.blob(content);
    }

    fn commit(
        &mut self,
        branch: &str,
        message: &str,
        parents: &[usize],
        tree: &Tree,
        files: &[usize],
    ) -> usize {
        const AUTHORS: [&str; 4] = ["ada", "grace", "edsger", "barbara"];
        self.commits += 1;
        self.marks += 1;
        let author = AUTHORS[self.commits % AUTHORS.len()];
        let _ = write!(
            self.stream,
            "commit refs/heads/{branch}\nmark :{}\ncommitter {author} <{author}@example.com> {} +0000\ndata {}\n{message}\n",
            self.marks,
            self.time(),
            message.len()
        );
        for (nth, parent) in parents.iter().enumerate() {
            let _ = writeln!(
                self.stream,
                "{} :{parent}",
                if nth == 0 { "from" } else { "merge" }
            );
        }
        for file in files {
            let _ = writeln!(
                self.stream,
                "M 644 :{} services/{}/src/{file}.rs",
                tree[*file],
                file % 20
            );
        }
        self.stream.push('\n');
        self.marks
    }
}
