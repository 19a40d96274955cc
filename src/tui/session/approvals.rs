//! What runs on GitHub wait for: shown, and approved or rejected.

use super::message::Effect;
use super::model::Model;
use super::notice::{Message, Notice};
use super::plans;
use crate::engine::{DeploymentReview, WaitingRun};
use crate::tui::dialogs::{Dialog, ReviewDialog};
use crate::tui::screens::runs::listing;

/// Asks what waits in a run, and says so.
pub(in crate::tui) fn open(model: &mut Model, number: u64, effects: &mut Vec<Effect>) {
    model.ticket += 1;
    plans::say_planning(model, &format!("the review of run {number}"));
    effects.push(Effect::WaitingRun(model.ticket, number));
}

pub(in crate::tui) fn on_waiting(model: &mut Model, ticket: u64, result: Result<Box<WaitingRun>, Message>) {
    // Whoever closed the dialog that waits does not want it any more.
    let waiting = model.dialogs.waiting().map(|(place, _)| place);
    let Some(place) = waiting.filter(|_| ticket == model.ticket) else {
        return;
    };
    let dialog = match result {
        Err(message) => Dialog::Message(message),
        Ok(waiting) if waiting.pending.is_empty() => Dialog::Message(Message {
            good: false,
            title: "Nothing waits".to_owned(),
            what: format!(
                "run {} on GitHub is {}; nothing in it waits for an approval",
                waiting.run.id,
                waiting.run.progress.word()
            ),
            hint: None,
        }),
        Ok(waiting) => {
            let rows = model.board.rows.iter();
            let mut subjects =
                rows.filter(|row| row.digest().is_some() && row.digest() == waiting.digest.as_ref());
            let subject = subjects.next().map(|row| model.board.title_of(&row.commit));
            Dialog::Review(Box::new(ReviewDialog::new(*waiting, subject)))
        }
    };
    model.dialogs.replace(place, dialog);
}

pub(in crate::tui) fn on_reviewed(
    model: &mut Model,
    review: &DeploymentReview,
    result: Result<(), Message>,
    effects: &mut Vec<Effect>,
) {
    model.dialogs.close(|dialog| matches!(dialog, Dialog::Review(_)));
    match result {
        Ok(()) => {
            let text = format!("{review}: {}", review.digest.short());
            model.notice = Some(Notice { text, grave: false });
        }
        Err(message) => model.dialogs.push(Dialog::Message(message)),
    }
    listing::ask(model, effects);
}
