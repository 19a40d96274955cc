//! The imports as a picture: the folders of `src`, how many imports lead from one to the other, and where circles are.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::graph::{Graph, cycles};

/// Everything uses it, which would hide all else.
const LEFT_OUT: &str = "domain";

fn folder(file: &str) -> &str {
    file.split_once('/')
        .map_or_else(|| file.trim_end_matches(".rs"), |(folder, _)| folder)
}

/// What a graph comes to, in a line, and as a flowchart of mermaid.
pub fn draw(graph: &Graph) -> String {
    let uses = graph.all_uses();
    let circles = cycles(graph);
    let in_one_circle = |a: &str, b: &str| {
        let has = |circle: &&Vec<String>, file: &str| circle.iter().any(|one| one == file);
        circles.iter().any(|circle| has(&circle, a) && has(&circle, b))
    };
    let mut files: BTreeMap<&str, usize> = BTreeMap::new();
    let mut edges: BTreeMap<(&str, &str), (usize, bool)> = BTreeMap::new();
    for (file, used) in &uses {
        *files.entry(folder(file)).or_default() += 1;
        for other in used {
            let edge = edges.entry((folder(file), folder(other))).or_default();
            edge.0 += 1;
            edge.1 |= in_one_circle(file, other);
        }
    }
    let mut text = format!(
        "{} files, {} imports between them, {} in circles",
        uses.len(),
        uses.values().map(BTreeSet::len).sum::<usize>(),
        circles.iter().map(Vec::len).sum::<usize>()
    );
    match circles.first() {
        None => text.push_str(": there is no circle.\n"),
        Some(largest) => {
            let _ = writeln!(
                text,
                ": {} circles, the largest of {} files.",
                circles.len(),
                largest.len()
            );
        }
    }
    text.push_str("\n```mermaid\nflowchart LR\n");
    for (name, count) in &files {
        let inner = edges.get(&(*name, *name)).copied().unwrap_or_default();
        let circles = if inner.1 { ", in circles" } else { "" };
        let _ = writeln!(
            text,
            "  {name}[\"{name}<br/>{count} files, {} imports{circles}\"]",
            inner.0
        );
    }
    for ((from, to), (count, is_circle)) in &edges {
        if from != to && *to != LEFT_OUT {
            let arrow = if *is_circle { "==>" } else { "-->" };
            let _ = writeln!(text, "  {from} {arrow}|{count}| {to}");
        }
    }
    text.push_str("```\n");
    text
}
