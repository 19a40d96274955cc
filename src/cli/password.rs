//! The password of a signing key, where it is asked for outside a run.

use secrecy::SecretString;

use super::Output;
use crate::engine::EngineError;
use crate::sign::password_variable;

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
    match password_variable() {
        Some(password) => Ok(password),
        None if io.can_ask() => Ok(prompt(io)?),
        None => Err(EngineError::NoPassword.into()),
    }
}
