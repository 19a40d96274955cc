//! What keys do among releases and environments, and why some do nothing.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use windlass::domain::{BranchName, Confirmation, Gate, Plan, Verdict};
use windlass::engine::Happening;
use windlass::tui::model::{
    Choices, Dialog, Difference, Ink, Model, PageContent, PageLine, PageOf, Ran, ReleasesPane, Screen,
};
use windlass::tui::update::{Effect, Msg, Planned, Request};

use crate::sample::release_flow::{self as flow, failure};
use crate::sample::{self, COLOUR, allowed, commit, digest, event, key, promotion, tell};

const SIZE: (u16, u16) = (120, 40);

fn press(model: &mut Model, c: char) -> Vec<Effect> {
    tell(model, key(c))
}

fn code(model: &mut Model, code: KeyCode) -> Vec<Effect> {
    tell(model, Msg::Key(KeyEvent::new(code, KeyModifiers::NONE)))
}

fn write(model: &mut Model, text: &str) {
    for c in text.chars() {
        press(model, c);
    }
}

fn answer(model: &mut Model, plan: Plan) -> Vec<Effect> {
    let planned = Planned {
        plan,
        asks_password: false,
        version: None,
    };
    tell(model, Msg::Planned(model.ticket, Ok(Box::new(planned))))
}

fn refuse(model: &mut Model) {
    let ticket = model.ticket;
    tell(model, Msg::Planned(ticket, Err(failure("No plan could be made"))));
}

fn requests(effects: &[Effect]) -> Vec<Request> {
    let plans = effects.iter().filter_map(|effect| match effect {
        Effect::Plan(_, request) => Some(request.clone()),
        _ => None,
    });
    plans.collect()
}

fn notice(model: &Model) -> &str {
    model.notice.as_ref().map_or("", |notice| &notice.text)
}

fn starts(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Start(..)))
}

/// Selects the release at that place.
fn at(place: usize) -> Model {
    let mut model = flow::releases(SIZE, COLOUR);
    for _ in 0..place {
        press(&mut model, 'j');
    }
    model
}

/// The keyboard on the environments, with stage selected.
fn on_stage() -> Model {
    let mut model = at(0);
    code(&mut model, KeyCode::Tab);
    code(&mut model, KeyCode::Up);
    model
}

#[test]
fn r_and_tab_go_to_the_releases_and_both_ways_lead_back() {
    for way in [KeyCode::Char('R'), KeyCode::Tab] {
        let mut model = sample::board(SIZE, COLOUR);
        let effects = code(&mut model, way);
        assert!(
            effects
                .iter()
                .any(|effect| matches!(effect, Effect::Releases(false))),
            "{effects:?}"
        );
        assert_eq!(model.screen, Screen::Releases);
        for back in [KeyCode::Esc, KeyCode::Char('b')] {
            model.screen = Screen::Releases;
            code(&mut model, back);
            assert_eq!(model.screen, Screen::Board);
        }
    }
}

#[test]
fn the_environments_are_asked_once_at_a_time_how_they_stand() {
    let mut model = sample::empty(SIZE, COLOUR);
    let told = || Msg::Environments(Vec::new(), sample::now());
    let asks = |effects: Vec<Effect>| effects.iter().any(|effect| matches!(effect, Effect::Standings));
    assert!(asks(tell(&mut model, told())));
    assert!(!asks(tell(&mut model, told())));
    tell(&mut model, Msg::Standings(flow::standings()));
    assert!(asks(tell(&mut model, told())));
}

#[test]
fn f_plans_the_end_of_the_selected_release() {
    let wanted = Request::Finish {
        branch: "hotfix/v1.3.3".parse().unwrap(),
        into: Vec::new(),
    };
    assert_eq!(requests(&press(&mut at(3), 'F')), [wanted]);
}

#[test]
fn an_end_with_a_conflict_can_be_planned_without_that_branch() {
    let mut model = at(3);
    press(&mut model, 'F');
    answer(&mut model, flow::finish());
    assert!(!starts(&code(&mut model, KeyCode::Tab)));
    code(&mut model, KeyCode::Tab);
    press(&mut model, ' ');
    let wanted = Request::Finish {
        branch: "hotfix/v1.3.3".parse().unwrap(),
        into: vec![BranchName::main().to_string()],
    };
    assert_eq!(requests(&code(&mut model, KeyCode::Enter)), [wanted]);
    // The branch that was left out can be put back, and not all of them can be left out.
    let mut without = flow::finish();
    if let windlass::domain::Operation::Finish { into, .. } = &mut without.operation {
        into.truncate(1);
    }
    answer(&mut model, without);
    code(&mut model, KeyCode::Tab);
    press(&mut model, ' ');
    assert!(requests(&code(&mut model, KeyCode::Enter)).is_empty());
    press(&mut model, ' ');
    code(&mut model, KeyCode::Tab);
    press(&mut model, ' ');
    let all = Request::Finish {
        branch: "hotfix/v1.3.3".parse().unwrap(),
        into: Vec::new(),
    };
    assert_eq!(requests(&code(&mut model, KeyCode::Enter)), [all]);
}

#[test]
fn p_promotes_the_image_of_the_head_to_where_it_does_not_run() {
    let effects = press(&mut at(0), 'p');
    let [Request::Promote(asked)] = &requests(&effects)[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(asked.candidate, format!("sha-{}", commit(1).short()));
    assert_eq!(asked.to.as_str(), "stage");
    assert!(asked.reason.is_none() && !asked.hotfix);
}

#[test]
fn what_is_not_possible_says_why() {
    for (place, keys, why) in [
        (1, "pD", "its head has no image sha-4e07408 yet"),
        (
            2,
            "p",
            "its image could not be looked up: registry.example.com does not answer",
        ),
        (3, "p", "every environment that it can reach runs it"),
    ] {
        for key in keys.chars() {
            let mut model = at(place);
            assert!(press(&mut model, key).is_empty(), "{place} {key}");
            assert!(notice(&model).contains(why), "{place} {key}: {}", notice(&model));
        }
    }
    let mut finished = at(0);
    press(&mut finished, 'a');
    press(&mut finished, 'G');
    assert!(press(&mut finished, 'F').is_empty());
    assert!(notice(&finished).contains("it is finished, and owes nothing"));
    let mut stage = on_stage();
    assert!(press(&mut stage, 'u').is_empty());
    assert_eq!(notice(&stage), "stage is not pinned");
    press(&mut stage, 'v');
    assert_eq!(notice(&stage), "nothing that came to stage owes a review");
    let mut asked = flow::asked(SIZE, COLOUR);
    for key in ['u', 'v'] {
        press(&mut asked, key);
        assert_eq!(notice(&asked), "how prod stands is still being looked up");
    }
    for key in ['p', 'F', 'D', 'n', 'y'] {
        press(&mut asked, key);
        assert_eq!(notice(&asked), "the releases are still being looked up");
    }
}

#[test]
fn a_read_only_console_begins_nothing_that_writes_and_still_reads() {
    let mut model = at(0);
    model.read_only = true;
    for key in ['c', 'p', 'F', 'H', 'P', 'u', 'B', 'v'] {
        assert!(press(&mut model, key).is_empty(), "{key}");
        assert!(notice(&model).contains("read-only"), "{key}");
        assert!(model.dialog.is_none());
    }
    assert!(matches!(&press(&mut model, 'L')[..], [Effect::Locks]));
    tell(&mut model, Msg::Locks(Ok(flow::locks())));
    code(&mut model, KeyCode::Enter);
    assert!(notice(&model).contains("read-only"));
    code(&mut model, KeyCode::Esc);
    assert!(matches!(
        &press(&mut model, 'n')[..],
        [Effect::Page(PageOf::Notes(_))]
    ));
}

#[test]
fn c_cuts_at_the_newest_commit_of_develop() {
    assert_eq!(requests(&press(&mut at(2), 'c')), [Request::Cut(commit(1), None)]);
}

#[test]
fn h_begins_a_hotfix_at_what_the_selected_environment_runs() {
    let of = |mut model: Model| match &requests(&press(&mut model, 'H'))[..] {
        [
            Request::Hotfix {
                environment,
                version: None,
            },
        ] => environment.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(of(at(0)), "prod");
    assert_eq!(of(on_stage()), "stage");
}

#[test]
fn a_pin_is_planned_once_it_has_a_reason_and_the_text_outlives_a_refusal() {
    let mut model = on_stage();
    assert!(press(&mut model, 'P').is_empty());
    assert!(
        code(&mut model, KeyCode::Enter).is_empty(),
        "nothing is planned without a reason"
    );
    write(&mut model, "load test");
    code(&mut model, KeyCode::Tab);
    tell(&mut model, Msg::Paste("yesterday".into()));
    let pin = |until: &str| Request::Pin {
        environment: "stage".parse().unwrap(),
        reason: "load test".into(),
        until: Some(until.into()),
    };
    assert_eq!(requests(&code(&mut model, KeyCode::Enter)), [pin("yesterday")]);
    refuse(&mut model);
    tell(
        &mut model,
        Msg::Key(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL)),
    );
    write(&mut model, "7d");
    assert_eq!(requests(&code(&mut model, KeyCode::Enter)), [pin("7d")]);
}

#[test]
fn unpin_and_review_ask_why_and_what_was_found() {
    let mut model = at(0);
    press(&mut model, 'u');
    write(&mut model, "the fix is out");
    let wanted = Request::Unpin {
        environment: "prod".parse().unwrap(),
        reason: "the fix is out".into(),
    };
    assert_eq!(requests(&code(&mut model, KeyCode::Enter)), [wanted]);
    let mut model = at(0);
    press(&mut model, 'v');
    write(&mut model, "read it with Omar");
    let wanted = Request::Review {
        environment: "prod".parse().unwrap(),
        note: "read it with Omar".into(),
    };
    assert_eq!(requests(&code(&mut model, KeyCode::Enter)), [wanted]);
}

#[test]
fn a_rollback_is_chosen_reasoned_compared_and_typed() {
    let mut model = at(0);
    let effects = press(&mut model, 'B');
    assert!(matches!(&effects[..], [Effect::Past(prod)] if prod.as_str() == "prod"));
    assert!(
        code(&mut model, KeyCode::Enter).is_empty(),
        "there is nothing to choose yet"
    );
    let none = Box::new(Ran {
        running: None,
        earlier: Vec::new(),
    });
    tell(&mut model, Msg::Past("stage".parse().unwrap(), Ok(none)));
    assert!(
        matches!(&model.dialog, Some(Dialog::Choice(choice)) if choice.is_empty()
        && matches!(choice.choices, Choices::Past(_, None)))
    );
    tell(&mut model, Msg::Past("prod".parse().unwrap(), Ok(flow::past())));
    code(&mut model, KeyCode::Down);
    code(&mut model, KeyCode::Up);
    code(&mut model, KeyCode::Enter);
    write(&mut model, "payouts fail");
    let wanted = Request::Rollback {
        environment: "prod".parse().unwrap(),
        to: digest(9),
        reason: "payouts fail".into(),
        until: None,
        accept_findings: false,
    };
    assert_eq!(requests(&code(&mut model, KeyCode::Enter)), [wanted]);
    let effects = answer(&mut model, flow::rollback());
    let ticket = model.ticket;
    assert!(
        matches!(&effects[..], [Effect::Compare(asked, old, new)] if *asked == ticket && *old == digest(6) && *new == digest(9))
    );
    tell(
        &mut model,
        Msg::Compared(ticket - 1, Ok(vec!["of another plan".into()])),
    );
    assert!(matches!(&model.dialog, Some(Dialog::Plan(plan)) if plan.difference == Difference::Loading));
    tell(
        &mut model,
        Msg::Compared(ticket, Ok(vec!["14 commits taken back".into()])),
    );
    assert!(!starts(&code(&mut model, KeyCode::Enter)));
    write(&mut model, "prod 3c1f00");
    assert!(starts(&code(&mut model, KeyCode::Enter)));
}

#[test]
fn findings_are_accepted_by_choice_alone() {
    let mut model = at(0);
    press(&mut model, 'B');
    tell(&mut model, Msg::Past("prod".parse().unwrap(), Ok(flow::past())));
    press(&mut model, 'j');
    code(&mut model, KeyCode::Enter);
    write(&mut model, "payouts fail");
    code(&mut model, KeyCode::BackTab);
    code(&mut model, KeyCode::Right);
    let effects = code(&mut model, KeyCode::Enter);
    let [
        Request::Rollback {
            to,
            accept_findings: true,
            ..
        },
    ] = &requests(&effects)[..]
    else {
        panic!("{effects:?}")
    };
    assert_eq!(*to, digest(10));
}

#[test]
fn an_older_candidate_is_planned_anew_with_its_reason_and_never_without() {
    let older = || {
        let why = "sha-4b22777 is older than the head of release/v1.5.0; --reason says why the older one";
        vec![Gate::new("release", Verdict::Refused(why.into()))]
    };
    let plan = || promotion("stage", Confirmation::Plain, older());
    let mut model = sample::board(SIZE, COLOUR);
    press(&mut model, 'p');
    answer(&mut model, plan());
    assert!(code(&mut model, KeyCode::Enter).is_empty());
    assert!(
        model.dialog.is_none(),
        "an empty reason closes what cannot be confirmed"
    );
    press(&mut model, 'p');
    answer(&mut model, plan());
    write(&mut model, "the newer one breaks exports");
    let effects = code(&mut model, KeyCode::Enter);
    let [Request::Promote(asked)] = &requests(&effects)[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(asked.reason.as_deref(), Some("the newer one breaks exports"));
    answer(&mut model, promotion("stage", Confirmation::Plain, allowed()));
    assert!(starts(&code(&mut model, KeyCode::Enter)));
}

#[test]
fn a_promotion_is_asked_for_by_the_path_of_hotfixes_from_its_plan() {
    let mut model = at(0);
    press(&mut model, 'p');
    answer(
        &mut model,
        promotion("stage", Confirmation::Plain, sample::refused()),
    );
    code(&mut model, KeyCode::Tab);
    write(&mut model, "payouts fail");
    code(&mut model, KeyCode::Tab);
    code(&mut model, KeyCode::Right);
    code(&mut model, KeyCode::Tab);
    code(&mut model, KeyCode::Right);
    let effects = code(&mut model, KeyCode::Enter);
    let [Request::Promote(asked)] = &requests(&effects)[..] else {
        panic!("{effects:?}")
    };
    assert!(asked.hotfix && asked.to.as_str() == "prod");
    assert_eq!(asked.reason.as_deref(), Some("payouts fail"));
}

#[test]
fn tab_never_types_into_a_confirmation() {
    let mut model = at(0);
    answer(
        &mut model,
        promotion("prod", Confirmation::Typed("prod 1f9a2b".into()), allowed()),
    );
    code(&mut model, KeyCode::Tab);
    assert!(
        matches!(&model.dialog, Some(Dialog::Plan(_))),
        "nothing was asked that could be asked otherwise"
    );
    write(&mut model, "prod 1f9a2b");
    assert!(starts(&code(&mut model, KeyCode::Enter)));
}

#[test]
fn a_lock_that_was_left_is_broken_for_a_reason_and_one_at_work_only_by_choice() {
    let mut model = at(0);
    assert!(matches!(&press(&mut model, 'L')[..], [Effect::Locks]));
    tell(&mut model, Msg::Locks(Ok(flow::locks())));
    code(&mut model, KeyCode::Down);
    code(&mut model, KeyCode::Enter);
    write(&mut model, "the laptop is off");
    let unlock = |held| Request::Unlock {
        part: "prod".parse().unwrap(),
        reason: "the laptop is off".into(),
        held,
    };
    assert_eq!(requests(&code(&mut model, KeyCode::Enter)), [unlock(false)]);
    refuse(&mut model);
    code(&mut model, KeyCode::Tab);
    code(&mut model, KeyCode::Char(' '));
    assert_eq!(requests(&code(&mut model, KeyCode::Enter)), [unlock(true)]);
}

#[test]
fn a_text_is_scrolled_copied_and_left_to_where_one_came_from() {
    let mut model = at(0);
    press(&mut model, 'D');
    let diff = |from: &str, name: &str| PageOf::Diff {
        from: from.into(),
        to: commit(1),
        name: name.into(),
    };
    let of = diff("prod", &format!("v1.5.0 at {}", commit(1).short()));
    assert_eq!(model.page.as_ref().unwrap().of, of);
    tell(
        &mut model,
        Msg::Page(
            PageOf::Notes("another".into()),
            PageContent::Failed(failure("No")),
        ),
    );
    assert!(matches!(
        model.page.as_ref().unwrap().content,
        PageContent::Loading
    ));
    assert!(press(&mut model, 'y').is_empty());
    let lines = (0..200)
        .map(|n| PageLine::new(Ink::Plain, 0, &n.to_string()))
        .collect();
    tell(
        &mut model,
        Msg::Page(of, PageContent::Known(lines, "all of it".into())),
    );
    press(&mut model, 'G');
    assert_eq!(model.page.as_ref().unwrap().top, 200 - 37);
    assert!(matches!(&press(&mut model, 'y')[..], [Effect::Copy(text)] if text == "all of it"));
    code(&mut model, KeyCode::Esc);
    assert_eq!(model.screen, Screen::Releases);
    code(&mut model, KeyCode::Esc);
    let effects = press(&mut model, 'D');
    let wanted = diff("stage", commit(1).short());
    assert!(
        matches!(&effects[..], [Effect::Page(of)] if *of == wanted),
        "{effects:?}"
    );
}

#[test]
fn a_run_ends_where_it_was_begun_and_the_releases_are_asked_again() {
    let mut model = at(0);
    answer(&mut model, promotion("stage", Confirmation::Plain, allowed()));
    assert!(starts(&code(&mut model, KeyCode::Enter)));
    let id = windlass::engine::RunId::parse("0193abcd0193abcd0193abcd0193abcd").unwrap();
    let plan = Box::new(flow::finish());
    tell(&mut model, Msg::Started(Ok((id.clone(), plan))));
    let ended = Happening::RunEnded {
        exit: windlass::domain::Exit::Done,
        summary: "done".into(),
        hint: None,
        places: Vec::new(),
    };
    let effects = tell(&mut model, event(&id, 10, ended));
    assert!(
        matches!(&effects[..], [Effect::Refresh, Effect::Releases(false)]),
        "{effects:?}"
    );
    code(&mut model, KeyCode::Esc);
    assert_eq!(model.screen, Screen::Releases);
}

#[test]
fn finished_ones_come_and_go_and_what_is_selected_stays() {
    let mut model = at(3);
    let selected = |model: &Model| model.releases.as_ref().unwrap().current().unwrap().name();
    assert_eq!(selected(&model), "v1.3.3");
    let effects = press(&mut model, 'a');
    assert!(matches!(&effects[..], [Effect::Releases(true)]));
    let mut every = flow::list();
    every.list.insert(0, every.list[0].clone());
    every.list[0].branch = "release/v1.6.0-sha-0000000".parse().unwrap();
    every.older = 0;
    tell(&mut model, Msg::Releases(true, Ok(every)));
    let releases = model.releases.as_ref().unwrap();
    assert_eq!((releases.shown.len(), releases.asking), (6, false));
    assert_eq!(selected(&model), "v1.3.3");
    press(&mut model, 'a');
    assert_eq!(model.releases.as_ref().unwrap().shown.len(), 5);
}

#[test]
fn what_is_known_stays_in_sight_when_it_cannot_be_asked_again() {
    let mut model = at(0);
    assert_eq!(model.releases.as_ref().unwrap().pane, ReleasesPane::List);
    press(&mut model, 'r');
    tell(&mut model, Msg::Releases(false, Err(failure("No releases"))));
    let releases = model.releases.as_ref().unwrap();
    assert!(releases.trouble.is_some() && releases.current().is_some());
}

#[test]
fn o_opens_the_page_of_the_branch_where_there_is_one() {
    let mut model = at(3);
    assert!(press(&mut model, 'o').is_empty());
    assert!(notice(&model).contains("no page of it"));
    model.board.page = Some("https://github.com/team/payment-svc".parse().unwrap());
    let effects = press(&mut model, 'o');
    let wanted = "https://github.com/team/payment-svc/tree/hotfix/v1.3.3";
    assert!(
        matches!(&effects[..], [Effect::Open(url)] if url == wanted),
        "{effects:?}"
    );
}
