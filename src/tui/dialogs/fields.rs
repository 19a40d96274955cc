//! What a command needs to be told before it can be planned, or may be told to be planned otherwise.

use crate::domain::{Environment, EnvironmentName, MergeMethod, Operation, Plan};
use crate::engine::{self, HotfixRequest, PinRequest, PromoteRequest, RollbackRequest, UnlockRequest};
use crate::tui::session::Request;
use crate::tui::widgets::text_input::TextInput;

/// The name of the field that most commands cannot do without.
const REASON: &str = "reason";
const UNTIL: &str = "until";
const UNTIL_HINT: &str = "a date (2026-12-31) or a duration (7d); empty: until it is lifted";

/// The answer of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Any text.
    Text(TextInput),
    /// One of several.
    Pick {
        /// All of them.
        options: Vec<String>,
        /// The one that is picked.
        at: usize,
    },
}

/// One thing that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// What it is called: at most nine characters, or the name of a branch.
    pub name: String,
    /// The answer.
    pub value: Value,
    /// Whether nothing can be planned without it.
    pub needed: bool,
    /// What can be said here.
    pub hint: &'static str,
}

impl Field {
    pub(super) fn text(name: &str, text: Option<&str>, needed: bool, hint: &'static str) -> Self {
        Self {
            name: name.to_owned(),
            value: Value::Text(TextInput::with(text.unwrap_or_default())),
            needed,
            hint,
        }
    }

    pub(super) fn pick(name: &str, options: Vec<String>, at: usize, hint: &'static str) -> Self {
        Self {
            name: name.to_owned(),
            value: Value::Pick { options, at },
            needed: false,
            hint,
        }
    }

    fn yes(name: &str, yes: bool, hint: &'static str) -> Self {
        Self::pick(
            name,
            vec!["no".to_owned(), "yes".to_owned()],
            usize::from(yes),
            hint,
        )
    }

    /// The answer as text.
    pub fn answer(&self) -> &str {
        match &self.value {
            Value::Text(input) => input.text().trim(),
            Value::Pick { options, at } => options.get(*at).map_or("", String::as_str),
        }
    }

    /// Goes to the next answer, or to the one before, where there are several.
    pub fn turn(&mut self, forward: bool) {
        if let Value::Pick { options, at } = &mut self.value {
            let n = options.len().max(1);
            *at = if forward { *at + 1 } else { *at + n - 1 } % n;
        }
    }
}

/// The fields of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// The request as it was before.
    pub request: Request,
    /// Its fields.
    pub fields: Vec<Field>,
    /// The one that keys go into.
    pub at: usize,
}

impl Form {
    /// What can be told to plan `request`: none where there is nothing. The branches of an end are those of its plan.
    pub fn of(request: &Request, graph: &[Environment], plan: Option<&Plan>) -> Option<Self> {
        let until = |until: &Option<String>| Field::text(UNTIL, until.as_deref(), false, UNTIL_HINT);
        let reason = |reason: &str| Field::text(REASON, Some(reason), true, "kept in the record");
        let fields = match &request.asked {
            engine::Request::Promote(asked) => of_promotion(asked, graph),
            engine::Request::Finish(asked) => {
                let into = &asked.into;
                let Some(Operation::Finish(finish)) = plan.map(|plan| &plan.operation) else {
                    return None;
                };
                let open = finish
                    .into
                    .iter()
                    .filter(|ending| ending.way != MergeMethod::Already);
                let fields = open.map(|ending| {
                    let name = ending.branch.to_string();
                    let is_in = into.is_empty() || into.contains(&name);
                    Field::yes(&name, is_in, "what is left out stays outstanding")
                });
                fields.collect()
            }
            engine::Request::Hotfix(HotfixRequest { environment, version }) => {
                let options = names(graph, |_| true);
                let of = environment.as_ref();
                let at = of.map_or(0, |environment| place(&options, environment));
                vec![
                    Field::text(
                        "version",
                        version.as_deref(),
                        false,
                        "empty: the next patch of what is deployed there",
                    ),
                    Field::pick("of", options, at, "the environment to fix"),
                ]
            }
            engine::Request::Pin(PinRequest {
                reason: why,
                until: end,
                ..
            }) => vec![reason(why), until(end)],
            engine::Request::Unpin(asked) => vec![reason(&asked.reason)],
            engine::Request::Rollback(RollbackRequest {
                reason: why,
                until: end,
                accept_findings,
                ..
            }) => vec![
                reason(why),
                until(end),
                Field::yes(
                    "findings",
                    *accept_findings,
                    "accept the findings; a review is due afterwards",
                ),
            ],
            engine::Request::Review(asked) => {
                vec![Field::text("note", Some(&asked.note), true, "what you found")]
            }
            engine::Request::Unlock(UnlockRequest {
                reason: why, held, ..
            }) => vec![
                reason(why),
                Field::yes(
                    "held",
                    *held,
                    "break it before it expires: its owner may still be running",
                ),
            ],
            _ => return None,
        };
        (!fields.is_empty()).then(|| Self {
            request: request.clone(),
            fields,
            at: 0,
        })
    }

    /// The field that keys go into.
    pub fn current(&mut self) -> Option<&mut Field> {
        self.fields.get_mut(self.at)
    }

    /// The first field that nothing can be planned without, and what is missing there.
    pub fn missing(&self) -> Option<(usize, String)> {
        let is_left_out = |field: &Field| field.answer() == "no";
        if matches!(self.request.asked, engine::Request::Finish(_)) && self.fields.iter().all(is_left_out) {
            return Some((self.at, "choose at least one branch".to_owned()));
        }
        let mut fields = self.fields.iter();
        let at = fields.position(|field| field.needed && field.answer().is_empty())?;
        let name = &self.fields.get(at)?.name;
        Some((at, format!("{name} is required")))
    }

    fn answer(&self, name: &str) -> String {
        let field = self.fields.iter().find(|field| field.name == name);
        field.map(|field| field.answer().to_owned()).unwrap_or_default()
    }

    fn given(&self, name: &str) -> Option<String> {
        Some(self.answer(name)).filter(|answer| !answer.is_empty())
    }

    /// The request with the answers in it.
    pub fn filled(&self) -> Request {
        let mut request = self.request.clone();
        match &mut request.asked {
            engine::Request::Promote(asked) => {
                asked.reason = self.given(REASON);
                asked.hotfix = self.answer("hotfix") == "yes";
                if let Ok(to) = self.answer("to").parse() {
                    asked.to = to;
                }
                asked.from = self.answer("from").parse().ok();
            }
            engine::Request::Finish(asked) => {
                let chosen: Vec<_> = self
                    .fields
                    .iter()
                    .filter(|field| field.answer() == "yes")
                    .map(|field| field.name.clone())
                    .collect();
                // All of them is what is planned where none is named.
                asked.into = if chosen.len() == self.fields.len() {
                    Vec::new()
                } else {
                    chosen
                };
            }
            engine::Request::Hotfix(asked) => {
                asked.version = self.given("version");
                if let Ok(of) = self.answer("of").parse() {
                    asked.environment = Some(of);
                }
            }
            engine::Request::Pin(asked) => {
                asked.reason = self.answer(REASON);
                asked.until = self.given(UNTIL);
            }
            engine::Request::Unpin(asked) => asked.reason = self.answer(REASON),
            engine::Request::Rollback(asked) => {
                asked.reason = self.answer(REASON);
                asked.until = self.given(UNTIL);
                asked.accept_findings = self.answer("findings") == "yes";
            }
            engine::Request::Review(asked) => asked.note = self.answer("note"),
            engine::Request::Unlock(asked) => {
                asked.reason = self.answer(REASON);
                asked.held = self.answer("held") == "yes";
            }
            _ => {}
        }
        request
    }
}

/// The names of those environments that are `wanted`.
fn names(graph: &[Environment], wanted: impl Fn(&Environment) -> bool) -> Vec<String> {
    let names = graph.iter().filter(|environment| wanted(environment));
    names.map(|environment| environment.name.to_string()).collect()
}

fn place(options: &[String], name: &EnvironmentName) -> usize {
    let found = options.iter().position(|option| option == name.as_str());
    found.unwrap_or(0)
}

fn of_promotion(asked: &PromoteRequest, graph: &[Environment]) -> Vec<Field> {
    let options = names(graph, |environment| !environment.from.is_empty());
    let to = place(&options, &asked.to);
    let why = "required for an older candidate, a reverted fix, or the hotfix path";
    let short = "use the hotfix path; a review is due afterwards";
    let mut fields = vec![
        Field::text(REASON, asked.reason.as_deref(), false, why),
        Field::pick("to", options, to, "the environment"),
        Field::yes("hotfix", asked.hotfix, short),
    ];
    if graph.iter().any(|environment| environment.from.len() > 1) {
        let mut options = names(graph, |_| true);
        options.insert(0, "as usual".to_owned());
        let at = asked.from.as_ref().map_or(0, |from| place(&options, from));
        fields.push(Field::pick("from", options, at, "if there are several sources"));
    }
    fields
}
