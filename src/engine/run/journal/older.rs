//! Lines of older versions, in the form of this one: steps had no ids and were named by their kind, and what moved were
//! blobs. The lines of the first edition, which had no version yet, had other names for much besides.

use serde_json::{Map, Value, json};

/// What the lines of one older journal need to be understood: the steps of its plan.
#[derive(Default)]
pub(super) struct OlderLines {
    /// Their kinds, in order.
    steps: Vec<Value>,
}

impl OlderLines {
    /// Gives a line the form of this version. What is not understood stays as it is, and is no line then.
    pub(super) fn upgrade(&mut self, line: &mut Value) {
        let Some(line) = line.as_object_mut() else { return };
        if let Some(plan) = line.get_mut("plan").and_then(Value::as_object_mut) {
            self.upgrade_plan(plan);
        }
        let event = line.get("event").and_then(Value::as_str).map(str::to_owned);
        match event.as_deref() {
            Some("blob-started") => blob_started(line),
            Some("blob-done") => blob_done(line),
            Some("step-ended") => step_ended(line),
            Some("run-ended") => rename(line, "places", "environments"),
            _ => {}
        }
        if let Some(kind) = line.get("step") {
            let place = self.steps.iter().position(|step| step == kind);
            let is_log = event.as_deref() == Some("log");
            match place {
                Some(place) => line.insert("step".to_owned(), json!(place + 1)),
                // A log of a step that the plan does not have is one of the run.
                None if is_log => line.remove("step"),
                None => line.insert("step".to_owned(), json!(0)),
            };
        }
    }

    fn upgrade_plan(&mut self, plan: &mut Map<String, Value>) {
        let steps = plan.get_mut("steps").and_then(Value::as_array_mut);
        for (place, step) in steps.into_iter().flatten().enumerate() {
            let Some(step) = step.as_object_mut() else {
                continue;
            };
            rename(step, "what", "title");
            rename(step, "summary", "title");
            step.insert("id".to_owned(), json!(place + 1));
            self.steps.push(step.get("kind").cloned().unwrap_or_default());
        }
        let gates = plan.get_mut("gates").and_then(Value::as_array_mut);
        for gate in gates.into_iter().flatten().filter_map(Value::as_object_mut) {
            rename(gate, "way_out", "override");
            if let Some(way) = gate.get_mut("override").and_then(Value::as_object_mut) {
                rename(way, "ask", "kind");
                renamed_value(way, "kind", "take-lock", "break-lock");
            }
        }
        if let Some(operation) = plan.get_mut("operation").and_then(Value::as_object_mut) {
            upgrade_operation(operation);
        }
    }
}

/// The names of the first edition.
fn upgrade_operation(operation: &mut Map<String, Value>) {
    rename(operation, "held", "force");
    let endings = operation.get_mut("into").and_then(Value::as_array_mut);
    for ending in endings.into_iter().flatten().filter_map(Value::as_object_mut) {
        rename(ending, "at", "head");
        rename(ending, "way", "method");
        renamed_value(ending, "method", "already", "already-merged");
    }
    if let Some(pin) = operation.get_mut("pin").and_then(Value::as_object_mut) {
        rename(pin, "held", "pinned");
        rename(pin, "from", "rolled_back_from");
    }
    let exceptions = operation.get_mut("exceptions").and_then(Value::as_array_mut);
    for exception in exceptions.into_iter().flatten().filter_map(Value::as_object_mut) {
        rename(exception, "skipped", "skipped_gates");
        rename(exception, "passed_over", "skipped_environments");
        renamed_value(exception, "kind", "undoes-fix", "reverts-fix");
    }
}

fn blob_started(line: &mut Map<String, Value>) {
    let digest = line.remove("digest").unwrap_or_default();
    let label: String = digest.as_str().unwrap_or_default().chars().take(19).collect();
    line.insert("event".to_owned(), json!("item-started"));
    line.insert("item".to_owned(), digest);
    line.insert("label".to_owned(), json!(label));
    line.insert("unit".to_owned(), json!("bytes"));
    rename(line, "size", "total");
}

fn blob_done(line: &mut Map<String, Value>) {
    line.insert("event".to_owned(), json!("item-done"));
    rename(line, "digest", "item");
    rename(line, "how", "result");
}

fn step_ended(line: &mut Map<String, Value>) {
    if let Some(Value::Object(outcome)) = line.get("outcome").cloned() {
        line.remove("outcome");
        line.extend(outcome);
        rename(line, "why", "reason");
    }
    renamed_value(line, "outcome", "nothing", "unchanged");
}

fn rename(object: &mut Map<String, Value>, from: &str, to: &str) {
    if let Some(value) = object.remove(from) {
        object.insert(to.to_owned(), value);
    }
}

fn renamed_value(object: &mut Map<String, Value>, key: &str, from: &str, to: &str) {
    if let Some(value) = object.get_mut(key).filter(|value| **value == from) {
        *value = json!(to);
    }
}
