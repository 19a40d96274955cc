//! Where things stand, from the size of the terminal alone, so that [`update`](super::update) can turn pages and tell
//! what a click meant, and [`screens`](super::screens) paint the same.

use ratatui::layout::Rect;

use super::model::{Ended, Model, Pane, ReleasesPane, Screen, reached};
use super::widgets::line;

/// A smaller terminal shows a notice and nothing else: columns and rows.
pub const SMALLEST: (u16, u16) = (40, 10);

/// From this width on, the details stand beside and below the table.
pub const WIDE: u16 = 100;

/// The board, cut into its parts; a part with no height is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BoardLayout {
    /// Name of the program and the service, age of the facts.
    pub title: Rect,
    /// Environments.
    pub ribbon: Rect,
    /// The line below the ribbon.
    pub rule: Rect,
    /// The names of the columns.
    pub head: Rect,
    /// The rows.
    pub rows: Rect,
    /// The details, with the line above them.
    pub details: Rect,
    /// Keys, the search, or a notice.
    pub footer: Rect,
}

/// Cuts the screen for the board.
pub fn board(model: &Model) -> BoardLayout {
    let (width, height) = model.size;
    let line = |y: u16| Rect::new(0, y.min(height), width, u16::from(y < height));
    let below = if model.board.details {
        height.saturating_sub(4)
    } else if width < WIDE || height < 18 {
        0
    } else {
        (height / 4).clamp(7, 10)
    };
    let body = height.saturating_sub(4);
    let covered = below == body && below > 0;
    let head = u16::from(!covered);
    let rows = body.saturating_sub(below + head);
    BoardLayout {
        title: line(0),
        ribbon: line(1),
        rule: line(2),
        head: Rect::new(0, 3, width, head),
        rows: Rect::new(0, 3 + head, width, rows),
        details: Rect::new(0, height.saturating_sub(1 + below), width, below),
        footer: line(height.saturating_sub(1)),
    }
}

/// The run screen, cut into its parts; a part with no width is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunLayout {
    /// What runs, and for how long.
    pub title: Rect,
    /// What is moved where.
    pub subject: Rect,
    /// The line below.
    pub rule: Rect,
    /// The steps.
    pub steps: Rect,
    /// The line between the halves.
    pub divider: Rect,
    /// What the selected step is and how its log is shown.
    pub log_head: Rect,
    /// Progress of what the step moves.
    pub blobs: Rect,
    /// The log.
    pub log: Rect,
    /// How the run ended and where the digest is.
    pub end: Rect,
    /// Keys, the search, or a notice.
    pub footer: Rect,
}

/// Cuts the screen for a run.
pub fn run(model: &Model) -> RunLayout {
    let (width, height) = model.size;
    let line = |y: u16| Rect::new(0, y.min(height), width, u16::from(y < height));
    let run = model.run.as_ref();
    let ending = run.and_then(|run| run.ended.as_ref()).map_or(0, |ended| {
        let (summary, hint) = told_at_the_end(ended, width);
        let lines = 1 + summary.len() + ended.places.len() + hint.len();
        u16::try_from(lines).unwrap_or(u16::MAX).min(height / 2)
    });
    let zoomed = run.is_some_and(|run| run.pane == Pane::Zoomed);
    let left = if zoomed { 0 } else { (width / 3).clamp(30, 44) };
    let gap = u16::from(left > 0);
    let body = height.saturating_sub(4 + ending);
    let right = width.saturating_sub(left + gap);
    let moving = run
        .and_then(|run| run.current())
        .map_or(0, |step| step.blobs.len());
    let blobs = if moving == 0 {
        0
    } else {
        u16::try_from(moving + 2)
            .unwrap_or(u16::MAX)
            .min(body.saturating_sub(1) / 2)
    };
    RunLayout {
        title: line(0),
        subject: line(1),
        rule: line(2),
        steps: Rect::new(0, 3, left, body),
        divider: Rect::new(left, 3, gap, body),
        log_head: Rect::new(left + gap, 3, right, 1.min(body)),
        blobs: Rect::new(left + gap, 4, right, blobs),
        log: Rect::new(left + gap, 4 + blobs, right, body.saturating_sub(1 + blobs)),
        end: Rect::new(0, height.saturating_sub(1 + ending), width, ending),
        footer: line(height.saturating_sub(1)),
    }
}

/// How a run ended and what to do now, in lines that fit a screen of that width.
pub fn told_at_the_end(ended: &Ended, width: u16) -> (Vec<String>, Vec<String>) {
    let room = usize::from(width).saturating_sub(5);
    let hint = ended.hint.as_ref();
    let hint = hint.map_or_else(Vec::new, |hint| {
        line::wrap(hint, room.saturating_sub(WHAT_TO_DO.len()))
    });
    (line::wrap(&ended.summary, room), hint)
}

/// What stands before a hint.
pub const WHAT_TO_DO: &str = "Next step: ";

/// The findings, cut into their parts; a part with no height is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FindingsLayout {
    /// Whose findings, how many, in which order.
    pub title: Rect,
    /// The verdict and how old what it rests on is.
    pub verdict: Rect,
    /// The line below.
    pub rule: Rect,
    /// The names of the columns.
    pub head: Rect,
    /// The rows.
    pub rows: Rect,
    /// The selected finding, with the line above it.
    pub details: Rect,
    /// Keys, the filter, or a notice.
    pub footer: Rect,
}

/// Cuts the screen for findings.
pub fn findings(model: &Model) -> FindingsLayout {
    const VERDICT: u16 = 3;
    let (width, height) = model.size;
    let line = |y: u16| Rect::new(0, y.min(height), width, u16::from(y < height));
    let below = if height < 16 { 0 } else { 5 };
    let top = VERDICT + 3;
    let rows = height.saturating_sub(top + below + 1);
    FindingsLayout {
        title: line(0),
        verdict: Rect::new(0, 1, width, VERDICT.min(height.saturating_sub(1))),
        rule: line(VERDICT + 1),
        head: line(VERDICT + 2),
        rows: Rect::new(0, top.min(height), width, rows),
        details: Rect::new(0, height.saturating_sub(1 + below), width, below),
        footer: line(height.saturating_sub(1)),
    }
}

/// The screen of releases, cut into its parts; a part with no height is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReleasesLayout {
    /// What it is, age of the facts.
    pub title: Rect,
    /// Environments, in one line.
    pub ribbon: Rect,
    /// The line below the ribbon.
    pub rule: Rect,
    /// The names of the columns.
    pub head: Rect,
    /// The releases.
    pub rows: Rect,
    /// The details of the selected one, with the line above them.
    pub details: Rect,
    /// The line between details and environments.
    pub divider: Rect,
    /// The environments, with the line above them.
    pub environments: Rect,
    /// Keys, or a notice.
    pub footer: Rect,
}

/// Lines that an environment takes.
pub const ENVIRONMENT: u16 = 2;

/// Cuts the screen for releases.
pub fn releases(model: &Model) -> ReleasesLayout {
    const TOP: u16 = 3;
    let (width, height) = model.size;
    let line = |y: u16| Rect::new(0, y.min(height), width, u16::from(y < height));
    let none = Rect::new(0, height, 0, 0);
    let body = height.saturating_sub(TOP + 1);
    let count = u16::try_from(reached(&model.board.graph).count()).unwrap_or(u16::MAX);
    let wanted = count.saturating_mul(ENVIRONMENT).saturating_add(1);
    let open = model.releases.as_ref().is_some_and(|releases| releases.details);
    let pane = model.releases.as_ref().map(|releases| releases.pane);
    let wide = width >= WIDE && height >= 18;
    // Where not both fit, the half with the keyboard is shown.
    let below = match (open, wide) {
        (true, _) => 0,
        (false, true) => (height * 2 / 5).clamp(8, 22),
        (false, false) if body < 10 && pane == Some(ReleasesPane::Environments) => body,
        (false, false) if body < 10 => 0,
        (false, false) => wanted.min(body / 2),
    };
    let head = u16::from(!open && body > below);
    let rows = if open {
        0
    } else {
        body.saturating_sub(below + head)
    };
    let under = Rect::new(0, height.saturating_sub(1 + below), width, below);
    let left = width * 3 / 5;
    let (details, divider, environments) = if open {
        (Rect::new(0, TOP.min(height), width, body), none, none)
    } else if wide {
        let (details, right) = (Rect { width: left, ..under }, width.saturating_sub(left + 1));
        let divider = Rect {
            x: left,
            width: 1,
            ..under
        };
        let environments = Rect {
            x: left + 1,
            width: right,
            ..under
        };
        (details, divider, environments)
    } else {
        (none, none, under)
    };
    ReleasesLayout {
        title: line(0),
        ribbon: line(1),
        rule: line(2),
        head: Rect::new(0, TOP.min(height), width, head),
        rows: Rect::new(0, (TOP + head).min(height), width, rows),
        details,
        divider,
        environments,
        footer: line(height.saturating_sub(1)),
    }
}

/// A text, cut into its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageLayout {
    /// What it is of.
    pub title: Rect,
    /// The line below.
    pub rule: Rect,
    /// The text.
    pub text: Rect,
    /// Keys, or a notice.
    pub footer: Rect,
}

/// Cuts the screen for a text.
pub fn page(model: &Model) -> PageLayout {
    let (width, height) = model.size;
    let line = |y: u16| Rect::new(0, y.min(height), width, u16::from(y < height));
    PageLayout {
        title: line(0),
        rule: line(1),
        text: Rect::new(
            1.min(width),
            2.min(height),
            width.saturating_sub(2),
            height.saturating_sub(3),
        ),
        footer: line(height.saturating_sub(1)),
    }
}

/// Tells the model how many lines its parts have now.
pub fn measure(model: &mut Model) {
    model.board.height = usize::from(board(model).rows.height);
    if model.board.height > 0 {
        model.board.reveal();
    }
    let rows = usize::from(findings(model).rows.height);
    if let Some(findings) = &mut model.findings {
        findings.height = rows;
        findings.reveal();
    }
    let rows = usize::from(releases(model).rows.height);
    if let Some(releases) = &mut model.releases {
        releases.height = rows;
        releases.reveal();
    }
    let text = page(model).text;
    if let Some(page) = &mut model.page {
        page.height = usize::from(text.height);
        page.fit(usize::from(text.width));
    }
    let log = usize::from(run(model).log.height);
    if let Some(run) = &mut model.run {
        run.height = log;
        run.scroll = run.scroll.min(run.log().len().saturating_sub(1));
    }
}

/// Whether the terminal is too small for anything but a notice.
pub const fn too_small(model: &Model) -> bool {
    model.size.0 < SMALLEST.0 || model.size.1 < SMALLEST.1
}

/// The index of the row of the list under the mouse, counted from the first in sight.
pub fn row_at(model: &Model, column: u16, row: u16) -> Option<usize> {
    let area = match model.screen {
        Screen::Board => board(model).rows,
        Screen::Run => run(model).steps,
        Screen::Findings => findings(model).rows,
        Screen::Releases => releases(model).rows,
        Screen::Page => page(model).text,
    };
    let inside = area.contains((column, row).into());
    inside.then(|| usize::from(row - area.y))
}
