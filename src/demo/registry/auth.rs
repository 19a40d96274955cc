//! Who may do what: basic credentials, or bearer tokens from the registry's own token endpoint.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use axum::Json;
use axum::http::header::{AUTHORIZATION, HOST, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret as _;

use super::failure::{Code, Failure};
use super::options::{Auth, Credentials};
use super::route::{Name, Query, Route};
use super::scope::{Action, Scopes};
use crate::demo::locked::locked;

/// Names this registry to its own token endpoint.
const SERVICE: &str = "windlass-embedded-registry";

/// How long a token is good. The value that clients assume when they are told none is 60 s.
const TOKEN_LIFETIME: Duration = Duration::from_mins(5);

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
            Self::Within(scopes) => scopes.allow(name, Action::Pull),
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
    /// Refresh tokens, which Docker calls identity tokens. They do not end.
    identities: Mutex<HashSet<String>>,
}

impl Gatekeeper {
    pub(super) fn new(auth: Auth) -> Self {
        Self {
            auth,
            tokens: Mutex::default(),
            identities: Mutex::default(),
        }
    }

    /// A new identity token, which stands for the credentials at the token endpoint.
    pub(super) fn identity(&self) -> String {
        let token = secret();
        locked(&self.identities).insert(token.clone());
        token
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
            return Err(no_tokens());
        };
        if !shows(headers, credentials) {
            return Err(refused(format!("Basic realm=\"{SERVICE}\"")));
        }
        Ok(self.give(Scopes::asked_for(query), None))
    }

    /// The token endpoint in the form of OAuth 2 (RFC 6749, 4.3 and 6): `POST /token` with a form that holds a password
    /// or an identity token.
    pub(super) fn exchange(&self, form: Query<'_>) -> Result<Response, Failure> {
        let Auth::Bearer(credentials) = &self.auth else {
            return Err(no_tokens());
        };
        let is = |key: &str, wanted: &str| form.get(key).is_some_and(|value| value == wanted);
        let known = match form.get("grant_type").as_deref() {
            Some("password") => {
                is("username", &credentials.user) && is("password", credentials.password.expose_secret())
            }
            Some("refresh_token") => form
                .get("refresh_token")
                .is_some_and(|token| locked(&self.identities).contains(token.as_ref())),
            _ => {
                return Err(
                    Failure::new(Code::Unsupported, "grants are by password or refresh_token")
                        .with_status(StatusCode::BAD_REQUEST),
                );
            }
        };
        if !known {
            return Err(refused(format!("Basic realm=\"{SERVICE}\"")));
        }
        let identity = is("access_type", "offline").then(|| self.identity());
        Ok(self.give(Scopes::asked_for(form), identity))
    }

    fn give(&self, scopes: Scopes, identity: Option<String>) -> Response {
        let token = secret();
        let now = Instant::now();
        let mut body = serde_json::json!({
            "token": token,
            "access_token": token,
            "expires_in": TOKEN_LIFETIME.as_secs(),
            "scope": scopes.to_string(),
        });
        if let Some(identity) = identity {
            body["refresh_token"] = identity.into();
        }
        let mut tokens = locked(&self.tokens);
        tokens.retain(|_, token| token.expires > now);
        tokens.insert(
            token,
            Token {
                expires: now + TOKEN_LIFETIME,
                scopes,
            },
        );
        Json(body).into_response()
    }
}

fn secret() -> String {
    hex::encode(rand::random::<[u8; 32]>())
}

fn no_tokens() -> Failure {
    Failure::new(Code::NameUnknown, "this registry gives out no tokens")
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
    let scope = if needed.is_empty() {
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
