//! No file uses another that uses it in turn: reads the paths that the sources name, follows what `mod.rs` files pass on,
//! and looks for files that lead back to themselves. `mod x;` alone is no use.

#![expect(clippy::unwrap_used, reason = "a test may fail by panic")]

#[path = "import_cycles/drawing.rs"]
mod drawing;
#[path = "import_cycles/graph.rs"]
mod graph;
#[path = "import_cycles/paths.rs"]
mod paths;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use drawing::draw;
use graph::{Graph, cycles};

/// Where the picture of the sources as they are begins in `docs/imports.md`.
const NOW: &str = "## Now\n\n";

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

/// The graph of the sources in `folder`.
fn graph_of(folder: &Path) -> Graph {
    let mut files = Vec::new();
    sources(folder, &mut files);
    let read = |file: PathBuf| {
        let name = file.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(&file).unwrap())
    };
    Graph::new(files.into_iter().map(read).collect())
}

#[test]
fn no_file_leads_back_to_itself() {
    let graph = graph_of(Path::new("src"));
    assert!(graph.all_uses().len() > 300, "the sources were not found");
    let found = cycles(&graph);
    let found: Vec<_> = found.iter().map(|circle| circle.join(", ")).collect();
    assert!(
        found.is_empty(),
        "files that use each other:\n{}",
        found.join("\n")
    );
}

/// `WINDLASS_SOURCES=FOLDER` prints the picture of other sources, such as those of an earlier version.
#[test]
fn the_picture_of_the_imports_has_the_folders_and_arrows_of_the_sources() {
    if let Some(folder) = std::env::var_os("WINDLASS_SOURCES") {
        println!("{}", draw(&graph_of(Path::new(&folder))));
    }
    let drawn = draw(&graph_of(Path::new("src")));
    let file = Path::new("docs/imports.md");
    let text = fs::read_to_string(file).unwrap();
    let (begin, _) = text.split_once(NOW).unwrap();
    let now = format!("{begin}{NOW}{drawn}");
    if std::env::var_os("WINDLASS_UPDATE").is_some() {
        fs::write(file, &now).unwrap();
    }
    // Counts change with every import; folders, arrows and circles only when the structure does.
    let shape = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "");
    assert!(
        shape(&fs::read_to_string(file).unwrap()) == shape(&now),
        "docs/imports.md is not up to date: run `WINDLASS_UPDATE=1 cargo test --test import_cycles`"
    );
}

#[test]
fn a_picture_counts_the_imports_between_folders_and_marks_circles() {
    let files = [
        ("lib.rs", "pub mod a; pub mod b; pub mod domain;"),
        ("a/mod.rs", "mod x; pub use x::X;"),
        ("a/x.rs", "use crate::b::y::Y; use crate::domain::D; struct X;"),
        ("b/mod.rs", "pub mod y; pub mod z;"),
        ("b/y.rs", "use crate::a::X; pub struct Y;"),
        ("b/z.rs", "use crate::b::y::Y; use crate::domain::D;"),
        ("domain/mod.rs", "pub struct D;"),
    ];
    let files = files.map(|(name, text)| (name.to_owned(), text.to_owned()));
    let drawn = draw(&Graph::new(files.into()));
    for line in [
        "7 files, 5 imports between them, 2 in circles: 1 circles, the largest of 2 files.",
        "  a[\"a<br/>2 files, 0 imports\"]",
        "  b[\"b<br/>3 files, 1 imports\"]",
        "  a ==>|1| b",
        "  b ==>|1| a",
    ] {
        assert!(drawn.lines().any(|one| one == line), "{line}:\n{drawn}");
    }
    assert!(!drawn.contains("| domain"), "{drawn}");
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
