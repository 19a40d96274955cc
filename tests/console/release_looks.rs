//! The screens of the release flow, painted.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use windlass::board::Cell;
use windlass::domain::{Confirmation, Gate, GateKind, Override, Plan, Verdict};
use windlass::engine::Releases;
use windlass::report::{Limits, of_comparison};
use windlass::tui::app::theme::Theme;
use windlass::tui::screens::page::{PageContent, PageOf, of_document, of_markdown};
use windlass::tui::session::{Model, Msg, PlanReady, Standing};

use crate::looks::{picture, show};
use crate::sample::release_flow::{self as flow, failure};
use crate::sample::{COLOUR, key, promotion, tell};

const PLAIN: Theme = Theme {
    colour: false,
    ascii: true,
};

fn press(model: &mut Model, code: KeyCode) {
    tell(model, Msg::Key(KeyEvent::new(code, KeyModifiers::NONE)));
}

fn planned(model: &mut Model, plan: Plan) {
    let planned = PlanReady {
        plan,
        asks_password: false,
        version: None,
    };
    tell(model, Msg::PlanReady(model.ticket, Ok(Box::new(planned))));
}

fn rollback(size: (u16, u16), theme: Theme) -> Model {
    let mut model = flow::releases(size, theme);
    tell(&mut model, key('B'));
    tell(&mut model, Msg::Past("prod".parse().unwrap(), Ok(flow::past())));
    model
}

fn reason(size: (u16, u16), theme: Theme) -> Model {
    let mut model = rollback(size, theme);
    press(&mut model, KeyCode::Down);
    press(&mut model, KeyCode::Enter);
    model
}

fn diff(size: (u16, u16), theme: Theme) -> Model {
    let mut model = flow::releases(size, theme);
    tell(&mut model, key('D'));
    let of = model.page.as_ref().unwrap().of.clone();
    let limits = Limits {
        files: 40,
        rows: usize::MAX,
    };
    let lines = of_document(&of_comparison(&flow::comparison(), limits, model.now));
    tell(
        &mut model,
        Msg::Page(of, PageContent::Known(lines, String::new())),
    );
    model
}

fn notes(size: (u16, u16), theme: Theme) -> Model {
    let mut model = flow::releases(size, theme);
    tell(&mut model, key('n'));
    let text = "# payment-svc v1.5.0\n\n## Features\n\n- **api:** paginate refunds, so that shops with very many of them \
                still see all of theirs on every page (#482) `6b86b27`\n\n## Fixes\n\n- retry \\*ledger\\* writes \
                ([PAY-3](https://tickets.example.com/PAY-3)) `4b22777`\n\n2 commits, 2 pull requests since v1.4.0.\n";
    let of = PageOf::Notes("release/v1.5.0-sha-6b86b27".into());
    tell(
        &mut model,
        Msg::Page(of, PageContent::Known(of_markdown(text), text.into())),
    );
    model
}

fn finish(size: (u16, u16), theme: Theme) -> Model {
    let mut model = flow::releases(size, theme);
    for _ in 0..3 {
        press(&mut model, KeyCode::Down);
    }
    tell(&mut model, key('F'));
    planned(&mut model, flow::finish());
    model
}

/// One of the screens, by a number below six.
pub fn any(which: usize, size: (u16, u16)) -> Model {
    let paint = [flow::releases, rollback, reason, diff, notes, finish];
    paint[which](size, COLOUR)
}

#[test]
fn releases_show_what_is_open_what_runs_and_what_is_owed() {
    show("releases", |size| {
        let mut model = flow::releases(size, COLOUR);
        for _ in 0..3 {
            press(&mut model, KeyCode::Down);
        }
        model
    });
    insta::assert_snapshot!("releases_plain", picture(&flow::releases((80, 24), PLAIN)));
}

#[test]
fn a_halted_environment_is_loud_on_every_screen_and_says_who_halted_it_and_why() {
    let mut model = flow::releases((200, 60), COLOUR);
    assert!(!picture(&model).contains("halted"));
    let words = "halted by ana@desk on 2026-11-27 03:12 UTC: INC-42";
    let all = flow::standings().into_iter().map(|(name, cell)| {
        let halted = (name.as_str() == "prod").then(|| words.to_owned());
        let standing = cell.value().unwrap().clone();
        (name, Cell::Ready(Standing { halted, ..standing }))
    });
    tell(&mut model, Msg::EnvironmentStatuses(all.collect()));
    let seen = picture(&model);
    let ribbon = seen.lines().find(|line| line.contains("stage ✓")).unwrap();
    assert!(ribbon.contains("prod") && ribbon.contains("✗ halted"), "{ribbon}");
    assert!(seen.contains("✗ halted by ana@desk"), "{seen}");
}

#[test]
fn a_finished_release_stays_until_production_has_it() {
    let mut model = flow::asked((120, 30), COLOUR);
    let mut list = flow::list();
    list.list.last_mut().unwrap().waits_for = Some("prod".parse().unwrap());
    tell(&mut model, Msg::Releases(false, Ok(list)));
    let seen = picture(&model);
    let row = seen.lines().find(|line| line.contains("… waiting")).unwrap();
    assert!(row.contains("v1.3.2") && row.contains("next: prod"), "{row}");
    assert!(seen.contains("3 finished releases not shown"), "{seen}");
}

#[test]
fn the_details_of_a_release_fill_a_small_screen() {
    let mut model = flow::releases((80, 24), COLOUR);
    for _ in 0..3 {
        press(&mut model, KeyCode::Down);
    }
    press(&mut model, KeyCode::Enter);
    insta::assert_snapshot!(picture(&model));
}

#[test]
fn the_environments_say_what_holds_them_and_the_footer_what_to_do() {
    let mut model = flow::releases((80, 24), COLOUR);
    press(&mut model, KeyCode::Tab);
    insta::assert_snapshot!(picture(&model));
}

#[test]
fn without_any_release_it_says_what_to_do_next() {
    let mut model = flow::asked((80, 24), COLOUR);
    let none = Releases {
        list: Vec::new(),
        older: 0,
        stale: None,
    };
    tell(&mut model, Msg::Releases(false, Ok(none)));
    insta::assert_snapshot!(picture(&model));
}

#[test]
fn loading_failed_and_stale_never_look_alike() {
    let loading = flow::asked((80, 24), COLOUR);
    insta::assert_snapshot!("releases_loading", picture(&loading));
    let mut failed = loading.clone();
    tell(&mut failed, Msg::Releases(false, Err(failure("No releases"))));
    insta::assert_snapshot!("releases_failed", picture(&failed));
    let mut stale = loading;
    let old = Releases {
        stale: Some("could not reach origin: no connection within 10 s".into()),
        ..flow::list()
    };
    tell(&mut stale, Msg::Releases(false, Ok(old)));
    insta::assert_snapshot!("releases_stale", picture(&stale));
    let mut again = flow::releases((80, 24), COLOUR);
    tell(&mut again, key('r'));
    tell(&mut again, Msg::Releases(false, Err(failure("No releases"))));
    assert!(
        picture(&again).contains("~ stale: could not refresh"),
        "{}",
        picture(&again)
    );
}

#[test]
fn the_end_of_a_release_shows_every_branch_and_its_conflicts() {
    show("finish_conflict", |size| finish(size, COLOUR));
}

#[test]
fn a_rollback_is_chosen_from_what_ran_before_by_its_readiness() {
    show("rollback", |size| rollback(size, COLOUR));
    insta::assert_snapshot!("rollback_plain", picture(&rollback((80, 24), PLAIN)));
}

#[test]
fn a_reason_is_asked_for_before_anything_is_planned() {
    let mut model = reason((80, 24), COLOUR);
    press(&mut model, KeyCode::Enter);
    insta::assert_snapshot!("reason_missing", picture(&model));
    insta::assert_snapshot!("reason_plain", picture(&reason((80, 24), PLAIN)));
}

#[test]
fn a_rollback_shows_what_it_changes_before_it_is_confirmed() {
    let mut model = reason((80, 24), COLOUR);
    for c in "payouts fail".chars() {
        tell(&mut model, key(c));
    }
    press(&mut model, KeyCode::Enter);
    planned(&mut model, flow::rollback());
    let lines = vec!["14 commits reverted · 3 packages down".into(), "-1.2 MB".into()];
    let ticket = model.ticket;
    tell(&mut model, Msg::Compared(ticket, Ok(lines)));
    insta::assert_snapshot!(picture(&model));
}

#[test]
fn an_older_candidate_asks_for_a_reason_in_its_plan() {
    let mut model = flow::releases((80, 24), COLOUR);
    tell(&mut model, key('p'));
    let why = "sha-4b22777 is older than the head of release/v1.5.0-sha-6b86b27: sha-6b86b27, the image of 6b86b27, is the candidate of the release";
    let gates =
        vec![Gate::new(GateKind::Release, Verdict::Refused(why.into())).with_override(Override::Reason)];
    planned(&mut model, promotion("stage", Confirmation::Plain, gates));
    insta::assert_snapshot!(picture(&model));
}

#[test]
fn a_difference_is_read_part_by_part() {
    show("diff", |size| diff(size, COLOUR));
    let plain = picture(&diff((80, 24), PLAIN));
    assert!(plain.lines().take(24).all(str::is_ascii), "{plain}");
}

#[test]
fn notes_are_read_without_their_marks() {
    show("notes", |size| notes(size, COLOUR));
}

#[test]
fn locks_say_whose_they_are() {
    let mut model = flow::releases((80, 24), COLOUR);
    tell(&mut model, key('L'));
    tell(&mut model, Msg::Locks(Ok(flow::locks())));
    insta::assert_snapshot!(picture(&model));
}

#[test]
fn the_help_among_releases_has_every_key() {
    let mut model = flow::releases((120, 40), COLOUR);
    tell(&mut model, key('?'));
    insta::assert_snapshot!(picture(&model));
}
