//! The JSON of every command, held to the schemas in `assets/schemas`.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Output;

use clap::CommandFactory as _;
use serde_json::{Value, json};
use windlass::cli::Cli;

use crate::json_schema::Schemas;
use crate::{call, commands};

pub fn schemas() -> Schemas {
    Schemas::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/schemas"))
}

/// The commands that ask GitHub: tests/github, where there is one, holds them to their schemas.
const ASKING_GITHUB: &[&str] = &["approve", "logs"];

/// What no command prints: services are told it, or it is left in a registry.
const POSTED: &[&str] = &[
    "deploy-request",
    "notification",
    "promotion-record",
    "approval",
    "attempt",
];

/// What was held to which schema.
pub struct Checked {
    schemas: Schemas,
    /// The commands, as `registry ls`.
    commands: BTreeSet<String>,
    names: BTreeSet<&'static str>,
}

impl Checked {
    fn new() -> Self {
        Self {
            schemas: schemas(),
            commands: BTreeSet::new(),
            names: BTreeSet::new(),
        }
    }

    /// Holds one document to its schema.
    pub fn document(&mut self, schema: &'static str, document: &Value, what: &str) {
        let errors = self.schemas.errors(schema, document);
        assert!(errors.is_empty(), "{what}: {errors:#?}\n{document:#}");
        self.names.insert(schema);
    }

    /// Holds what a command printed to its schema: one document, or one in each line. The documents.
    pub fn printed(&mut self, schema: &'static str, args: &[&str], output: &Output) -> Vec<Value> {
        let (out, err) = (call::text(&output.stdout), call::text(&output.stderr));
        let what = format!("{args:?} ended with {:?}\n{err}", output.status.code());
        let documents: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(&out).into_iter().collect();
        let documents = documents.unwrap_or_else(|error| panic!("{what}: {error} in\n{out}"));
        assert!(!documents.is_empty(), "{what} printed nothing");
        for document in &documents {
            self.document(schema, document, &what);
        }
        self.commands.insert(command(args));
        documents
    }
}

/// The command that arguments call, without its options and values.
fn command(args: &[&str]) -> String {
    let mut words = Vec::new();
    let mut at = Cli::command();
    for arg in args {
        let Some(below) = at.find_subcommand(arg) else {
            break;
        };
        words.push(*arg);
        at = below.clone();
    }
    words.join(" ")
}

/// Every command that has `--json`.
fn with_json(command: &clap::Command, name: &str, found: &mut BTreeSet<String>) {
    if command.get_arguments().any(|arg| arg.get_long() == Some("json")) {
        found.insert(name.to_owned());
    }
    for below in command.get_subcommands() {
        with_json(below, format!("{name} {}", below.get_name()).trim(), found);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_every_command_with_json_prints_is_as_its_schema_has_it() {
    let mut checked = Checked::new();
    commands::in_the_sample_world(&mut checked).await;
    commands::in_a_workshop(&mut checked).await;
    let mut commands = BTreeSet::new();
    with_json(&Cli::command(), "", &mut commands);
    let missing = commands.difference(&checked.commands);
    let missing: Vec<_> = missing
        .filter(|name| !ASKING_GITHUB.contains(&name.as_str()))
        .collect();
    assert!(
        missing.is_empty(),
        "no test holds the JSON of these to a schema: {missing:?}"
    );
    let schemas = schemas();
    let unused: Vec<_> = schemas
        .names()
        .filter(|name| {
            let elsewhere = POSTED.contains(name) || ASKING_GITHUB.contains(name);
            *name != "common" && !elsewhere && !checked.names.contains(name)
        })
        .collect();
    assert!(
        unused.is_empty(),
        "no command prints what these describe: {unused:?}"
    );
}

#[test]
fn the_schemas_say_nothing_that_is_not_checked() {
    assert_eq!(schemas().faults(), [""; 0]);
}

#[test]
fn a_key_that_is_new_or_missing_or_has_another_type_is_seen() {
    let schemas = schemas();
    let right = json!({ "version": 1, "service": "app", "pins": [] });
    let errors = |change: &dyn Fn(&mut Value)| {
        let mut document = right.clone();
        change(&mut document);
        schemas.errors("pins", &document)
    };
    assert_eq!(errors(&|_| ()), [""; 0]);
    assert_eq!(
        errors(&|document| document["more"] = json!(1)),
        ["/more is a key that the schema does not have"]
    );
    assert_eq!(
        errors(&|document| *document = json!({ "version": 1, "pins": [] })),
        ["/service is missing"]
    );
    assert_eq!(
        errors(&|document| document["version"] = json!(2)),
        ["/version is 2, not 1"]
    );
    assert_eq!(
        errors(&|document| document["pins"] = json!([{ "environment": "prod", "pin": null, "error": 7 }])),
        ["/pins/0/error is 7, not of type [\"string\",\"null\"]"]
    );
    assert_eq!(
        errors(&|document| document["pins"] = json!([{ "environment": "prod", "pin": {}, "error": null }]))
            .len(),
        1,
        "the nearest alternative is told"
    );
}

#[test]
fn the_documentation_names_every_schema() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/json.md")).unwrap();
    let schemas = schemas();
    let missing: Vec<_> = schemas
        .names()
        .filter(|name| !text.contains(&format!("{name}.v1.json")))
        .collect();
    assert!(missing.is_empty(), "docs/json.md lacks {missing:?}");
}
