//! A deployment that waits on GitHub: what exactly waits, and whether it may go on.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::around::Around;
use super::field_keys::edit;
use super::fields::{Field, Value};
use super::form::fields;
use super::parts::key;
use super::reply::{DialogSpec, Reply};
use crate::engine::{DeploymentReview, WaitingRun};
use crate::github::PendingDeployment;
use crate::tui::app::theme::State;
use crate::tui::widgets::frame::{Sheet, text_width};
use crate::tui::widgets::line;

const ENVIRONMENT: &str = "for";
const VERDICT: &str = "verdict";
const COMMENT: &str = "comment";
const APPROVE: &str = "approve";
const REJECT: &str = "reject";

/// A deployment that waits, and what is to be said of it: of one environment in one run.
#[derive(Debug, Clone)]
pub struct ReviewDialog {
    /// What waits.
    pub waiting: WaitingRun,
    /// The commit that the digest was built from and its subject, where the board shows it.
    pub subject: Option<String>,
    /// The environment where there are several, the verdict, and the comment.
    pub fields: Vec<Field>,
    /// The field that keys go into.
    pub at: usize,
    /// Whether it was sent.
    pub is_sent: bool,
    /// Why Enter did nothing.
    pub refused: Option<String>,
}

impl ReviewDialog {
    /// A review that nobody has made yet.
    pub fn new(waiting: WaitingRun, subject: Option<String>) -> Self {
        let names: Vec<_> = waiting
            .pending
            .iter()
            .map(|one| one.environment.clone())
            .collect();
        let mut fields = Vec::new();
        if names.len() > 1 {
            // One that may be approved comes first.
            let at = waiting.pending.iter().position(|one| one.may_approve);
            let hint = "only this environment is approved or rejected";
            fields.push(Field::pick(ENVIRONMENT, names, at.unwrap_or(0), hint));
        }
        let verdicts = vec![APPROVE.to_owned(), REJECT.to_owned()];
        fields.push(Field::pick(VERDICT, verdicts, 0, "Left and Right choose"));
        let hint = "goes with it; empty: the digest and the plan";
        fields.push(Field::text(COMMENT, None, false, hint));
        Self {
            waiting,
            subject,
            at: fields.len() - 1,
            fields,
            is_sent: false,
            refused: None,
        }
    }

    fn answer(&self, name: &str) -> &str {
        let field = self.fields.iter().find(|field| field.name == name);
        field.map_or("", Field::answer)
    }

    /// The deployment that is reviewed.
    fn pending(&self) -> Option<&PendingDeployment> {
        let name = self.answer(ENVIRONMENT);
        let mut all = self.waiting.pending.iter();
        all.find(|one| name.is_empty() || one.environment == name)
    }

    fn is_approved(&self) -> bool {
        self.answer(VERDICT) != REJECT
    }

    /// What is sent, or why nothing can be.
    fn review(&self, read_only: bool) -> Result<DeploymentReview, String> {
        if read_only {
            return Err("this console is read-only".to_owned());
        }
        let environment = self.pending().map(|one| one.environment.as_str());
        let subject = self.waiting.subject(environment.unwrap_or_default(), None);
        let (pending, digest) = subject.map_err(|refused| format!("{}; {}", refused.why, refused.hint))?;
        let comment = match self.answer(COMMENT) {
            "" => DeploymentReview::usual_comment(digest, self.waiting.plan.as_deref()),
            said => said.to_owned(),
        };
        Ok(DeploymentReview {
            number: self.waiting.run.id,
            environment: pending.environment.clone(),
            approved: self.is_approved(),
            comment,
            digest: digest.clone(),
        })
    }

    /// What waits, each fact with its name.
    fn facts(&self, around: &Around<'_>) -> Vec<(&'static str, String)> {
        let WaitingRun {
            run,
            digest,
            plan,
            tag,
            ..
        } = &self.waiting;
        let digest = digest.as_ref().map_or_else(
            || "unknown: the title of the run does not name it".to_owned(),
            ToString::to_string,
        );
        let mut facts = vec![("digest", digest)];
        facts.extend(tag.as_ref().map(|tag| ("candidate", tag.to_string())));
        facts.extend(self.subject.clone().map(|subject| ("commit", subject)));
        facts.push(("plan", plan.clone().unwrap_or_else(|| "unknown".to_owned())));
        let by = run.actor.as_deref().unwrap_or("someone");
        facts.push(("run", format!("{} {}, by {by}", run.id, run.workflow())));
        let Some(pending) = self.pending() else {
            return facts;
        };
        let reviewers = match pending.reviewers_in_words() {
            none if none.is_empty() => "nobody is named".to_owned(),
            names => names,
        };
        let own = match pending.prevents_self_review {
            Some(true) => "whoever started the run may not",
            Some(false) => "whoever started the run may as well",
            None => "whether whoever started the run may is unknown",
        };
        facts.push(("reviewers", format!("{reviewers}; {own}")));
        if let Some(until) = pending.waits_until.filter(|until| *until > around.now) {
            let until = until.strftime("%Y-%m-%d %H:%M:%S UTC");
            facts.push(("timer", format!("until {until}, whatever is approved")));
        }
        facts
    }
}

impl DialogSpec for ReviewDialog {
    fn on_key(&mut self, key: KeyEvent, around: &Around<'_>) -> Reply {
        if self.is_sent {
            return Reply::Passed;
        }
        self.refused = None;
        if key.code != KeyCode::Enter {
            return edit(&mut self.fields, &mut self.at, key);
        }
        match self.review(around.read_only) {
            Ok(review) => {
                self.is_sent = true;
                Reply::Review(review)
            }
            Err(why) => {
                self.refused = Some(why);
                Reply::Taken
            }
        }
    }

    fn paste(&mut self, text: &str) {
        if let Some(Value::Text(input)) = self.fields.get_mut(self.at).map(|field| &mut field.value) {
            input.insert(text);
        }
    }

    fn is_waiting(&self) -> bool {
        self.is_sent
    }

    fn paint(&self, around: &Around<'_>, area: Rect, buffer: &mut Buffer) {
        paint(around, self, area, buffer);
    }
}

fn paint(around: &Around, dialog: &ReviewDialog, area: Rect, buffer: &mut Buffer) {
    const NAME: usize = 10;
    let theme = around.theme;
    let width = text_width(area);
    let environment = dialog
        .pending()
        .map_or("", |pending| pending.environment.as_str());
    let mut body = Vec::new();
    for (name, fact) in dialog.facts(around) {
        for (at, piece) in line::wrap(&fact, width.saturating_sub(NAME + 1))
            .into_iter()
            .enumerate()
        {
            let name = if at == 0 { name } else { "" };
            let style = if name == "digest" {
                theme.identity()
            } else {
                ratatui::style::Style::new()
            };
            body.push(Line::from(vec![
                Span::styled(format!("{name:<NAME$} "), theme.quiet()),
                Span::styled(piece, style),
            ]));
        }
    }
    body.push(Line::default());
    body.extend(fields(&dialog.fields, dialog.at, width, theme));
    body.push(Line::default());
    let verb = if dialog.is_approved() { APPROVE } else { REJECT };
    // What cannot be done is said before somebody has written a comment for it.
    let refused = dialog
        .refused
        .clone()
        .or_else(|| dialog.review(around.read_only).err());
    let mut keys = Vec::new();
    if dialog.is_sent {
        body.push(Line::from(theme.says(State::Loading, "sending it to GitHub")));
    } else if let Some(why) = refused {
        let why = line::wrap(&why, width.saturating_sub(2)).into_iter();
        body.extend(why.map(|piece| Line::from(Span::styled(piece, theme.state(State::Attention)))));
    } else {
        let text = format!("Enter {verb}s {environment} in this run alone.");
        body.push(Line::from(Span::styled(text, theme.quiet())));
        keys.extend(key("Enter", verb, theme));
    }
    keys.extend(key("Tab", "next", theme));
    keys.extend(key("Esc", around.esc(), theme));
    Sheet {
        title: &format!("Review the deployment to {environment}"),
        state: State::Attention,
        body,
        foot: None,
        keys,
        scroll: 0,
    }
    .paint(area, theme, buffer);
}
