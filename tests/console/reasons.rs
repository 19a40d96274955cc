//! What needs a reason before it is planned: pins, rollbacks, reviews, locks, and promotions that go another way.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use windlass::domain::{Confirmation, Gate, GateKind, Override, Verdict};
use windlass::engine::{
    CutRequest, PinRequest, Request, ReviewRequest, RollbackRequest, UnlockRequest, UnpinRequest,
};
use windlass::tui::dialogs::{Choices, Dialog, Difference, EnvironmentHistory};
use windlass::tui::session::{Effect, Model, Msg};

use crate::hands::{SIZE, answer, at, code, on_stage, press, refuse, requests, starts, write};
use crate::sample::release_flow as flow;
use crate::sample::{self, COLOUR, allowed, digest, promotion, tell};

#[test]
fn the_environments_are_asked_once_at_a_time_how_they_stand() {
    let mut model = sample::empty(SIZE, COLOUR);
    let told = || Msg::Environments(Vec::new(), sample::now(), false);
    let asks = |effects: Vec<Effect>| {
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::EnvironmentStatuses))
    };
    assert!(asks(tell(&mut model, told())));
    assert!(!asks(tell(&mut model, told())));
    tell(&mut model, Msg::EnvironmentStatuses(flow::standings()));
    assert!(asks(tell(&mut model, told())));
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
    let pin = |until: &str| {
        Request::Pin(PinRequest {
            environment: "stage".parse().unwrap(),
            reason: "load test".into(),
            until: Some(until.into()),
        })
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
    let wanted = Request::Unpin(UnpinRequest {
        environment: "prod".parse().unwrap(),
        reason: "the fix is out".into(),
    });
    assert_eq!(requests(&code(&mut model, KeyCode::Enter)), [wanted]);
    let mut model = at(0);
    press(&mut model, 'v');
    write(&mut model, "read it with Omar");
    let wanted = Request::Review(ReviewRequest {
        of: "prod".to_owned(),
        note: "read it with Omar".into(),
    });
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
    let none = Box::new(EnvironmentHistory {
        deployed: None,
        note: None,
        earlier: Vec::new(),
    });
    tell(&mut model, Msg::Past("stage".parse().unwrap(), Ok(none)));
    assert!(
        matches!(model.dialogs.top(), Some(Dialog::Choice(choice)) if choice.is_empty()
        && matches!(choice.choices, Choices::Past(_, None)))
    );
    tell(&mut model, Msg::Past("prod".parse().unwrap(), Ok(flow::past())));
    code(&mut model, KeyCode::Down);
    code(&mut model, KeyCode::Up);
    code(&mut model, KeyCode::Enter);
    write(&mut model, "payouts fail");
    let wanted = Request::Rollback(RollbackRequest {
        environment: "prod".parse().unwrap(),
        to: Some(digest(9).to_string()),
        reason: "payouts fail".into(),
        until: None,
        accept_findings: false,
    });
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
    assert!(
        matches!(model.dialogs.top(), Some(Dialog::Plan(plan)) if plan.difference == Difference::Loading)
    );
    tell(
        &mut model,
        Msg::Compared(ticket, Ok(vec!["14 commits reverted".into()])),
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
        Request::Rollback(RollbackRequest {
            to,
            accept_findings: true,
            ..
        }),
    ] = &requests(&effects)[..]
    else {
        panic!("{effects:?}")
    };
    assert_eq!(*to, Some(digest(10).to_string()));
}

#[test]
fn an_older_candidate_is_planned_anew_with_its_reason_and_never_without() {
    let older = || {
        let why = "sha-4b22777 is older than the head of release/v1.5.0";
        vec![Gate::new(GateKind::Release, Verdict::Refused(why.into())).with_override(Override::Reason)]
    };
    let plan = || promotion("stage", Confirmation::Plain, older());
    let mut model = sample::board(SIZE, COLOUR);
    press(&mut model, 'p');
    answer(&mut model, plan());
    assert!(code(&mut model, KeyCode::Enter).is_empty());
    assert!(
        model.dialogs.is_empty(),
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
        matches!(model.dialogs.top(), Some(Dialog::Plan(_))),
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
    let unlock = |held| {
        Request::Unlock(UnlockRequest {
            part: "prod".parse().unwrap(),
            reason: "the laptop is off".into(),
            held,
        })
    };
    assert_eq!(requests(&code(&mut model, KeyCode::Enter)), [unlock(false)]);
    refuse(&mut model);
    code(&mut model, KeyCode::Tab);
    code(&mut model, KeyCode::Char(' '));
    assert_eq!(requests(&code(&mut model, KeyCode::Enter)), [unlock(true)]);
}

#[test]
fn a_cut_that_a_gate_stops_takes_a_reason_and_is_planned_with_it() {
    let seen = |model: &Model| -> String {
        let painted = crate::looks::painted(model);
        painted
            .content()
            .iter()
            .map(ratatui::buffer::Cell::symbol)
            .collect()
    };
    let mut model = sample::board(SIZE, COLOUR);
    press(&mut model, 'c');
    let plan = |gates| {
        let mut plan = promotion("prod", Confirmation::Plain, gates);
        plan.operation = windlass::domain::Operation::Cut(windlass::domain::operation::Cut {
            branch: "release/v0.1.0".into(),
            remote: "origin".into(),
            reason: None,
        });
        plan
    };
    // Where no gate asks for one, Tab leads nowhere.
    answer(&mut model, plan(allowed()));
    code(&mut model, KeyCode::Tab);
    assert!(!seen(&model).contains("reason"));

    let mut model = sample::board(SIZE, COLOUR);
    press(&mut model, 'c');
    let below = Verdict::Refused("v9.0.0 is released".into());
    let gates = vec![Gate::new(GateKind::Version, below).with_override(Override::Reason)];
    answer(&mut model, plan(gates));
    assert!(seen(&model).contains("Tab: why a gate is overridden"));
    code(&mut model, KeyCode::Tab);
    write(&mut model, "an older series");
    let asked = requests(&code(&mut model, KeyCode::Enter));
    let [
        Request::Cut(CutRequest {
            reason: Some(reason), ..
        }),
    ] = &asked[..]
    else {
        panic!("{asked:?}")
    };
    assert_eq!(reason, "an older series");
    answer(&mut model, plan(allowed()));
    assert!(starts(&code(&mut model, KeyCode::Enter)));
}
