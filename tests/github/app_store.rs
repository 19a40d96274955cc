//! A GitHub App of the fake: whoever shows a token that its key signed is given one of its installation.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use windlass::demo::forge::objects;

use super::fake::{Answer, OWNER, Question, Store, TOKEN, plain};

pub const APP: &str = "Iv23liExample";
pub const INSTALLATION: u64 = 77;

pub struct App {
    /// Its public key.
    pub key: Vec<u8>,
    /// How long the tokens of its installation are valid.
    pub lasts: SignedDuration,
    /// The tokens that it was shown.
    pub shown: Vec<String>,
}

impl App {
    /// Whether its key signed this token, which is valid now.
    fn knows(&self, token: &str) -> bool {
        let Some((signed, signature)) = token.rsplit_once('.') else {
            return false;
        };
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.key);
        let parts: Vec<Value> = signed
            .split('.')
            .map(|part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap())
            .collect();
        let [header, claims] = &parts[..] else {
            return false;
        };
        let now = Timestamp::now().as_second();
        let (since, until) = (claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap());
        key.verify(signed.as_bytes(), &signature).is_ok()
            && header["alg"] == "RS256"
            && claims["iss"] == APP
            && (since..until).contains(&now)
            && until - since <= 600
    }
}

impl Store {
    /// The answer to what an App asks; none to anything else.
    pub fn of_app(&mut self, question: &Question<'_>) -> Option<Answer> {
        let app = self.app.as_mut()?;
        let tokens = format!("/app/installations/{INSTALLATION}/access_tokens");
        let is_exchange = question.path == tokens && question.method == "POST";
        if !is_exchange && question.path != "/repos/acme/app/installation" {
            return None;
        }
        let token = question
            .token
            .unwrap_or_default()
            .trim_start_matches("Bearer ")
            .to_owned();
        if !app.knows(&token) {
            return Some(plain(401, "A JSON web token could not be decoded"));
        }
        app.shown.push(token);
        if !is_exchange {
            return Some((200, Vec::new(), installation()));
        }
        let body: Value = serde_json::from_slice(question.body).unwrap();
        assert_eq!(body, json!({"repositories": ["app"]}));
        let ends = Timestamp::now() + app.lasts;
        Some((
            201,
            Vec::new(),
            json!({"token": TOKEN, "expires_at": ends.to_string()}),
        ))
    }
}

fn installation() -> Value {
    json!({
        "id": INSTALLATION, "app_id": 1, "app_slug": "windlass", "client_id": APP, "account": objects::organization(OWNER, 2),
        "target_id": 2, "target_type": "Organization", "repository_selection": "selected", "single_file_name": null,
        "access_tokens_url": "https://api.github.com/x", "html_url": "https://github.com/x",
        "repositories_url": "https://api.github.com/x", "permissions": {}, "events": [],
        "created_at": "2026-11-01T10:00:00Z", "updated_at": "2026-11-01T10:00:00Z", "suspended_by": null,
        "suspended_at": null,
    })
}
