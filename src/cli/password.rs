//! The password of a signing key, where it is asked for outside a run.

use secrecy::SecretString;

use super::Output;
use crate::engine::EngineError;

/// Asks a person for it.
pub fn prompt(io: &Output) -> std::io::Result<SecretString> {
    io.waiting.end();
    rpassword::prompt_password("Password of the signing key: ").map(SecretString::from)
}

/// `COSIGN_PASSWORD`, or what a person types.
///
/// # Errors
/// When nobody is there to type it.
pub fn of_key(io: &Output) -> Result<SecretString, super::failure::Failure> {
    match std::env::var("COSIGN_PASSWORD") {
        Ok(password) => Ok(SecretString::from(password)),
        Err(_) if io.can_ask() => Ok(prompt(io)?),
        Err(_) => Err(EngineError::NoPassword.into()),
    }
}
