//! `--ascii`: nothing that windlass writes itself is beyond ASCII.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use windlass::domain::ascii_symbol;

use crate::call::program;
use crate::sample::world_at;

/// The commands, in an order in which each has something to say.
const COMMANDS: &[&str] = &[
    "doctor",
    "status",
    "fleet --fleet fleet.toml",
    "board --limit 20",
    "board --limit 2 --json",
    "show develop",
    "show develop~2",
    "diff prod develop",
    "diff prod develop --markdown",
    "notes develop",
    "releases --all",
    "locks",
    "pins",
    "trust --dry-run",
    "scan --env prod --attached",
    "rollback prod --list",
    "cut develop --dry-run",
    "hotfix prod --dry-run",
    "finish v1.4.0 --dry-run",
    "promote develop~2 --to stage --dry-run",
    "promote develop --to stage --yes",
    "pin stage --reason load --until 7d --yes",
    "pins",
    "promote develop --to stage --yes",
    "unpin stage --reason over --yes",
    "runs",
    "runs --json",
    "show nothing",
    "copy --help",
    "registry rm --help",
    "completions bash",
];

#[tokio::test(flavor = "multi_thread")]
async fn with_ascii_no_command_writes_a_symbol_beyond_ascii() {
    let world = world_at(Timestamp::now()).await;
    let folder = world.repository();
    let stage = format!(
        "registry referrers {}/stage/payment-svc:latest",
        world.shared_host()
    );
    let tags = format!("registry tags {}/dev/payment-svc --digests", world.shared_host());
    for command in COMMANDS.iter().copied().chain([&*stage, &*tags]) {
        let args: Vec<_> = command.split_whitespace().chain(["--ascii"]).collect();
        let output = program(&folder, &folder.join("state"), &args)
            .output()
            .await
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        assert!(!said.is_empty(), "{command} says nothing");
        let said = String::from_utf8(said).unwrap();
        let beyond: BTreeSet<_> = said.lines().filter(|line| !line.is_ascii()).collect();
        assert!(beyond.is_empty(), "{command}: {beyond:#?}");
    }
}

/// Rust sources below `folder`.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_symbol_in_the_sources_has_a_form_in_ascii() {
    let mut files = Vec::new();
    sources(Path::new("src"), &mut files);
    assert!(files.len() > 100, "the sources are looked at");
    let mut without = BTreeSet::new();
    for file in files {
        let is_test = file.components().any(|part| part.as_os_str() == "tests");
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text.find("\n#[cfg(test)]").map_or(&*text, |end| &text[..end]);
        if is_test || file.ends_with("tests.rs") {
            continue;
        }
        let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        for symbol in lines.flat_map(str::chars).filter(|symbol| !symbol.is_ascii()) {
            if ascii_symbol(symbol).is_none() {
                without.insert((file.clone(), symbol));
            }
        }
    }
    assert!(without.is_empty(), "{without:#?}");
}
