//! The password of a signing key, where it is asked for outside a run.

use std::io::Read as _;

use secrecy::SecretString;

use super::Output;
use super::failure::Failure;
use crate::engine::EngineError;
use crate::sign::password_variable;

/// Asks a person for it.
pub fn prompt(io: &Output) -> std::io::Result<SecretString> {
    io.waiting.end();
    rpassword::prompt_password("Password of the signing key: ").map(SecretString::from)
}

/// Longer than any password, in bytes.
const LONGEST: u64 = 64 * 1024;

/// What file descriptor `number` gives until its end, without the end of the line: it is read once, and nothing of it is kept elsewhere.
pub fn from_descriptor(number: u32) -> Result<SecretString, Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::usage(
            format!("could not read a password from file descriptor {number}: {error}"),
            "open it for reading, as in `windlass … --password-fd 3 3<password-file`",
        )
    };
    let mut text = String::new();
    let file = std::fs::File::open(format!("/dev/fd/{number}")).map_err(unreadable)?;
    file.take(LONGEST).read_to_string(&mut text).map_err(unreadable)?;
    Ok(SecretString::from(text.trim_end_matches(['\n', '\r'])))
}

/// `COSIGN_PASSWORD`, or what a person types.
///
/// # Errors
/// When nobody is there to type it.
pub fn of_key(io: &Output) -> Result<SecretString, Failure> {
    match password_variable() {
        Some(password) => Ok(password),
        None if io.can_ask() => Ok(prompt(io)?),
        None => Err(EngineError::NoPassword.into()),
    }
}
