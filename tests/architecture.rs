//! The walls between the rooms: reads the paths that the sources name and fails on one that goes through a wall.
//! The rules are those at the head of `src/lib.rs`.

#![expect(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms from left to right; a room may use those of the columns before its own.
const COLUMNS: &[&[&str]] = &[
    &["domain"],
    &["program", "state", "http"],
    &[
        "config", "git", "github", "registry", "scan", "sign", "deploy", "build",
    ],
    &["project"],
    &["catalog"],
    &["board", "engine"],
    &["fleet"],
    &["report"],
    &["cli", "tui", "demo"],
    &["start"],
];

/// Ways within one column.
const DOORS: &[(&str, &str)] = &[
    ("scan", "registry"),
    ("scan", "sign"),
    ("sign", "registry"),
    ("deploy", "git"),
    ("deploy", "github"),
    ("cli", "demo"),
];

/// Crates that live in these rooms only.
const TENANTS: &[(&str, &str)] = &[
    ("axum", "demo"),
    ("clap", "cli"),
    ("crossterm", "tui"),
    ("git2", "git"),
    ("k8s_openapi", "deploy"),
    ("kube", "deploy"),
    ("indicatif", "cli"),
    ("oci_client", "registry"),
    ("octocrab", "github"),
    ("ratatui", "tui"),
    ("reqwest", "http"),
    ("reqwest", "registry"),
    // octocrab stands on a client that is given to it.
    ("reqwest", "github"),
    ("sigstore", "sign"),
    ("sigstore_verify", "sign"),
];

/// What the domain must not name: no I/O, no async, no clock.
const OUT_OF_DOMAIN: &[&[&str]] = &[
    &["tokio"],
    &["futures_util"],
    &["std", "::", "fs"],
    &["std", "::", "net"],
    &["std", "::", "process"],
    &["std", "::", "env"],
    &["std", "::", "time"],
    &["Timestamp", "::", "now"],
    &["Zoned", "::", "now"],
];

fn may_use(room: &str, other: &str) -> bool {
    let column = |name| COLUMNS.iter().position(|column| column.contains(&name));
    match (column(room), column(other)) {
        (Some(own), Some(its)) => room == other || its < own || DOORS.contains(&(room, other)),
        // Not a room: something at the top of the crate.
        (Some(_), None) => true,
        (None, _) => false,
    }
}

/// All breaches in the source `text` of the file `path` (relative to `src`).
fn breaches(path: &Path, text: &str) -> Vec<String> {
    let parts: Vec<_> = path.iter().map(|part| part.to_str().unwrap()).collect();
    let room = parts[0];
    let modules = parts.len() - usize::from(parts.ends_with(&["mod.rs"]));
    let tokens = tokens(text);
    let mut found = Vec::new();
    for at in 0..tokens.len() {
        let here = &tokens[at..];
        if let Some(inner) = to_the_root(here, modules) {
            for other in first_names(inner) {
                if !may_use(room, other) {
                    found.push(format!("src/{}: {room} must not use {other}", path.display()));
                }
            }
        }
        let begins_path = at == 0 || tokens[at - 1] != "::";
        let is_path = here.get(1) == Some(&"::") || (at > 0 && tokens[at - 1] == "use");
        let homes: Vec<_> = TENANTS
            .iter()
            .filter(|(tenant, _)| *tenant == here[0])
            .map(|(_, home)| *home)
            .collect();
        if !homes.is_empty() && begins_path && is_path && !homes.contains(&room) {
            let (tenant, homes) = (here[0], homes.join(" and "));
            found.push(format!("src/{}: {tenant} lives in {homes} only", path.display()));
        }
        if room == "domain" && OUT_OF_DOMAIN.iter().any(|words| here.starts_with(words)) {
            found.push(format!(
                "src/{}: the domain does no I/O and has no clock",
                path.display()
            ));
        }
    }
    found
}

/// What follows `crate::`, or as many `super::` as lead out of the room.
fn to_the_root<'t>(here: &'t [&str], modules: usize) -> Option<&'t [&'t str]> {
    if here.starts_with(&["crate", "::"]) || here.starts_with(&["windlass", "::"]) {
        return Some(&here[2..]);
    }
    let out = ["super", "::"].repeat(modules);
    (!out.is_empty() && here.starts_with(&out)).then(|| &here[out.len()..])
}

/// The names that a path begins with: one, or those of a group in braces.
fn first_names<'t>(path: &'t [&'t str]) -> Vec<&'t str> {
    if path.first() != Some(&"{") {
        return path.first().copied().into_iter().collect();
    }
    let mut names = Vec::new();
    let mut depth = 0;
    let mut begins = false;
    for token in path {
        match *token {
            "{" => {
                depth += 1;
                begins = depth == 1;
            }
            "}" => depth -= 1,
            "," => begins = depth == 1,
            name if begins => {
                names.push(name);
                begins = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

/// Names, `::`, braces and commas, up to the tests at the end of a file; comments are left out.
fn tokens(text: &str) -> Vec<&str> {
    let code = text.find("\n#[cfg(test)]\nmod ").map_or(text, |end| &text[..end]);
    let mut tokens = Vec::new();
    for line in code.lines() {
        let line = line.split("//").next().unwrap_or_default();
        let mut rest = line;
        while let Some(c) = rest.chars().next() {
            let word = rest
                .find(|c: char| !(c.is_alphanumeric() || c == '_'))
                .unwrap_or(rest.len());
            let length = if word > 0 {
                word
            } else if rest.starts_with("::") {
                2
            } else {
                c.len_utf8()
            };
            if !c.is_whitespace() {
                tokens.push(&rest[..length]);
            }
            rest = &rest[length..];
        }
    }
    tokens
}

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|end| end == "rs") && path.file_stem().unwrap() != "tests" {
            into.push(path);
        }
    }
}

#[test]
fn no_room_looks_through_a_wall() {
    let mut files = Vec::new();
    sources(Path::new("src"), &mut files);
    assert!(files.len() > 30, "the sources were not found");
    let mut found = Vec::new();
    for file in files {
        let path = file.strip_prefix("src").unwrap();
        if path.components().count() > 1 {
            found.extend(breaches(path, &fs::read_to_string(&file).unwrap()));
        }
    }
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn every_folder_is_a_room_of_a_column() {
    for entry in fs::read_dir("src").unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            assert!(
                COLUMNS.iter().any(|column| column.contains(&name)),
                "src/{name} has no place in the order of the rooms"
            );
        }
    }
}

#[test]
fn sees_a_breach_in_each_of_its_forms() {
    for (path, text) in [
        ("domain/x.rs", "use crate::git::Commit;"),
        ("domain/x.rs", "let now = jiff::Timestamp::now();"),
        ("domain/x.rs", "use std::fs;"),
        ("git/mod.rs", "use super::registry::Reader;"),
        (
            "git/a/b.rs",
            "let x = super::super::super::registry::Reader::new();",
        ),
        ("board/x.rs", "use crate::{domain::{Digest, Tag}, tui::Model};"),
        ("board/x.rs", "fn f() -> crate::cli::Args { }"),
        ("engine/x.rs", "use crate::demo::World;"),
        ("cli/x.rs", "use crate::tui;"),
        ("tui/x.rs", "use crate::cli;"),
        ("cli/x.rs", "use ratatui::Frame;"),
        ("engine/x.rs", "fn f(c: &reqwest::Client) {}"),
        ("engine/x.rs", "use octocrab::Octocrab;"),
        ("github/x.rs", "use crate::git::GitRepository;"),
    ] {
        assert_eq!(breaches(Path::new(path), text).len(), 1, "{path}: {text}");
    }
}

#[test]
fn lets_the_allowed_ways_be() {
    for (path, text) in [
        ("sign/x.rs", "use crate::registry::Reader;"),
        (
            "tui/x.rs",
            "use ratatui::Frame; use crate::{board, engine::Plan};",
        ),
        ("demo/registry/mod.rs", "use super::registry; use axum::Router;"),
        ("git/x.rs", "// as crate::tui does\nuse super::Commit;"),
        (
            "git/x.rs",
            "fn f() {}\n#[cfg(test)]\nmod tests {\n    use crate::demo::registry;\n}",
        ),
    ] {
        assert_eq!(breaches(Path::new(path), text), [""; 0], "{path}: {text}");
    }
}
