//! What a run needs and may not show.

use secrecy::SecretString;

/// What a run needs and may not show.
#[derive(Clone, Default)]
pub struct Secrets {
    /// The password of the signing key.
    pub signing_password: Option<SecretString>,
}
