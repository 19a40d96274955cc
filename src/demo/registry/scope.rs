//! Scopes: what a request needs and what a token allows, in the form of the token specification that registries share.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use axum::http::Method;

use super::route::{Name, Query, Route};

/// What may be done in a repository, in the words of a token's scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Action {
    Pull,
    Push,
    Delete,
}

impl Action {
    const ALL: [Self; 3] = [Self::Pull, Self::Push, Self::Delete];

    const fn name(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "push",
            Self::Delete => "delete",
        }
    }
}

/// Repositories, and what may or must be done in each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Scopes(BTreeMap<Name, BTreeSet<Action>>);

impl Scopes {
    fn add(&mut self, name: Name, actions: impl IntoIterator<Item = Action>) {
        self.0.entry(name).or_default().extend(actions);
    }

    /// What a request needs. An upload may be cancelled by those who may push.
    pub(super) fn needed(method: &Method, route: &Route, query: Query<'_>) -> Self {
        let mut scopes = Self::default();
        match route {
            Route::Ping | Route::Token | Route::Catalog => {}
            Route::Uploads(name) | Route::Upload(name, _) => {
                scopes.add(name.clone(), [Action::Pull, Action::Push]);
                if let Some(Ok(from)) = query.get("from").map(|from| from.parse()) {
                    scopes.add(from, [Action::Pull]);
                }
            }
            Route::Blob(name, _)
            | Route::Manifest(name, _)
            | Route::Tags(name)
            | Route::Referrers(name, _) => {
                let actions: &[Action] = match *method {
                    Method::GET | Method::HEAD => &[Action::Pull],
                    Method::DELETE => &[Action::Delete],
                    _ => &[Action::Pull, Action::Push],
                };
                scopes.add(name.clone(), actions.iter().copied());
            }
        }
        scopes
    }

    /// What a client asks a token for: `repository:NAME:pull,push`, several of them apart by spaces or repeated.
    /// Kinds and actions that mean nothing here are left out, as they are for any token service.
    pub(super) fn asked_for(query: Query<'_>) -> Self {
        let mut scopes = Self::default();
        for scope in query.all("scope") {
            for scope in scope.split(' ') {
                let parts = scope
                    .strip_prefix("repository:")
                    .and_then(|rest| rest.rsplit_once(':'));
                let Some((Ok(name), actions)) = parts.map(|(name, actions)| (name.parse(), actions)) else {
                    continue;
                };
                let named = |action: &Action| {
                    actions
                        .split(',')
                        .any(|name| name == action.name() || name == "*")
                };
                scopes.add(name, Action::ALL.into_iter().filter(named));
            }
        }
        scopes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an action is among them.
    pub(super) fn allow(&self, name: &Name, action: Action) -> bool {
        self.0.get(name).is_some_and(|held| held.contains(&action))
    }

    /// Whether these are enough.
    pub(super) fn cover(&self, needed: &Self) -> bool {
        needed
            .0
            .iter()
            .all(|(name, actions)| self.0.get(name).is_some_and(|held| held.is_superset(actions)))
    }
}

/// As in a challenge: `repository:a:pull,push repository:b:pull`.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, actions)) in self.0.iter().enumerate() {
            let space = if at == 0 { "" } else { " " };
            let actions: Vec<_> = actions.iter().map(|action| action.name()).collect();
            write!(f, "{space}repository:{name}:{}", actions.join(","))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needed(method: &Method, path: &str, query: &str) -> String {
        Scopes::needed(method, &Route::of(path).unwrap(), Query(query)).to_string()
    }

    #[test]
    fn a_mount_needs_both_repositories() {
        assert_eq!(
            needed(&Method::POST, "/v2/stage/a/blobs/uploads/", "mount=x&from=dev/a"),
            "repository:dev/a:pull repository:stage/a:pull,push"
        );
    }

    #[test]
    fn deleting_needs_more_than_pushing() {
        let asked = Scopes::asked_for(Query("scope=repository:a:pull,push"));
        let path = "/v2/a/manifests/v1";
        let route = Route::of(path).unwrap();
        assert!(asked.cover(&Scopes::needed(&Method::PUT, &route, Query(""))));
        assert!(!asked.cover(&Scopes::needed(&Method::DELETE, &route, Query(""))));
    }

    #[test]
    fn reads_scopes_repeated_joined_and_unknown() {
        let asked = Scopes::asked_for(Query(
            "scope=repository:b:pull+repository:a:*&scope=registry:catalog:*&scope=repository:b:push",
        ));
        assert_eq!(
            asked.to_string(),
            "repository:a:pull,push,delete repository:b:pull,push"
        );
    }
}
