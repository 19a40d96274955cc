//! The part of JSON Schema (draft 2020-12) that `assets/schemas` is written in, and no more: a keyword that is not known
//! here fails, so that nothing is in a schema that nothing checks.

use std::collections::BTreeMap;
use std::path::Path;

use regex::Regex;
use serde_json::{Map, Value};

/// What only describes.
const ANNOTATIONS: &[&str] = &["$schema", "$id", "$defs", "title", "description", "format"];
const CHECKED: &[&str] = &[
    "$ref",
    "additionalProperties",
    "const",
    "enum",
    "items",
    "oneOf",
    "pattern",
    "properties",
    "required",
    "type",
];

/// All schemas of a folder, by the name of their file.
pub struct Schemas(BTreeMap<String, Value>);

impl Schemas {
    pub fn load(folder: &Path) -> Self {
        let files = std::fs::read_dir(folder).unwrap();
        let load = |file: std::io::Result<std::fs::DirEntry>| {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let schema = serde_json::from_slice(&std::fs::read(&path).unwrap());
            (
                name,
                schema.unwrap_or_else(|error| panic!("{}: {error}", path.display())),
            )
        };
        Self(files.map(load).collect())
    }

    /// The schemas, each under its name without `.v1.json`.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(|name| name.trim_end_matches(".v1.json"))
    }

    /// What is wrong with the schemas themselves.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (file, schema) in &self.0 {
            if schema["$id"] != file.as_str() {
                faults.push(format!("{file}: its $id is another name"));
            }
            self.look_at(schema, file, "", &mut faults);
        }
        faults
    }

    fn look_at(&self, schema: &Value, file: &str, at: &str, faults: &mut Vec<String>) {
        let Some(keywords) = schema.as_object() else {
            if !schema.is_boolean() {
                faults.push(format!("{file}{at} is no schema"));
            }
            return;
        };
        for (word, value) in keywords {
            let at = format!("{at}/{word}");
            match word.as_str() {
                "properties" | "$defs" => {
                    for (name, below) in value.as_object().unwrap() {
                        self.look_at(below, file, &format!("{at}/{name}"), faults);
                    }
                }
                "items" | "additionalProperties" => self.look_at(value, file, &at, faults),
                "oneOf" => {
                    for (nth, below) in value.as_array().unwrap().iter().enumerate() {
                        self.look_at(below, file, &format!("{at}/{nth}"), faults);
                    }
                }
                "$ref" if self.target(value, file).is_none() => {
                    faults.push(format!("{file}{at} leads nowhere: {value}"));
                }
                word if !CHECKED.contains(&word) && !ANNOTATIONS.contains(&word) => {
                    faults.push(format!("{file}{at} is a keyword that nothing checks"));
                }
                _ => {}
            }
        }
        if keywords.contains_key("properties") && !keywords.contains_key("additionalProperties") {
            faults.push(format!("{file}{at} takes any other key as well"));
        }
    }

    /// What a reference names, and the file that it is in.
    fn target(&self, reference: &Value, file: &str) -> Option<(&Value, String)> {
        let (name, pointer) = reference.as_str()?.split_once('#')?;
        let name = if name.is_empty() { file } else { name };
        Some((self.0.get(name)?.pointer(pointer)?, name.to_owned()))
    }

    /// In which ways `value` is not as the schema called `name` has it.
    pub fn errors(&self, name: &str, value: &Value) -> Vec<String> {
        let file = format!("{name}.v1.json");
        let schema = self.0.get(&file);
        let schema = schema.unwrap_or_else(|| panic!("no schema {file}"));
        let mut errors = Vec::new();
        self.check(schema, &file, value, "", &mut errors);
        errors
    }

    fn check(&self, schema: &Value, file: &str, value: &Value, at: &str, errors: &mut Vec<String>) {
        if *schema == Value::Bool(false) {
            errors.push(format!("{at} is a key that the schema does not have"));
        }
        let Some(schema) = schema.as_object() else { return };
        if let Some(reference) = schema.get("$ref") {
            let (target, file) = self.target(reference, file).unwrap();
            self.check(target, &file, value, at, errors);
        }
        if let Some(types) = schema.get("type")
            && !is_of_type(types, value)
        {
            errors.push(format!("{at} is {value}, not of type {types}"));
        }
        if let Some(wanted) = schema.get("const")
            && wanted != value
        {
            errors.push(format!("{at} is {value}, not {wanted}"));
        }
        if let Some(wanted) = schema.get("enum")
            && !wanted.as_array().unwrap().contains(value)
        {
            errors.push(format!("{at} is {value}, none of {wanted}"));
        }
        if let (Some(pattern), Some(text)) = (schema.get("pattern"), value.as_str())
            && !Regex::new(pattern.as_str().unwrap()).unwrap().is_match(text)
        {
            errors.push(format!("{at} is {value}, which does not match {pattern}"));
        }
        if let (Some(items), Some(list)) = (schema.get("items"), value.as_array()) {
            for (nth, item) in list.iter().enumerate() {
                self.check(items, file, item, &format!("{at}/{nth}"), errors);
            }
        }
        if let Some(object) = value.as_object() {
            self.check_keys(schema, file, object, at, errors);
        }
        if let Some(alternatives) = schema.get("oneOf") {
            self.check_alternatives(alternatives.as_array().unwrap(), file, value, at, errors);
        }
    }

    fn check_keys(
        &self,
        schema: &Map<String, Value>,
        file: &str,
        object: &Map<String, Value>,
        at: &str,
        errors: &mut Vec<String>,
    ) {
        let required = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        for name in required.filter_map(Value::as_str) {
            if !object.contains_key(name) {
                errors.push(format!("{at}/{name} is missing"));
            }
        }
        let known = schema.get("properties").and_then(Value::as_object);
        for (name, value) in object {
            let below = known.and_then(|known| known.get(name));
            if let Some(below) = below.or_else(|| schema.get("additionalProperties")) {
                self.check(below, file, value, &format!("{at}/{name}"), errors);
            }
        }
    }

    /// Exactly one of them has to be right. Where none is, what is wrong with the nearest is told.
    fn check_alternatives(
        &self,
        alternatives: &[Value],
        file: &str,
        value: &Value,
        at: &str,
        errors: &mut Vec<String>,
    ) {
        let found: Vec<_> = alternatives
            .iter()
            .map(|schema| {
                let mut errors = Vec::new();
                self.check(schema, file, value, at, &mut errors);
                errors
            })
            .collect();
        match found.iter().filter(|errors| errors.is_empty()).count() {
            1 => {}
            0 => errors.extend(found.into_iter().min_by_key(Vec::len).unwrap_or_default()),
            several => errors.push(format!("{at} matches {several} alternatives: {value}")),
        }
    }
}

fn is_of_type(types: &Value, value: &Value) -> bool {
    let is = |name: &Value| match name.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("no type is called {other}"),
    };
    types
        .as_array()
        .map_or_else(|| is(types), |types| types.iter().any(is))
}
