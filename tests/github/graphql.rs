//! GraphQL of the fake: the rollup of commits by alias, as one question asks for it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::fake::{Answer, Question, Store, plain};

impl Store {
    pub fn graphql(&self, question: &Question<'_>) -> Answer {
        if !self.has_graphql {
            return plain(404, "Not Found");
        }
        if question.token.is_none() {
            return plain(401, "Requires authentication");
        }
        let body: Value = serde_json::from_slice(question.body).unwrap();
        let variables = json!({"owner": "acme", "name": "app"});
        assert_eq!(body["variables"], variables);
        let query = body["query"].as_str().unwrap();
        let mut found = Map::new();
        for part in query.split(" {").flat_map(|part| part.split("} ")) {
            let Some((alias, rest)) = part.trim().split_once(": object(oid: \"") else {
                continue;
            };
            let commit = rest.split('"').next().unwrap();
            let alias = alias.rsplit(' ').next().unwrap();
            found.insert(alias.to_owned(), self.commit(commit));
        }
        assert!(found.len() <= 100, "{}", found.len());
        let headers = vec![
            ("x-ratelimit-resource", "graphql".to_owned()),
            ("x-ratelimit-remaining", "4990".to_owned()),
        ];
        (200, headers, json!({"data": {"repository": found}}))
    }

    fn commit(&self, commit: &str) -> Value {
        let (Some(runs), statuses) = (self.runs.get(commit), self.statuses.get(commit)) else {
            return Value::Null;
        };
        let runs = runs.iter().map(|run| match run["conclusion"].as_str() {
            Some(conclusion) => conclusion.to_uppercase(),
            None => run["status"].as_str().unwrap().to_uppercase(),
        });
        let statuses = statuses.into_iter().flatten();
        let statuses = statuses.map(|status| status["state"].as_str().unwrap().to_uppercase());
        let pulls: Vec<_> = self
            .pulls_of
            .get(commit)
            .map(|(number, author)| json!({"number": number, "author": {"login": author}}))
            .into_iter()
            .collect();
        json!({
            "statusCheckRollup": {"contexts": {
                "checkRunCountsByState": counts(runs), "statusContextCountsByState": counts(statuses),
            }},
            "associatedPullRequests": {"nodes": pulls},
        })
    }
}

fn counts(states: impl Iterator<Item = String>) -> Value {
    let mut counts = BTreeMap::new();
    for state in states {
        *counts.entry(state).or_insert(0) += 1;
    }
    counts
        .into_iter()
        .map(|(state, count)| json!({"state": state, "count": count}))
        .collect()
}
