//! What the whole console hears is given to the fleet or to a session, and what they ask for is passed on.

use super::state::{App, AppEffect, AppMsg, SessionId, Shown};
use super::view::around;
use crate::domain::Exit;
use crate::tui::screens::fleet::{self, FleetEffect, FleetMsg};
use crate::tui::session::{self, Effect, Msg, Notice};

/// From this age on, in seconds, the fleet is looked at again when it is shown.
const FLEET_IS_OLD: i64 = 60;

/// Changes the console as the message says, and tells what is to be done.
pub fn update(app: &mut App, msg: AppMsg) -> Vec<AppEffect> {
    match msg {
        AppMsg::Input(msg) => on_input(app, msg),
        AppMsg::Session(id, msg) => to_session(app, id, msg),
        AppMsg::Fleet(msg) => to_fleet(app, msg),
    }
}

fn on_input(app: &mut App, msg: Msg) -> Vec<AppEffect> {
    match msg {
        Msg::Suspend => vec![AppEffect::Suspend],
        Msg::Terminate => leave(app),
        Msg::Resize(width, height) => {
            app.size = (width, height);
            measure_fleet(app);
            to_shown(app, msg)
        }
        Msg::Now(now) => {
            app.now = now;
            to_shown(app, msg)
        }
        msg => to_shown(app, msg),
    }
}

/// Gives what a person did to what is shown.
fn to_shown(app: &mut App, msg: Msg) -> Vec<AppEffect> {
    if let Shown::Session(id) = app.shown {
        return to_session(app, id, msg);
    }
    match msg {
        Msg::Key(key) => to_fleet(app, FleetMsg::Key(key)),
        Msg::Paste(text) => to_fleet(app, FleetMsg::Paste(text)),
        Msg::Mouse(mouse) => to_fleet(app, FleetMsg::Mouse(mouse)),
        _ => Vec::new(),
    }
}

fn to_session(app: &mut App, id: SessionId, msg: Msg) -> Vec<AppEffect> {
    let Some(session) = app.sessions.get_mut(id.0) else {
        return Vec::new();
    };
    let was_active = session.model.runs.active().count();
    let effects = session::update(&mut session.model, msg);
    let (active, has_left) = (session.model.runs.active().count(), session.model.leaving);
    let mut asked = Vec::new();
    for effect in effects {
        match effect {
            Effect::Quit => asked.extend(leave(app)),
            Effect::Suspend => asked.push(AppEffect::Suspend),
            Effect::Draw if app.shown == Shown::Session(id) => asked.push(AppEffect::Draw),
            Effect::Draw => {}
            Effect::ShowFleet => asked.extend(show_fleet(app)),
            effect => asked.push(AppEffect::Session(id, effect)),
        }
    }
    if has_left && !app.is_leaving && active > 0 {
        asked.extend(leave(app));
    }
    if was_active != active {
        app.count_runs();
        if was_active > active {
            tell_of_end(app, id);
            asked.extend(look_again(app));
        }
    }
    asked
}

fn to_fleet(app: &mut App, msg: FleetMsg) -> Vec<AppEffect> {
    let active = app
        .sessions
        .iter()
        .flat_map(|session| session.model.active_runs());
    let active = active.collect();
    let around = around(app.theme, app.now, app.size);
    let Some(fleet) = &mut app.fleet else {
        return Vec::new();
    };
    let effects = fleet::update(fleet, msg, active, &around);
    measure_fleet(app);
    let mut asked = Vec::new();
    for effect in effects {
        match effect {
            FleetEffect::Open(at) => asked.extend(open(app, at)),
            FleetEffect::Refresh => asked.push(AppEffect::LookAtFleet),
            FleetEffect::Quit => asked.extend(leave(app)),
        }
    }
    asked
}

/// Shows the session of a service of the fleet, or has it opened.
fn open(app: &mut App, at: usize) -> Option<AppEffect> {
    let service = app.fleet.as_ref()?.rows.get(at)?.id.clone();
    match app.session_of(&service) {
        Some(id) => {
            app.show(id);
            None
        }
        None => Some(AppEffect::Open(at)),
    }
}

fn show_fleet(app: &mut App) -> Option<AppEffect> {
    let now = app.now;
    let ended = app.sessions.iter().filter_map(|session| {
        let run = session.model.runs.last_ended()?;
        run.ended.as_ref().map(|ended| ended.at)
    });
    let ended = ended.max();
    let fleet = app.fleet.as_mut()?;
    app.shown = Shown::Fleet;
    let is_old = fleet.fresh_at.is_none_or(|at| {
        now.as_second() - at.as_second() > FLEET_IS_OLD || ended.is_some_and(|ended| ended > at)
    });
    let asks = is_old && !fleet.asking;
    fleet.asking |= asks;
    measure_fleet(app);
    app.count_runs();
    asks.then_some(AppEffect::LookAtFleet)
}

/// Leaves; runs that are active are stopped cleanly first, and the last of them ends the console.
fn leave(app: &mut App) -> Vec<AppEffect> {
    if app.active() == 0 {
        return vec![AppEffect::Quit];
    }
    let was_leaving = std::mem::replace(&mut app.is_leaving, true);
    if was_leaving {
        return Vec::new();
    }
    let mut asked = Vec::new();
    for (at, session) in app.sessions.iter_mut().enumerate() {
        if session.model.is_running() && !session.model.leaving {
            let effects = session::update(&mut session.model, Msg::Terminate);
            asked.extend(
                effects
                    .into_iter()
                    .map(|effect| AppEffect::Session(SessionId(at), effect)),
            );
        }
    }
    asked
}

/// Looks at the fleet again where it is shown: a run that has ended changed what it says.
fn look_again(app: &mut App) -> Option<AppEffect> {
    let fleet = app.fleet.as_mut().filter(|_| app.shown == Shown::Fleet)?;
    let asks = !std::mem::replace(&mut fleet.asking, true);
    asks.then_some(AppEffect::LookAtFleet)
}

/// Says where one is that a run elsewhere has ended.
fn tell_of_end(app: &mut App, id: SessionId) {
    if app.shown == Shown::Session(id) {
        return;
    }
    let Some(session) = app.sessions.get(id.0) else {
        return;
    };
    let Some(ended) = session.model.runs.last_ended().and_then(|run| run.ended.as_ref()) else {
        return;
    };
    let notice = Notice {
        text: format!("{}: {}", session.model.service, ended.summary),
        grave: ended.exit != Exit::Done,
    };
    match app.shown {
        Shown::Fleet => app
            .fleet
            .iter_mut()
            .for_each(|fleet| fleet.notice = Some(notice.clone())),
        Shown::Session(shown) => {
            if let Some(shown) = app.sessions.get_mut(shown.0) {
                shown.model.notice = Some(notice);
            }
        }
    }
}

fn measure_fleet(app: &mut App) {
    let height = app.size.1;
    if let Some(fleet) = &mut app.fleet {
        fleet.height = fleet::rows_height(fleet, height);
        fleet.select(fleet.selected);
    }
}
