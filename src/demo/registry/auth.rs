//! Who may do what: basic credentials, or bearer tokens from the registry's own token endpoint.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use axum::Json;
use axum::http::header::{AUTHORIZATION, HOST, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret as _;

use super::failure::{Code, Failure};
use super::route::{Name, Query, Route};
use super::{Auth, Credentials, locked};

/// Names this registry to its own token endpoint.
const SERVICE: &str = "windlass-embedded-registry";

/// How long a token is good. The value that clients assume when they are told none is 60 s.
const TOKEN_LIFETIME: Duration = Duration::from_mins(5);

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
    fn needed(method: &Method, route: &Route, query: Query<'_>) -> Self {
        let mut scopes = Self::default();
        match route {
            Route::Ping | Route::Token => {}
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
    fn asked_for(query: Query<'_>) -> Self {
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

    fn cover(&self, needed: &Self) -> bool {
        needed
            .0
            .iter()
            .all(|(name, actions)| self.0.get(name).is_some_and(|held| held.is_superset(actions)))
    }
}

/// As in a challenge: `repository:a:pull,push repository:b:pull`.
impl std::fmt::Display for Scopes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, (name, actions)) in self.0.iter().enumerate() {
            let space = if at == 0 { "" } else { " " };
            let actions: Vec<_> = actions.iter().map(|action| action.name()).collect();
            write!(f, "{space}repository:{name}:{}", actions.join(","))?;
        }
        Ok(())
    }
}

/// What the sender of a request may do.
#[derive(Debug)]
pub(super) enum Grant {
    Everything,
    Within(Scopes),
}

impl Grant {
    /// Whether content may be taken from this repository.
    pub(super) fn may_pull(&self, name: &Name) -> bool {
        match self {
            Self::Everything => true,
            Self::Within(scopes) => scopes
                .0
                .get(name)
                .is_some_and(|held| held.contains(&Action::Pull)),
        }
    }
}

#[derive(Debug)]
struct Token {
    expires: Instant,
    scopes: Scopes,
}

/// Checks requests and gives out tokens.
#[derive(Debug)]
pub(super) struct Gatekeeper {
    auth: Auth,
    tokens: Mutex<HashMap<String, Token>>,
}

impl Gatekeeper {
    pub(super) fn new(auth: Auth) -> Self {
        Self {
            auth,
            tokens: Mutex::default(),
        }
    }

    /// Makes every token worthless.
    pub(super) fn revoke(&self) {
        locked(&self.tokens).clear();
    }

    /// What the sender of a request may do, if that is enough for it.
    pub(super) fn check(
        &self,
        method: &Method,
        route: &Route,
        query: Query<'_>,
        headers: &HeaderMap,
    ) -> Result<Grant, Failure> {
        match &self.auth {
            Auth::Open => Ok(Grant::Everything),
            Auth::Basic(credentials) if shows(headers, credentials) => Ok(Grant::Everything),
            Auth::Basic(_) => Err(refused(format!("Basic realm=\"{SERVICE}\""))),
            Auth::Bearer(_) => {
                let needed = Scopes::needed(method, route, query);
                let held = self.scopes_of_token(headers);
                match held {
                    Some(scopes) if scopes.cover(&needed) => Ok(Grant::Within(scopes)),
                    _ => Err(refused(challenge(headers, &needed, held.is_some()))),
                }
            }
        }
    }

    fn scopes_of_token(&self, headers: &HeaderMap) -> Option<Scopes> {
        let tokens = locked(&self.tokens);
        let token = tokens.get(authorization(headers, "Bearer")?)?;
        (token.expires > Instant::now()).then(|| token.scopes.clone())
    }

    /// The token endpoint: `GET /token?service=…&scope=…` with basic credentials.
    pub(super) fn issue(&self, query: Query<'_>, headers: &HeaderMap) -> Result<Response, Failure> {
        let Auth::Bearer(credentials) = &self.auth else {
            return Err(Failure::new(
                Code::NameUnknown,
                "this registry gives out no tokens",
            ));
        };
        if !shows(headers, credentials) {
            return Err(refused(format!("Basic realm=\"{SERVICE}\"")));
        }
        let token = hex::encode(rand::random::<[u8; 32]>());
        let now = Instant::now();
        let mut tokens = locked(&self.tokens);
        tokens.retain(|_, token| token.expires > now);
        tokens.insert(
            token.clone(),
            Token {
                expires: now + TOKEN_LIFETIME,
                scopes: Scopes::asked_for(query),
            },
        );
        let body = serde_json::json!({
            "token": token,
            "access_token": token,
            "expires_in": TOKEN_LIFETIME.as_secs(),
        });
        Ok(Json(body).into_response())
    }
}

fn refused(challenge: String) -> Failure {
    Failure::new(
        Code::Unauthorized,
        "this registry wants credentials, and these are none or not enough",
    )
    .with_header(WWW_AUTHENTICATE, challenge)
}

/// The realm is on the host that the client called the registry by, which may be a name of its own for it.
fn challenge(headers: &HeaderMap, needed: &Scopes, has_token: bool) -> String {
    let host = headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or("127.0.0.1");
    let scope = if needed.0.is_empty() {
        String::new()
    } else {
        format!(",scope=\"{needed}\"")
    };
    let error = if has_token {
        ",error=\"insufficient_scope\""
    } else {
        ""
    };
    format!("Bearer realm=\"http://{host}/token\",service=\"{SERVICE}\"{scope}{error}")
}

/// What stands after the scheme in `Authorization`.
fn authorization<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let (name, value) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    name.eq_ignore_ascii_case(scheme).then_some(value)
}

fn shows(headers: &HeaderMap, credentials: &Credentials) -> bool {
    let Some(Ok(sent)) = authorization(headers, "Basic").map(|value| STANDARD.decode(value)) else {
        return false;
    };
    let expected = format!("{}:{}", credentials.user, credentials.password.expose_secret());
    sent == expected.as_bytes()
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
