//! `windlass diff` in the sample world: every kind of name, every form of the answer, and what is hostile or missing.

#![expect(clippy::unwrap_used, reason = "what a test relies on fails it by panicking")]

#[path = "support/call.rs"]
mod call;
#[path = "support/git.rs"]
mod git;
#[path = "support/image.rs"]
mod image;
#[path = "support/sample.rs"]
mod sample;

use std::io::Read as _;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use serde_json::{Value, json};
use windlass::demo::World;
use windlass::domain::{ChangeKind, Clean, Comparison, PackageChange, Part, Repository, SideKind};
use windlass::engine::{Engine, EngineError};
use windlass::project::{Project, Service};
use windlass::registry::{TagRule, Writer};
use windlass::report::{Block, Limits, of_comparison};
use windlass::tui::screens::page::of_document;

use call::{program, text};
use git::git;
use sample::{access, world_at};

async fn world() -> World {
    world_at("2026-11-23T12:00:00Z".parse().unwrap()).await
}

fn payment(engine: &Engine) -> Service {
    engine.service(&"payment-svc".parse().unwrap()).unwrap()
}

async fn windlass(world: &World, args: &[&str]) -> Output {
    let state = world.folder().join("state");
    let mut program = program(&world.repository(), &state, args);
    program.output().await.unwrap()
}

async fn out(world: &World, args: &[&str]) -> String {
    let output = windlass(world, args).await;
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

fn packages(comparison: &Comparison, change: PackageChange) -> Vec<&str> {
    let diff = comparison.packages.as_ref().unwrap();
    diff.of(change).map(|package| package.name.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_name_leads_to_a_commit_and_an_image() {
    let world = world().await;
    let engine = world.engine().unwrap();
    let diff = |a: &'static str, b: String| {
        let engine = engine.clone();
        async move { engine.diff(&payment(&engine), a, &b).await.unwrap() }
    };
    let develop = git(&world.repository(), &["rev-parse", "develop"]);
    let comparison = diff("prod", "develop".to_owned()).await;
    assert_eq!(
        (comparison.from.kind, comparison.to.kind),
        (SideKind::Environment, SideKind::Commit)
    );
    assert_eq!(comparison.to.commit.as_ref().unwrap().as_str(), develop);
    assert_eq!(comparison.changes.as_ref().unwrap().commits, 17);
    assert_eq!(comparison.taken_back, None);
    assert_eq!(packages(&comparison, PackageChange::Up).len(), 3);
    assert_eq!(
        packages(&comparison, PackageChange::Down),
        ["github.com/jackc/pgx/v5"]
    );
    assert_eq!(
        packages(&comparison, PackageChange::Added),
        ["github.com/parquet-go/parquet-go"]
    );
    assert!(comparison.unknown.is_empty(), "{:?}", comparison.unknown);
    assert_eq!(
        comparison.headline(),
        "17 commits · 15 pull requests · 1 package down · 3 up · 1 added · 2 settings changed"
    );
    let digest = comparison.to.image.as_ref().unwrap().digest.to_string();
    for (name, kind) in [
        (format!("sha-{}", &develop[..7]), SideKind::Tag),
        ("latest".to_owned(), SideKind::Tag),
        (digest, SideKind::Digest),
        ("dev".to_owned(), SideKind::Environment),
        (develop[..9].to_owned(), SideKind::Commit),
    ] {
        let other = diff("prod", name.clone()).await;
        assert_eq!(other.to.kind, kind, "{name}");
        assert_eq!(other.changes, comparison.changes, "{name}");
        assert_eq!(other.packages, comparison.packages, "{name}");
    }
    let release = diff("v1.3.2", "v1.4.0".to_owned()).await;
    assert_eq!(
        (release.from.kind, release.to.kind),
        (SideKind::Release, SideKind::Release)
    );
    let branch = git(
        &world.repository(),
        &["branch", "--list", "release/v1.4.0*", "--format=%(refname:short)"],
    );
    assert_eq!(diff("v1.3.2", branch).await.changes, release.changes);

    // Rolling back takes back what the other way would bring.
    let back = diff("stage", "prod".to_owned()).await;
    assert!(back.changes.as_ref().unwrap().is_empty());
    assert_eq!(back.taken_back, diff("prod", "stage".to_owned()).await.changes);
    assert!(
        back.headline().starts_with("14 commits reverted"),
        "{}",
        back.headline()
    );

    let fixed = diff("develop~4", "develop".to_owned()).await;
    assert_eq!(fixed.vulnerabilities.as_ref().unwrap().counts(), ["2 CVEs fixed"]);
    let same = diff("dev", "develop".to_owned()).await;
    assert_eq!(same.headline(), "the same image");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_said_and_stops_nothing() {
    let world = world().await;
    let engine = world.engine().unwrap();
    // This one was never scanned, and has no SBOM.
    let unscanned = engine
        .diff(&payment(&engine), "develop~8", "develop")
        .await
        .unwrap();
    let parts: Vec<_> = unscanned.unknown.iter().map(|unknown| unknown.part).collect();
    assert_eq!(parts, [Part::Packages, Part::Vulnerabilities]);
    assert_eq!(unscanned.unknown[0].side, Some(Clean::line("develop~8")));
    assert!(unscanned.image.is_some());
    assert_eq!(unscanned.changes.as_ref().unwrap().commits, 8);
    // This one has no image at all.
    let unbuilt = engine
        .diff(&payment(&engine), "develop~2", "develop")
        .await
        .unwrap();
    assert_eq!(unbuilt.unknown.len(), 3);
    assert!(
        unbuilt
            .unknown
            .iter()
            .all(|unknown| unknown.why.as_str() == "develop~2 has no image")
    );
    assert_eq!(unbuilt.changes.as_ref().unwrap().commits, 2);
    // Without an SBOM the report tells, and it is said that two tools were asked.
    let reported = engine
        .diff(&payment(&engine), "develop~5", "develop")
        .await
        .unwrap();
    assert!(reported.packages.is_some());
    assert!(
        reported
            .notes
            .iter()
            .any(|note| note.as_str().contains("the two may not be comparable"))
    );
    // The tag of this one was moved to the image of another commit.
    let moved = engine
        .diff(&payment(&engine), "develop~6", "develop")
        .await
        .unwrap();
    assert!(
        moved
            .notes
            .iter()
            .any(|note| note.as_str().contains("was built from")),
        "{:?}",
        moved.notes
    );

    let unknown = engine
        .diff(&payment(&engine), "prd", "develop")
        .await
        .unwrap_err();
    assert!(matches!(unknown, EngineError::NothingNamed { .. }));
    let output = windlass(&world, &["diff", "prd", "develop"]).await;
    assert_eq!(output.status.code(), Some(7));
    let words = text(&output.stderr);
    assert!(
        words.contains("did you mean `prod`?") && words.contains("v1.4.0, v1.3.2"),
        "{words}"
    );
    let nowhere = format!("sha256:{}", "0".repeat(64));
    let output = windlass(&world, &["diff", &nowhere, "develop"]).await;
    assert_eq!(output.status.code(), Some(7));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_is_a_table_a_document_or_a_change_ticket() {
    let world = world().await;
    let document = out(&world, &["diff", "prod", "develop", "--json", "--limit", "2"]).await;
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document["version"], 1);
    assert_eq!(document["from"]["kind"], "environment");
    assert_eq!(document["changes"]["commits"], 17);
    assert_eq!(document["changes"]["groups"][0]["count"], 7);
    assert_eq!(
        document["changes"]["groups"][0]["entries"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        document["packages"]["to"],
        json!({ "source": "sbom", "format": "CycloneDX" })
    );
    assert_eq!(document["image"]["settings"][1]["setting"], "env PAYMENT_LIMITS");
    assert_eq!(document["unknown"], json!([]));

    let table = out(&world, &["diff", "prod", "develop"]).await;
    assert!(!table.contains('\u{1b}'), "a pipe gets no colour");
    for part in [
        "COMMITS",
        "FILES",
        "IMAGE",
        "PACKAGES",
        "VULNERABILITIES",
        "↓ down",
        "#482",
    ] {
        assert!(table.contains(part), "{part}: {table}");
    }

    let markdown = out(&world, &["diff", "develop~4", "develop", "--markdown"]).await;
    let markdown = markdown.replace(&world.shared_host(), "HOST");
    insta::assert_snapshot!("change_ticket", markdown);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_wider_than_the_terminal() {
    let world = world().await;
    for columns in [80, 200] {
        let size = PtySize {
            rows: 200,
            cols: columns,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pty = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_windlass"));
        command.args(["diff", "v1.3.0", "develop~8"]);
        command.cwd(world.repository());
        command.env("XDG_STATE_HOME", world.folder().join("state"));
        command.env("WINDLASS_TRUST", call::trusted(&world.repository()));
        let mut child = pty.slave.spawn_command(command).unwrap();
        drop(pty.slave);
        let mut reader = pty.master.try_clone_reader().unwrap();
        let mut bytes = Vec::new();
        // The end of a pseudo-terminal is an error on Linux.
        let _ = reader.read_to_end(&mut bytes);
        assert!(child.wait().unwrap().success());
        let mut screen = vt100::Parser::new(400.try_into().unwrap(), (columns * 2).try_into().unwrap(), 0);
        screen.process(&bytes);
        let lines: Vec<_> = screen.screen().rows(0, columns * 2).collect();
        let longest = lines
            .iter()
            .map(|line| line.trim_end().chars().count())
            .max()
            .unwrap();
        assert!(longest <= usize::from(columns), "{longest}: {lines:#?}");
        assert!(lines.iter().any(|line| line.contains("NOT KNOWN")), "{lines:#?}");
        if columns == 200 {
            assert!(
                lines
                    .iter()
                    .any(|line| line.contains("PAYMENT_LIMITS") || line.contains("#474"))
            );
        }
    }
}

/// Pushes an image of `commit` with these settings, under its tag.
async fn push(writer: &Writer, commit: &str, mut settings: Value) {
    settings["Labels"]["org.opencontainers.image.revision"] = json!(commit);
    let config = json!({ "os": "linux", "architecture": "amd64", "config": settings });
    let index = image::push(writer, &config).await;
    let tag = format!("sha-{}", &commit[..7]).parse().unwrap();
    writer.tag(&index.digest, &tag, TagRule::Immutable).await.unwrap();
}

/// A commit on a branch of its own, without touching what is checked out.
fn commit(folder: &Path, branch: &str, subject: &str) -> String {
    let tree = git(folder, &["rev-parse", "develop^{tree}"]);
    let name = git(folder, &["commit-tree", &tree, "-p", "develop", "-m", subject]);
    git(folder, &["branch", branch, &name]);
    name
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_texts_reach_neither_the_terminal_nor_the_ticket() {
    let world = world().await;
    let subject = "feat: \u{1b}]0;owned\u{7}\u{1b}[31m[x](http://evil) \u{202e}<img src=x> @all";
    let name = commit(&world.repository(), "hostile", subject);
    let engine = world.engine().unwrap();
    let repository: Repository = format!("{}/dev/payment-svc", world.shared_host())
        .parse()
        .unwrap();
    let writer = engine.registries().writer(&repository, access());
    let settings = json!({
        "User": "\u{1b}[2Jroot", "Env": ["API_TOKEN=hunter2", "A=\u{202e}|<b>"],
        "Labels": { "[x](http://evil)": "\u{1b}]52;c;aGk=\u{7}<script>" },
    });
    push(&writer, &name, settings).await;
    for form in [
        &["diff", "develop", "hostile"][..],
        &["diff", "develop", "hostile", "--json"],
        &["diff", "develop", "hostile", "--markdown"],
    ] {
        let shown = out(&world, form).await;
        for bad in [
            "\u{1b}", "\u{7}", "\u{202e}", "hunter2", "owned", "\\u001b", "\\u202e",
        ] {
            assert!(!shown.contains(bad), "{bad:?} in {shown}");
        }
        assert!(shown.contains("(not shown)"), "{shown}");
    }
    let ticket = out(&world, &["diff", "develop", "hostile", "--markdown"]).await;
    for bad in [" [x](", "http://", "<img", "<script", "<b>", " @all"] {
        assert!(!ticket.contains(bad), "{bad:?} in {ticket}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_in_a_folder_sees_what_touches_it() {
    let world = world().await;
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    git(at, &["init", "-q", "-b", "develop"]);
    for (nth, path) in ["one/a", "two/b", "one/c", "README"].iter().enumerate() {
        std::fs::create_dir_all(at.join(path).parent().unwrap()).unwrap();
        std::fs::write(at.join(path), "text\n").unwrap();
        git(at, &["add", "."]);
        git(
            at,
            &["commit", "-q", "-m", &format!("feat: change {nth} for OPS-{nth}")],
        );
    }
    let host = world.shared_host();
    let config = format!(
        "[git]\nrelease_branch = \"release/{{service}}-v{{version}}\"\nhotfix_branch = \"hotfix/{{service}}-v{{version}}\"\n\
         release_tag = \"{{service}}-v{{version}}\"\ntickets_url = \"https://t.example.com/{{ticket}}\"\n\n\
         [[service]]\nname = \"one\"\npath = \"one\"\n\n[[service]]\nname = \"two\"\npath = \"two\"\n\n\
         [[environment]]\nname = \"dev\"\nimage = \"{host}/many/{{service}}\"\n"
    );
    std::fs::write(at.join("windlass.toml"), config).unwrap();
    let config = windlass::config::Config::load(&at.join("windlass.toml")).unwrap();
    let repository = windlass::git::GitRepository::discover(at).unwrap();
    let shared = Arc::clone(world.engine().unwrap().project().shared());
    let project = Project::new(config.into(), Some(repository.into()), shared);
    let engine = Engine::new(Arc::new(project));
    let one = engine.service(&"one".parse().unwrap()).unwrap();
    let comparison = engine.diff(&one, "develop~3", "develop").await.unwrap();
    let changes = comparison.changes.as_ref().unwrap();
    assert_eq!((changes.commits, comparison.elsewhere), (1, 2));
    assert_eq!(changes.groups[0].kind, ChangeKind::Feature);
    assert_eq!(
        comparison.files.as_ref().unwrap().listed[0].path,
        Clean::line("one/c")
    );
    let url = engine.config().git.tickets_url.as_ref();
    let limits = Limits { files: 20, rows: 20 };
    let ticket = of_comparison(&comparison, limits, jiff::Timestamp::now()).markdown(url);
    assert!(
        ticket.contains("[OPS-2](https://t.example.com/OPS-2)"),
        "{ticket}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_the_page_and_the_ticket_name_the_same() {
    let world = world().await;
    let engine = world.engine().unwrap();
    let comparison = engine.diff(&payment(&engine), "prod", "develop").await.unwrap();
    let limits = Limits { files: 12, rows: 200 };
    let document = of_comparison(&comparison, limits, jiff::Timestamp::now());
    let table = out(&world, &["diff", "prod", "develop"]).await;
    let ticket = document.markdown(None);
    let lines = of_document(&document);
    let lines: Vec<_> = lines.iter().map(|line| line.text.as_str()).collect();
    let page = lines.join("\n");
    let titles: Vec<_> = document.sections.iter().map(|section| section.title).collect();
    assert_eq!(
        titles,
        ["Commits", "Files", "Image", "Packages", "Vulnerabilities"]
    );
    for section in &document.sections {
        assert!(table.contains(&section.title.to_uppercase()), "{table}");
        assert!(
            page.contains(section.title) && ticket.contains(section.title),
            "{page}{ticket}"
        );
        for block in &section.blocks {
            let Block::Table(rows) = block else { continue };
            for row in &rows.rows {
                let first = &row.cells[0].short;
                assert!(table.contains(first), "{first} is missing in {table}");
                assert!(page.contains(first), "{first} is missing in {page}");
                let escaped = windlass::domain::markdown_escape(first);
                assert!(ticket.contains(&escaped), "{escaped} is missing in {ticket}");
            }
        }
    }
}

#[tokio::test]
async fn a_name_that_nothing_has_is_said_to_be_that_though_no_registry_answers() {
    let folder = tempfile::tempdir().unwrap();
    let config =
        "[[service]]\nname = \"app\"\n[[environment]]\nname = \"dev\"\nimage = \"127.0.0.1:1/app\"\n";
    std::fs::write(folder.path().join("windlass.toml"), config).unwrap();
    git(folder.path(), &["init", "-q", "-b", "develop"]);
    git(folder.path(), &["commit", "-q", "--allow-empty", "-m", "first"]);
    let said = program(folder.path(), folder.path(), &["diff", "v2.70.0", "v2.80.0"])
        .output()
        .await
        .unwrap();
    let err = text(&said.stderr);
    assert!(
        err.contains("no environment, release, commit, image tag or digest named"),
        "{err}"
    );
    assert!(err.contains("127.0.0.1:1"), "{err}");
}
