//! No file uses another that uses it in turn: reads the paths that the sources name, follows what `mod.rs` files pass on,
//! and looks for files that lead back to themselves. `mod x;` alone is no use.

#![expect(clippy::unwrap_used, reason = "a test may fail by panic")]

#[path = "import_cycles/graph.rs"]
mod graph;
#[path = "import_cycles/paths.rs"]
mod paths;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use graph::{Graph, cycles};

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_test = path.file_stem().unwrap() == "tests";
        if path.is_dir() && !is_test {
            sources(&path, into);
        } else if path.extension().is_some_and(|end| end == "rs") && !is_test {
            into.push(path);
        }
    }
}

#[test]
fn no_file_leads_back_to_itself() {
    let mut files = Vec::new();
    sources(Path::new("src"), &mut files);
    assert!(files.len() > 300, "the sources were not found");
    let read = |file: PathBuf| {
        let name = file.strip_prefix("src").unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(&file).unwrap())
    };
    let found = cycles(&Graph::new(files.into_iter().map(read).collect()));
    let found: Vec<_> = found.iter().map(|circle| circle.join(", ")).collect();
    assert!(
        found.is_empty(),
        "files that use each other:\n{}",
        found.join("\n")
    );
}

#[test]
fn a_circle_is_seen_in_each_of_its_forms() {
    let seen = |files: &[(&str, &str)]| {
        let files: BTreeMap<_, _> = files
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect();
        cycles(&Graph::new(files))
    };
    let root = ("lib.rs", "pub mod a;");
    for files in [
        // One names the other by its path,
        [
            ("a/mod.rs", "mod x; mod y;"),
            ("a/x.rs", "use super::y::Y; struct X;"),
            ("a/y.rs", "fn f(x: super::x::X) {} struct Y;"),
        ],
        // by what the folder passes on,
        [
            ("a/mod.rs", "mod x; mod y; pub use x::X;"),
            ("a/x.rs", "use super::y::Y;"),
            ("a/y.rs", "use crate::a::X;"),
        ],
        // in a group,
        [
            ("a/mod.rs", "mod x; mod y;"),
            ("a/x.rs", "use crate::a::{y::{Y, Z}};"),
            ("a/y.rs", "use super::{x::X};"),
        ],
        // and by a module that was imported.
        [
            ("a/mod.rs", "mod x; mod y;"),
            ("a/x.rs", "use super::y; fn f() { y::g(); }"),
            ("a/y.rs", "use super::x::f;"),
        ],
    ] {
        let all: Vec<_> = files.into_iter().chain([root]).collect();
        assert_eq!(seen(&all), [["a/x.rs", "a/y.rs"]], "{all:?}");
    }
    let chain = [
        root,
        ("a/mod.rs", "mod x; mod y; pub use y::Y;"),
        (
            "a/x.rs",
            "use super::Y; // and super::y uses\nfn f() {}\n#[cfg(test)]\nmod tests { use super::super::Z; }",
        ),
        ("a/y.rs", "pub struct Y; #[doc = \"super::x::f\"] fn g() {}"),
    ];
    assert_eq!(seen(&chain), [[""; 0]; 0]);
}
