//! A text to be read: notes of a release, or a comparison.

use crate::domain::{CommitSha, clean_line};
use crate::tui::screens::screen::Screen;
use crate::tui::session::Message;
use crate::tui::widgets::line;
use crate::tui::widgets::search::{Search, next_match};

/// How a line of a page looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// As text does.
    Plain,
    /// As a heading.
    Head,
    /// As what matters less.
    Quiet,
    /// As what is good news.
    Good,
    /// As what is bad news.
    Bad,
    /// As what wants attention.
    Attention,
}

/// A line of a page. A long one goes on below, where its first word that matters begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageLine {
    /// How it looks.
    pub ink: Ink,
    /// The columns before what goes on below.
    pub indent: usize,
    /// The line.
    pub text: String,
}

impl PageLine {
    /// A line as it is.
    pub fn new(ink: Ink, indent: usize, text: &str) -> Self {
        Self {
            ink,
            indent,
            text: clean_line(text),
        }
    }
}

/// What a page is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageOf {
    /// The notes of a release or a commit.
    Notes(String),
    /// What a candidate would change against what is somewhere.
    Diff {
        /// The environment.
        from: String,
        /// The candidate: its commit.
        to: CommitSha,
        /// What to call it.
        name: String,
    },
}

impl PageOf {
    /// Its title.
    pub fn title(&self) -> String {
        match self {
            Self::Notes(of) => format!("notes of {of}"),
            Self::Diff { from, name, .. } => format!("changes from {from} to {name}"),
        }
    }

    /// What is going on until it is there.
    pub const fn waiting(&self) -> &'static str {
        match self {
            Self::Notes(_) => "reading the commits",
            Self::Diff { .. } => "comparing commits, images, packages and findings",
        }
    }
}

/// A text on its way.
#[derive(Debug, Clone)]
pub enum PageContent {
    /// Being made.
    Loading,
    /// There is none, and why.
    Failed(Message),
    /// All of it, and the text that can be copied.
    Known(Vec<PageLine>, String),
}

/// The screen of a text.
#[derive(Debug, Clone)]
pub struct PageModel {
    /// What it is of.
    pub of: PageOf,
    /// What stands there.
    pub content: PageContent,
    /// The screen that one came from.
    pub back: Screen,
    /// Its lines, wrapped to `width`.
    pub lines: Vec<(Ink, String)>,
    /// The columns that they are wrapped to.
    pub width: usize,
    /// The first line on the screen.
    pub top: usize,
    /// How many fit on the screen.
    pub height: usize,
    /// What is searched for.
    pub search: Option<Search>,
    /// The line that was found last.
    pub found: Option<usize>,
}

impl PageModel {
    /// A page that is still to be written.
    pub const fn asked(of: PageOf, back: Screen) -> Self {
        Self {
            of,
            content: PageContent::Loading,
            back,
            lines: Vec::new(),
            width: 0,
            top: 0,
            height: 0,
            search: None,
            found: None,
        }
    }

    /// Wraps it to so many columns, and keeps the first line in bounds.
    pub fn fit(&mut self, width: usize) {
        if self.width != width {
            self.width = width;
            self.found = None;
            self.lines.clear();
            if let PageContent::Known(lines, _) = &self.content {
                self.lines = lines.iter().flat_map(|line| wrapped(line, width)).collect();
            }
        }
        self.top = self.top.min(self.lines.len().saturating_sub(self.height.max(1)));
    }

    /// Goes to the next line that the search finds: from the last one that it found, or from the first one in sight. Tells
    /// whether there is one; an empty search is found where one is.
    pub fn find(&mut self, forward: bool, from_here: bool) -> bool {
        let Some(needle) = self.search.as_ref().map(Search::needle) else {
            return false;
        };
        if needle.is_empty() {
            return true;
        }
        let sight = self.top..self.top + self.height.max(1);
        let last = self.found.filter(|found| sight.contains(found));
        let matches = |line: usize| self.lines[line].1.to_lowercase().contains(&needle);
        // What is in sight but was not found yet counts from its very first line.
        let from_here = from_here || last.is_none();
        self.found = next_match(
            self.lines.len(),
            last.unwrap_or(self.top),
            forward,
            from_here,
            matches,
        );
        let Some(found) = self.found else { return false };
        if !sight.contains(&found) {
            self.top = found;
            self.fit(self.width);
        }
        true
    }

    /// Takes the text in.
    pub fn write(&mut self, content: PageContent) {
        let width = self.width;
        self.content = content;
        self.width = 0;
        self.fit(width);
    }
}

fn wrapped(line: &PageLine, width: usize) -> Vec<(Ink, String)> {
    let indent = line.indent.min(width / 2);
    let pieces = line::wrap(&line.text, width);
    let Some((first, rest)) = pieces.split_first() else {
        return Vec::new();
    };
    let mut all = vec![(line.ink, first.clone())];
    if !rest.is_empty() {
        let rest = line.text.get(first.len()..).unwrap_or_default().trim_start();
        let rest = line::wrap(rest, width.saturating_sub(indent));
        all.extend(
            rest.into_iter()
                .map(|piece| (line.ink, format!("{:indent$}{piece}", ""))),
        );
    }
    all
}

/// Markdown as a page shows it: headings without their marks, lists with theirs, links by their text.
pub fn of_markdown(text: &str) -> Vec<PageLine> {
    text.lines()
        .map(|line| {
            let bare = line.trim_start();
            let depth = line.len() - bare.len();
            if let Some(heading) = bare.strip_prefix('#') {
                return PageLine::new(Ink::Head, 0, &shown(heading.trim_start_matches('#').trim_start()));
            }
            let indent = if bare.starts_with("- ") { depth + 2 } else { depth };
            PageLine::new(Ink::Plain, indent, &format!("{:depth$}{}", "", shown(bare)))
        })
        .collect()
}

/// A line of Markdown without what only a program needs: backslashes, and the targets of links.
fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    let mut links = 0_usize;
    while let Some(c) = rest.next() {
        match c {
            '\\' if rest.peek().is_some_and(char::is_ascii_punctuation) => shown.extend(rest.next()),
            '[' => links += 1,
            ']' if links > 0 => {
                links -= 1;
                if rest.peek() == Some(&'(') {
                    for c in rest.by_ref() {
                        if c == ')' {
                            break;
                        }
                    }
                }
            }
            '*' | '`' => {}
            c => shown.push(c),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_is_shown_without_what_only_programs_need() {
        let lines = of_markdown("## Fixes\n- retry \\*all\\* writes ([PAY-3](https://t.example.com/PAY-3))");
        assert_eq!(lines[0], PageLine::new(Ink::Head, 0, "Fixes"));
        assert_eq!(lines[1].text, "- retry *all* writes (PAY-3)");
    }

    #[test]
    fn a_long_line_goes_on_where_its_text_begins() {
        let line = PageLine::new(Ink::Plain, 2, "- one two three");
        let texts: Vec<_> = wrapped(&line, 9).into_iter().map(|(_, text)| text).collect();
        assert_eq!(texts, ["- one two", "  three"]);
    }
}
