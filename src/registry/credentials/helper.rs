//! Credential helpers: programs that hand out what a key store or a cloud keeps
//! (<https://github.com/docker/docker-credential-helpers>).

use std::time::Duration;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::auth_file::TOKEN_USER;
use super::login::Credentials;
use crate::domain::clean_line;
use crate::program::{Audience, Call, Ended, ProgramError};

/// One that asks a person or hangs must not hold up a run for long.
const LIMIT: Duration = Duration::from_secs(10);
/// More than any helper writes, in bytes.
const MAX_OUTPUT: u64 = 1024 * 1024;
/// The most characters of a helper's own words that a message repeats.
const MAX_WORDS: usize = 300;
/// How helpers say that they know nothing of a name.
const NOT_FOUND: &str = "credentials not found";

/// The program behind a helper's name.
pub(super) fn program(helper: &str) -> String {
    format!("docker-credential-{}", clean_line(helper))
}

/// Asks `helper` for what it keeps under `name`; none if it says that it keeps nothing.
pub(super) async fn ask(helper: &str, name: &str) -> Result<Option<Credentials>, String> {
    let program = program(helper);
    if helper.contains(['/', '\\']) {
        return Err(format!("`{program}` is not a valid credential helper name"));
    }
    ask_program(&program, name, LIMIT).await
}

async fn ask_program(program: &str, name: &str, limit: Duration) -> Result<Option<Credentials>, String> {
    let call = Call::new(program)
        .arg("get")
        .audience(Audience::CredentialHelper)
        .input(name.to_owned())
        .keep(MAX_OUTPUT)
        .keep_errors()
        .limit(limit);
    let ended = match call.run(&|_| {}, &CancellationToken::new()).await {
        Ok(ended) => ended,
        Err(error) if error.is_missing() => {
            return Err(format!("the credential helper {program} is not installed"));
        }
        Err(ProgramError::Slow { .. }) => {
            return Err(format!(
                "the credential helper {program} did not answer within {} s",
                limit.as_secs()
            ));
        }
        Err(error) => return Err(format!("the credential helper {program} failed: {error}")),
    };
    if ended.status.success() {
        return read(&ended.output).map_err(|NoCredentials| {
            // What it wrote may be half of a secret.
            format!("the credential helper {program} did not return credentials")
        });
    }
    let words = words(&ended);
    if words.to_ascii_lowercase().contains(NOT_FOUND) {
        return Ok(None);
    }
    let because = if words.is_empty() {
        String::new()
    } else {
        format!(": {words}")
    };
    Err(format!(
        "the credential helper {program} failed ({}){because}",
        ended.in_words()
    ))
}

/// What a helper that failed says of it, by the protocol on standard output; harmless, short, and never an answer.
fn words(ended: &Ended) -> String {
    let texts = [&ended.output, &ended.errors].map(|bytes| clean_line(String::from_utf8_lossy(bytes).trim()));
    let texts = texts
        .iter()
        .filter(|text| !text.is_empty() && !text.contains("Secret"));
    let words = texts.map(String::as_str).collect::<Vec<_>>().join("; ");
    words.chars().take(MAX_WORDS).collect()
}

/// An answer that cannot be understood.
struct NoCredentials;

/// None for an answer without credentials.
fn read(output: &[u8]) -> Result<Option<Credentials>, NoCredentials> {
    let answer: Value = serde_json::from_slice(output).map_err(|_| NoCredentials)?;
    let text = |name: &str| answer[name].as_str().ok_or(NoCredentials);
    Ok(match (text("Username")?, text("Secret")?) {
        (_, "") => None,
        (TOKEN_USER, token) => Some(Credentials::IdentityToken(token.to_owned().into())),
        (user, password) => Some(Credentials::Password {
            user: user.to_owned(),
            password: password.to_owned().into(),
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture(name: &str) -> String {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/credential-helpers");
        format!("{folder}/{name}")
    }

    async fn complaint(program: &str) -> String {
        let asked = ask_program(program, "registry.example.com", Duration::from_secs(1)).await;
        asked.err().unwrap()
    }

    #[tokio::test]
    async fn a_helper_that_fails_is_named_with_its_own_words() {
        assert_eq!(
            complaint(&fixture("expired")).await,
            format!(
                "the credential helper {} failed (exit code 1): token expired, run sso login",
                fixture("expired")
            )
        );
    }

    #[tokio::test]
    async fn a_helper_that_is_missing_or_hangs_is_named_within_seconds() {
        let missing = complaint("docker-credential-that-is-not-there").await;
        assert_eq!(
            missing,
            "the credential helper docker-credential-that-is-not-there is not installed"
        );
        let hangs = complaint(&fixture("hangs")).await;
        assert!(hangs.ends_with("hangs did not answer within 1 s"), "{hangs}");
    }

    #[test]
    fn an_answer_is_credentials_a_token_or_nothing() {
        let kind = |text: &str| match read(text.as_bytes()) {
            Err(NoCredentials) => "odd",
            Ok(None | Some(Credentials::Anonymous)) => "nothing",
            Ok(Some(Credentials::Password { .. })) => "password",
            Ok(Some(Credentials::IdentityToken(_))) => "token",
        };
        assert_eq!(
            kind(r#"{"ServerURL":"x","Username":"ana","Secret":"p"}"#),
            "password"
        );
        assert_eq!(kind(r#"{"Username":"<token>","Secret":"p"}"#), "token");
        assert_eq!(kind(r#"{"Username":"","Secret":""}"#), "nothing");
        assert_eq!(kind("p"), "odd");
        assert_eq!(kind("{}"), "odd");
    }
}
