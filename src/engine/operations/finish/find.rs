//! The release or hotfix that a person names.

use crate::domain::release_name;
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::engine::remote_state::{Line, Upstream};
use crate::project::Service;

/// The release or hotfix of that branch or version.
pub(in crate::engine) fn find(
    engine: &Engine,
    service: &Service,
    upstream: &Upstream,
    text: &str,
) -> Result<Line, EngineError> {
    let lines = upstream.lines(&engine.config().git.for_service(service.name()));
    let version = upstream.released.version_named(text);
    let is_it =
        |line: &&Line| line.branch.as_str() == text || version.is_some() && line.values.version == version;
    let mut found = lines.iter().filter(is_it);
    let unknown = |why| EngineError::NoRelease {
        text: crate::domain::clean_line(text),
        remote: engine.config().git.remote.clone(),
        why,
    };
    let names = |lines: &mut dyn Iterator<Item = &Line>| {
        let names: Vec<_> = lines
            .map(|line| release_name(line.values.version.as_ref(), line.values.padding, &line.branch))
            .collect();
        names.join(", ")
    };
    match (found.next(), found.next()) {
        (Some(line), None) => Ok(line.clone()),
        (Some(_), Some(_)) => {
            let branches: Vec<_> = lines
                .iter()
                .filter(is_it)
                .map(|line| line.branch.to_string())
                .collect();
            Err(unknown(format!(
                "it is the version of {}",
                branches.join(" and of ")
            )))
        }
        (None, _) if lines.is_empty() => Err(unknown("there is none".to_owned())),
        (None, _) => Err(unknown(format!(
            "there are {}",
            names(&mut lines.iter().rev().take(8))
        ))),
    }
}
