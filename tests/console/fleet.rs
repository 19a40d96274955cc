//! The fleet in the console: its table, its keys, and sessions that go on while another is shown.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget as _;
use windlass::board::{Cell, DeployedImage, EnvironmentNow};
use windlass::domain::{Clean, Confirmation, DeployedBy, Digest, Exit, ProjectId, ServiceId};
use windlass::engine::{Event, EventKind, RunId};
use windlass::fleet::{Outstanding, ServiceStatus};
use windlass::tui::app::theme::Theme;
use windlass::tui::app::{App, AppEffect, AppMsg, Shown, update};
use windlass::tui::screens::board::HistoryState;
use windlass::tui::screens::fleet::{FleetModel, FleetMsg};
use windlass::tui::session::{Effect, Model, Msg};

use crate::hands::press as press_in;
use crate::sample;

const SIZE: (u16, u16) = (80, 24);
const PLAIN: Theme = Theme {
    colour: false,
    ascii: false,
};

fn id(project: &str, service: &str) -> ServiceId {
    ServiceId {
        project: ProjectId::new(project, ""),
        service: service.parse().unwrap(),
    }
}

fn deployed(environment: &str, release: Option<&str>) -> EnvironmentNow {
    let deployed = DeployedImage {
        digest: Digest::of(environment.as_bytes()),
        since: Some(sample::now()),
        by: (environment == "prod").then(|| DeployedBy {
            run: Clean::line("019cdf1a7b1c7f3a9c21d4e5a0b1c2d3"),
            by: Clean::line("ana@desk"),
        }),
        short: Some("abc1234".to_owned()),
        stands_for: None,
        release: release.map(str::to_owned),
        signed: Cell::None("no key configured".to_owned()),
        tag: None,
    };
    EnvironmentNow {
        deployed: Cell::Ready(deployed),
        running: Cell::None("not observed".to_owned()),
        ..EnvironmentNow::unknown(environment.parse().unwrap(), environment == "prod")
    }
}

fn status(project: &str, service: &str) -> ServiceStatus {
    let failed = EnvironmentNow {
        deployed: Cell::Failed("registry.example.com did not answer".to_owned()),
        ..deployed("stage", None)
    };
    ServiceStatus {
        project: project.parse().unwrap(),
        service: service.parse().unwrap(),
        environments: vec![deployed("dev", None), failed, deployed("prod", Some("v1.4.0"))],
        outstanding: Cell::Ready(Outstanding {
            open: 2,
            work: 1,
            unknown: 0,
        }),
    }
}

/// A fleet of three services that has answered.
fn app() -> App {
    let services = [("shop", "web"), ("shop", "api"), ("bank", "api")];
    let known = services.map(|(project, service)| (id(project, service), status(project, service)));
    let fleet = FleetModel::new("fleet.toml".to_owned(), known.to_vec());
    let mut app = App::new(PLAIN, SIZE, sample::now(), Some(fleet));
    update(&mut app, AppMsg::Fleet(FleetMsg::Answered(sample::now())));
    app
}

fn press(app: &mut App, code: KeyCode) -> Vec<AppEffect> {
    let key = KeyEvent::new(code, KeyModifiers::NONE);
    update(app, AppMsg::Input(Msg::Key(key)))
}

/// Opens the service at a place of the fleet as the runtime would.
fn open(app: &mut App, project: &str, service: &str) {
    let mut model = Model::new(service, PLAIN, false, SIZE, Timestamp::UNIX_EPOCH);
    model.board.history = HistoryState::Complete;
    app.open(id(project, service), model);
}

fn screen(app: &App) -> String {
    let area = Rect::new(0, 0, SIZE.0, SIZE.1);
    let mut buffer = Buffer::empty(area);
    app.render(area, &mut buffer);
    let lines = (0..area.height).map(|y| {
        let line = (0..area.width).map(|x| buffer[(x, y)].symbol());
        line.collect::<String>().trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A run of the session that is shown begins.
fn begin(app: &mut App) -> RunId {
    let Shown::Session(session) = app.shown() else {
        panic!("a session is shown");
    };
    let run = RunId::fresh();
    let plan = Box::new(sample::promotion("stage", Confirmation::Plain, sample::allowed()));
    update(
        app,
        AppMsg::Session(session, Msg::Started(Ok((run.clone(), plan)))),
    );
    run
}

fn ended(run: &RunId) -> Msg {
    Msg::Event(Event {
        run: run.clone(),
        at: sample::now(),
        happening: EventKind::RunEnded {
            exit: Exit::Done,
            summary: "promote to stage is done".to_owned(),
            hint: None,
            places: Vec::new(),
        },
    })
}

#[test]
fn the_table_shows_every_service_in_every_environment() {
    insta::assert_snapshot!(screen(&app()));
}

#[test]
fn a_filter_leaves_the_services_with_its_text_and_enter_opens_the_selected_one() {
    let mut app = app();
    for key in ['/', 'b', 'a', 'n'] {
        press(&mut app, KeyCode::Char(key));
    }
    assert!(!screen(&app).contains("shop/"), "{}", screen(&app));
    press(&mut app, KeyCode::Enter);
    let effects = press(&mut app, KeyCode::Enter);
    assert!(matches!(effects[..], [AppEffect::Open(2)]), "{effects:?}");
}

#[test]
fn esc_on_the_board_goes_back_to_the_fleet_and_enter_to_the_same_session() {
    let mut app = app();
    open(&mut app, "shop", "web");
    let shown = app.shown();
    press(&mut app, KeyCode::Esc);
    assert_eq!(app.shown(), Shown::Fleet);
    assert!(press(&mut app, KeyCode::Enter).is_empty(), "it is open already");
    assert_eq!(app.shown(), shown);
}

#[test]
fn without_a_fleet_esc_on_the_board_goes_nowhere() {
    let mut app = App::new(PLAIN, SIZE, sample::now(), None);
    open(&mut app, "shop", "web");
    press(&mut app, KeyCode::Esc);
    assert!(matches!(app.shown(), Shown::Session(_)));
    assert!(screen(&app).contains("this is the board; q quits"));
}

#[test]
fn a_run_goes_on_in_its_session_while_another_is_shown_and_its_end_is_told() {
    let mut app = app();
    open(&mut app, "shop", "web");
    let Shown::Session(first) = app.shown() else {
        panic!("a session is shown");
    };
    let run = begin(&mut app);
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Esc);
    assert_eq!(app.shown(), Shown::Fleet);
    assert!(screen(&app).contains("1 active run"), "{}", screen(&app));
    open(&mut app, "bank", "api");
    assert!(screen(&app).contains("1 run elsewhere"), "{}", screen(&app));
    update(&mut app, AppMsg::Session(first, ended(&run)));
    let screen = screen(&app);
    assert!(screen.contains("web: promote to stage is done"), "{screen}");
    assert!(!screen.contains("elsewhere"), "{screen}");
}

#[test]
fn two_sessions_run_at_once() {
    let mut app = app();
    open(&mut app, "shop", "web");
    begin(&mut app);
    open(&mut app, "bank", "api");
    begin(&mut app);
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Esc);
    assert!(screen(&app).contains("2 active runs"), "{}", screen(&app));
}

#[test]
fn a_service_with_an_active_run_takes_a_second_one() {
    let mut app = app();
    open(&mut app, "shop", "web");
    begin(&mut app);
    begin(&mut app);
    press(&mut app, KeyCode::Esc);
    assert!(screen(&app).contains("2 runs are active"), "{}", screen(&app));
    press(&mut app, KeyCode::Esc);
    assert!(screen(&app).contains("2 active runs"), "{}", screen(&app));
    assert!(screen(&app).contains("▸ 2 runs"), "{}", screen(&app));
}

#[test]
fn quitting_asks_while_a_run_is_active_anywhere_and_then_stops_it_first() {
    let mut app = app();
    open(&mut app, "shop", "web");
    let Shown::Session(first) = app.shown() else {
        panic!("a session is shown");
    };
    let run = begin(&mut app);
    open(&mut app, "bank", "api");
    assert!(press(&mut app, KeyCode::Char('q')).is_empty());
    assert!(screen(&app).contains("Leave?"), "{}", screen(&app));
    assert!(screen(&app).contains("web: promote to stage"), "{}", screen(&app));
    let effects = press(&mut app, KeyCode::Enter);
    assert!(
        matches!(&effects[..], [AppEffect::Session(session, Effect::Stop(_))] if *session == first),
        "{effects:?}"
    );
    let effects = update(&mut app, AppMsg::Session(first, ended(&run)));
    assert!(
        effects.iter().any(|effect| matches!(effect, AppEffect::Quit)),
        "{effects:?}"
    );
}

#[test]
fn the_fleet_is_looked_at_again_when_a_run_has_ended() {
    let mut app = app();
    open(&mut app, "shop", "web");
    let Shown::Session(session) = app.shown() else {
        panic!("a session is shown");
    };
    let looks = |effects: Vec<AppEffect>| {
        effects
            .iter()
            .any(|effect| matches!(effect, AppEffect::LookAtFleet))
    };
    let (shown, hidden) = (begin(&mut app), begin(&mut app));
    press(&mut app, KeyCode::Esc);
    assert!(!looks(press(&mut app, KeyCode::Esc)), "nothing has changed");
    assert!(looks(update(&mut app, AppMsg::Session(session, ended(&shown)))));
    let at = sample::now() + jiff::SignedDuration::from_secs(1);
    update(&mut app, AppMsg::Fleet(FleetMsg::Answered(at)));
    press(&mut app, KeyCode::Enter);
    let Msg::Event(mut event) = ended(&hidden) else {
        panic!("an event")
    };
    event.at = at + jiff::SignedDuration::from_secs(1);
    update(&mut app, AppMsg::Session(session, Msg::Event(event)));
    assert!(looks(press(&mut app, KeyCode::Esc)), "a run has ended since");
}

#[test]
fn quitting_from_the_fleet_names_every_active_run_and_asks_once() {
    let mut app = app();
    open(&mut app, "shop", "web");
    begin(&mut app);
    begin(&mut app);
    open(&mut app, "bank", "api");
    begin(&mut app);
    press(&mut app, KeyCode::Esc);
    press(&mut app, KeyCode::Esc);
    assert!(press(&mut app, KeyCode::Char('q')).is_empty());
    let shown = screen(&app);
    assert_eq!(shown.matches("web: promote to stage").count(), 2, "{shown}");
    assert_eq!(shown.matches("api: promote to stage").count(), 1, "{shown}");
    press(&mut app, KeyCode::Esc);
    assert!(!screen(&app).contains("Leave?"), "{}", screen(&app));
    press(&mut app, KeyCode::Char('q'));
    let effects = press(&mut app, KeyCode::Enter);
    let is_stop = |effect: &AppEffect| matches!(effect, AppEffect::Session(_, Effect::Stop(_)));
    assert_eq!(effects.len(), 3, "{effects:?}");
    assert!(effects.iter().all(is_stop), "{effects:?}");
}

#[test]
fn the_help_of_the_fleet_has_its_keys_and_is_closed_by_any_other() {
    let mut app = app();
    press(&mut app, KeyCode::Char('?'));
    let shown = screen(&app);
    assert!(shown.contains("open the board of the service"), "{shown}");
    assert!(
        press(&mut app, KeyCode::Char('r')).is_empty(),
        "it is not meant for the fleet"
    );
    assert!(!screen(&app).contains("Keys in the fleet"), "{}", screen(&app));
}

#[test]
fn esc_while_a_plan_is_made_ends_its_making() {
    let mut model = sample::board(SIZE, PLAIN);
    press_in(&mut model, 'p');
    let effects = windlass::tui::session::update(
        &mut model,
        Msg::Key(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE)),
    );
    assert!(
        effects.iter().any(|effect| matches!(effect, Effect::CancelPlan)),
        "{effects:?}"
    );
}
