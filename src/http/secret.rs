//! The secret that requests are signed with.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

/// The header of the signature, which has the form of GitHub's `X-Hub-Signature-256`.
pub const SIGNATURE_HEADER: &str = "X-Windlass-Signature-256";

/// The largest file that is read as a secret, in bytes.
const MAX_SECRET_SIZE: u64 = 64 * 1024;

/// The secret in the file at `path`, without the line end after it.
///
/// # Errors
/// In words, when the file cannot be read, holds no text or nothing. The words never hold the contents.
pub fn read_secret(path: &Path) -> Result<SecretString, String> {
    let fail = |why: &dyn std::fmt::Display| format!("cannot read {}: {why}", path.display());
    let mut text = String::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(MAX_SECRET_SIZE + 1).read_to_string(&mut text))
        .map_err(|error| fail(&error))?;
    if text.len() as u64 > MAX_SECRET_SIZE {
        return Err(fail(&"it is too large for a secret"));
    }
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        return Err(fail(&"it is empty"));
    }
    Ok(secret.to_owned().into())
}

/// `sha256=` and the HMAC-SHA256 of `body` in hexadecimal digits.
pub fn signature(secret: &SecretString, body: &[u8]) -> String {
    let mut text = String::from("sha256=");
    // Keys of every length are accepted.
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()) {
        mac.update(body);
        for byte in mac.finalize().into_bytes() {
            let _ = write!(text, "{byte:02x}");
        }
    }
    text
}
