//! What keys do among releases, and why some do nothing.

use crossterm::event::KeyCode;
use windlass::domain::{BranchName, Confirmation};
use windlass::engine::EventKind;
use windlass::engine::{FinishRequest, HotfixRequest, Request};
use windlass::tui::screens::Screen;
use windlass::tui::screens::board::Numbering;
use windlass::tui::screens::page::{Ink, PageContent, PageLine, PageOf};
use windlass::tui::screens::releases::ReleasesPane;
use windlass::tui::session::{Effect, Model, Msg, Request as Asked};

use crate::hands::{SIZE, answer, at, code, notice, on_stage, press, requests, starts, write};
use crate::sample::release_flow::{self as flow, failure};
use crate::sample::{self, COLOUR, allowed, commit, event, promotion, tell};

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
fn f_plans_the_end_of_the_selected_release() {
    let wanted = Request::Finish(FinishRequest {
        release: "hotfix/v1.3.3".to_owned(),
        into: Vec::new(),
    });
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
    let wanted = Request::Finish(FinishRequest {
        release: "hotfix/v1.3.3".to_owned(),
        into: vec![BranchName::main().to_string()],
    });
    assert_eq!(requests(&code(&mut model, KeyCode::Enter)), [wanted]);
    // The branch that was left out can be put back, and not all of them can be left out.
    let mut without = flow::finish();
    if let windlass::domain::Operation::Finish(windlass::domain::operation::Finish { into, .. }) =
        &mut without.operation
    {
        into.truncate(1);
    }
    answer(&mut model, without);
    code(&mut model, KeyCode::Tab);
    press(&mut model, ' ');
    assert!(requests(&code(&mut model, KeyCode::Enter)).is_empty());
    press(&mut model, ' ');
    code(&mut model, KeyCode::Tab);
    press(&mut model, ' ');
    let all = Request::Finish(FinishRequest {
        release: "hotfix/v1.3.3".to_owned(),
        into: Vec::new(),
    });
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
            "could not resolve its image: registry.example.com does not answer",
        ),
        (3, "p", "already in the last environment"),
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
    assert!(notice(&finished).contains("it is finished, and nothing is outstanding"));
    let mut stage = on_stage();
    assert!(press(&mut stage, 'u').is_empty());
    assert_eq!(notice(&stage), "stage is not pinned");
    press(&mut stage, 'v');
    assert_eq!(notice(&stage), "no review is due for stage");
    let mut asked = flow::asked(SIZE, COLOUR);
    for key in ['u', 'v'] {
        press(&mut asked, key);
        assert_eq!(notice(&asked), "the state of prod is still loading");
    }
    for key in ['p', 'F', 'D', 'n', 'y'] {
        press(&mut asked, key);
        assert_eq!(notice(&asked), "the releases are still loading");
    }
}

#[test]
fn a_read_only_console_begins_nothing_that_writes_and_still_reads() {
    let mut model = at(0);
    model.read_only = true;
    for key in ['c', 'p', 'F', 'H', 'P', 'u', 'B', 'v'] {
        assert!(press(&mut model, key).is_empty(), "{key}");
        assert!(notice(&model).contains("read-only"), "{key}");
        assert!(model.dialogs.is_empty());
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
    assert_eq!(
        requests(&press(&mut at(2), 'c')),
        [Asked::cut(&commit(1), Numbering::Version, None, None).asked]
    );
}

#[test]
fn h_begins_a_hotfix_at_what_the_selected_environment_runs() {
    let of = |mut model: Model| match &requests(&press(&mut model, 'H'))[..] {
        [
            Request::Hotfix(HotfixRequest {
                environment: Some(environment),
                version: None,
            }),
        ] => environment.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(of(at(0)), "prod");
    assert_eq!(of(on_stage()), "stage");
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
fn a_text_is_searched_from_match_to_match_around_its_end() {
    let mut model = at(0);
    press(&mut model, 'n');
    let of = model.page.as_ref().unwrap().of.clone();
    let lines = (0..200)
        .map(|n| PageLine::new(Ink::Plain, 0, &format!("Line {n}")))
        .collect();
    tell(
        &mut model,
        Msg::Page(of, PageContent::Known(lines, String::new())),
    );
    press(&mut model, 'n');
    assert!(model.notice.as_ref().unwrap().text.contains("press /"));
    write(&mut model, "/line 19");
    code(&mut model, KeyCode::Enter);
    let seen = |model: &Model| {
        let page = model.page.as_ref().unwrap();
        (page.found.unwrap(), page.top)
    };
    // The last ones share the last screen, and are told apart all the same.
    let last = 200 - 37;
    let mut found = vec![seen(&model)];
    for _ in 0..11 {
        press(&mut model, 'n');
        found.push(seen(&model));
    }
    let wanted: Vec<_> = [19].into_iter().chain(190..200).chain([19]).collect();
    assert_eq!(found.iter().map(|(line, _)| *line).collect::<Vec<_>>(), wanted);
    assert!(found[1..11].iter().all(|(_, top)| *top == last), "{found:?}");
    press(&mut model, 'N');
    assert_eq!(seen(&model), (199, last));
    // What was searched for is dropped first.
    code(&mut model, KeyCode::Esc);
    assert_eq!(model.screen, Screen::Page);
    assert!(model.page.as_ref().unwrap().search.is_none());
    code(&mut model, KeyCode::Esc);
    assert_eq!(model.screen, Screen::Releases);
}

#[test]
fn a_run_ends_where_it_was_begun_and_the_releases_are_asked_again() {
    let mut model = at(0);
    answer(&mut model, promotion("stage", Confirmation::Plain, allowed()));
    assert!(starts(&code(&mut model, KeyCode::Enter)));
    let id = windlass::engine::RunId::parse("0193abcd0193abcd0193abcd0193abcd").unwrap();
    let plan = Box::new(flow::finish());
    tell(&mut model, Msg::Started(Ok((id.clone(), plan))));
    let ended = EventKind::RunEnded {
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
    assert!(notice(&model).contains("its page on the remote is unknown"));
    model.board.page = Some("https://github.com/team/payment-svc".parse().unwrap());
    let effects = press(&mut model, 'o');
    let wanted = "https://github.com/team/payment-svc/tree/hotfix/v1.3.3";
    assert!(
        matches!(&effects[..], [Effect::Open(url)] if url == wanted),
        "{effects:?}"
    );
}

#[test]
fn what_came_to_production_past_stage_does_not_go_back_there() {
    let mut model = flow::asked(SIZE, COLOUR);
    let mut list = flow::list();
    list.list[3].deployed.remove(0);
    tell(&mut model, Msg::Releases(false, Ok(list)));
    press(&mut model, 'G');
    assert!(press(&mut model, 'p').is_empty());
    assert!(
        notice(&model).contains("already in the last environment"),
        "{}",
        notice(&model)
    );
}
