//! All text that the program shows, in one file: `docs/strings.md`. A change of words shows in review, and the whole can be
//! read at once. `WINDLASS_UPDATE=1 cargo test --test strings` writes the file anew.

#![expect(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory as _};
use windlass::cli::Cli;

const FILE: &str = "docs/strings.md";

#[test]
fn every_text_of_the_program_is_in_the_file_of_strings() {
    let now = document();
    if std::env::var_os("WINDLASS_UPDATE").is_some() {
        fs::write(FILE, &now).unwrap();
    }
    let written = fs::read_to_string(FILE).unwrap_or_default();
    let differing = now
        .lines()
        .zip(written.lines().chain(std::iter::repeat("")))
        .find(|(now, written)| now != written);
    assert!(
        now == written,
        "{FILE} is not up to date, first at {differing:?}: run `WINDLASS_UPDATE=1 cargo test --test strings` and read the \
         change"
    );
}

#[test]
fn literals_are_found_in_each_of_their_forms_and_comments_are_not() {
    let text = "let a = \"one \\\n    two\"; // \"three four\"\n/* \"five six\" */ let c = '\"'; let d = r#\"seven \"eight\"\"#;\n";
    assert_eq!(literals(text), ["one two", "seven \"eight\""]);
}

fn document() -> String {
    let mut text = "# What the program says\n\nEvery text that windlass shows, as it stands in the source; `{}` is where a value goes. Written by\n\
                    `tests/strings.rs`, read by people.\n\n## Help\n"
        .to_owned();
    help(&Cli::command(), "windlass", &mut text);
    text.push_str("\n## Messages\n");
    let mut files = Vec::new();
    sources(Path::new("src"), &mut files);
    files.sort();
    for file in files {
        let source = fs::read_to_string(&file).unwrap();
        let code = source
            .find("\n#[cfg(test)]\nmod ")
            .map_or(&*source, |end| &source[..end]);
        let said: Vec<_> = literals(code).into_iter().filter(|text| is_prose(text)).collect();
        if !said.is_empty() {
            let _ = writeln!(text, "\n### {}\n", file.display());
            for one in said {
                let _ = writeln!(text, "- {one}");
            }
        }
    }
    text
}

/// The long help of a command and of those below it.
fn help(command: &Command, name: &str, text: &mut String) {
    let said = command.clone().term_width(100).render_long_help().to_string();
    let lines: Vec<_> = said.lines().map(str::trim_end).collect();
    let _ = writeln!(
        text,
        "\n### {name}\n\n```text\n{}\n```",
        lines.join("\n").trim_end()
    );
    for below in command.get_subcommands() {
        if below.get_name() != "help" {
            let name = format!("{name} {}", below.get_name());
            help(below, &name, text);
        }
    }
}

/// The demo's history is a sample of other people's words.
fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        if path.is_dir() {
            if name != "demo" && name != "tests" {
                sources(&path, into);
            }
        } else if path.extension().is_some_and(|end| end == "rs")
            && !name.ends_with("tests")
            && name != "properties"
        {
            into.push(path);
        }
    }
}

fn is_prose(text: &str) -> bool {
    let mut letters = text.as_bytes().windows(2);
    text.trim().contains(' ') && letters.any(|two| two.iter().all(u8::is_ascii_lowercase))
}

/// The string literals of a source, with lines that go on joined; those of comments are left out.
fn literals(text: &str) -> Vec<String> {
    let (mut found, mut rest) = (Vec::new(), text);
    while let Some(at) = rest.find(['"', '\'', '/', 'r']) {
        rest = &rest[at..];
        if rest.starts_with("//") {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if rest.starts_with("/*") {
            rest = rest.find("*/").map_or("", |end| &rest[end + 2..]);
        } else if let Some(raw) = rest.strip_prefix("r#\"") {
            let end = raw.find("\"#").unwrap_or(raw.len());
            found.push(raw[..end].to_owned());
            rest = raw.get(end + 2..).unwrap_or_default();
        } else if let Some(quoted) = rest.strip_prefix('"') {
            let (literal, after) = literal(quoted);
            found.push(literal);
            rest = after;
        } else if ["'\"'", "'/'", "'r'"]
            .iter()
            .any(|quoted| rest.starts_with(quoted))
        {
            rest = &rest[3..];
        } else if rest.starts_with("'\\") {
            rest = rest[2..].find('\'').map_or("", |end| &rest[end + 3..]);
        } else {
            rest = &rest[1..];
        }
    }
    found
}

/// A literal up to its closing quote, and what comes after that.
fn literal(text: &str) -> (String, &str) {
    let mut found = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (found, &text[at + 1..]),
            '\\' => match chars.next() {
                Some((next, '\n')) => {
                    let blank = text[next + 1..]
                        .find(|c: char| !c.is_whitespace())
                        .unwrap_or_default();
                    chars = text[..].char_indices();
                    while chars.next().is_some_and(|(at, _)| at < next + blank) {}
                }
                Some((_, escaped)) => {
                    found.push('\\');
                    found.push(escaped);
                }
                None => break,
            },
            c => found.push(c),
        }
    }
    (found, "")
}
