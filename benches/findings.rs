//! What the findings of a report of 30,000 cost the console: `cargo bench --bench findings`. No frame may take more than
//! 5 ms, whether someone scrolls, sorts, or types a filter.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and may fail by panic"
)]

#[path = "measure/time.rs"]
mod time;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget as _;
use time::ms;
use windlass::domain::{Finding, Judged, Judgement, Severity, Standing, Verdict};
use windlass::tui::app::theme::Theme;
use windlass::tui::screens::Screen;
use windlass::tui::screens::findings::{Content, Findings, FindingsModel};
use windlass::tui::session::{Console, Model, Msg, update};

const SIZE: (u16, u16) = (200, 60);
const FINDINGS: usize = 30_000;
const ROUNDS: usize = 50;

fn main() {
    println!(
        "{FINDINGS} findings on {}×{}: update and frame together",
        SIZE.0, SIZE.1
    );
    let begun = Instant::now();
    let findings = Arc::new(Findings::new(
        judgement(),
        Some("prod".parse().unwrap()),
        None,
        None,
    ));
    println!("put in order, in the background: {:.1} ms", ms(begun.elapsed()));
    let all = [
        KeyCode::Char('G'),
        KeyCode::Up,
        KeyCode::PageUp,
        KeyCode::Char('g'),
        KeyCode::Down,
        KeyCode::PageDown,
    ];
    measure(&findings, "scroll", &all);
    measure(&findings, "sort", &[KeyCode::Char('s')]);
    let typed = ['/', 'l', 'i', 'b', '4', '2'].map(KeyCode::Char);
    let typed: Vec<_> = typed
        .into_iter()
        .chain([KeyCode::Backspace, KeyCode::Enter, KeyCode::Esc])
        .collect();
    measure(&findings, "filter", &typed);
}

/// Presses the keys again and again, and prints the median and the worst time that one took with its frame.
fn measure(findings: &Arc<Findings>, what: &str, keys: &[KeyCode]) {
    let theme = Theme {
        colour: true,
        ascii: false,
    };
    let mut model = Model::new("payment-svc", theme, false, SIZE, Timestamp::UNIX_EPOCH);
    let commit: windlass::domain::CommitSha = "2b2e927".repeat(6)[..40].parse().unwrap();
    model.screen = Screen::Findings;
    model.findings = Some(FindingsModel::of(commit.clone()));
    update(
        &mut model,
        Msg::Examined(commit, Content::Known(Arc::clone(findings))),
    );
    let area = Rect::new(0, 0, SIZE.0, SIZE.1);
    let mut buffer = Buffer::empty(area);
    let mut times = Vec::new();
    for key in keys.iter().cycle().take(keys.len() * ROUNDS) {
        let begun = Instant::now();
        black_box(update(
            &mut model,
            Msg::Key(KeyEvent::new(*key, KeyModifiers::NONE)),
        ));
        buffer.reset();
        Console(&model).render(area, &mut buffer);
        black_box(&buffer);
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
    println!(
        "{what:8} median {:.2} ms, worst {:.2} ms (target: 5)",
        ms(median),
        ms(worst)
    );
}

fn judgement() -> Judgement {
    let findings = (0..FINDINGS).map(|n| Judged {
        finding: Finding {
            kind: windlass::domain::FindingKind::Vulnerability,
            id: format!("CVE-2026-{n:05}"),
            aliases: vec![format!("GHSA-{n:04}-aaaa-bbbb")],
            severity: Severity::ALL[n * 5 / FINDINGS],
            package: format!("lib{}", n * 7919 % 1000),
            purl: Some(format!("pkg:deb/debian/lib{}@1.{n}", n * 7919 % 1000)),
            installed: format!("1.{n}"),
            fixed: (n % 3 == 0).then(|| format!("2.{n}")),
            title: "a buffer is read beyond its end when a header is longer than anybody thought".into(),
            url: Some(format!("https://avd.example.com/CVE-2026-{n:05}")),
        },
        only_on: Vec::new(),
        exploited: false,
        standing: if n % 4 == 0 {
            Standing::Counts { waived_until: None }
        } else {
            Standing::Passes {
                why: "no fix yet".into(),
            }
        },
    });
    Judgement {
        verdict: Verdict::Refused("6,000 critical, and 0 are allowed".into()),
        findings: findings.collect(),
        notes: Vec::new(),
    }
}
