//! A service that takes part in a keyless signature.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use url::Url;

use crate::domain::clean_line;
use crate::http::{Attempts, Client, Request};
use crate::sign::error::SignError;

/// A service that takes part in a keyless signature.
pub(super) struct Service {
    /// What it is called in errors.
    name: &'static str,
    host: String,
    client: Client,
}

impl Service {
    /// How long one attempt may take.
    pub(super) const LIMIT: Duration = Duration::from_secs(30);

    pub(super) fn new(name: &'static str, url: &Url) -> Result<Self, SignError> {
        let host = clean_line(&url.origin().ascii_serialization());
        match Client::new(url) {
            Ok(client) => Ok(Self { name, host, client }),
            Err(why) => Err(SignError::Service {
                name,
                host,
                why,
                denied: false,
            }),
        }
    }

    /// What it answers, where that is a success.
    pub(super) async fn ask(&self, request: &Request) -> Result<Vec<u8>, SignError> {
        // A step that is interrupted is dropped, and this with it.
        let answer = self
            .client
            .send(request, Attempts::SEVERAL, &CancellationToken::new())
            .await;
        match answer {
            Ok(answer) if answer.is_success() => Ok(answer.body),
            Ok(answer) => Err(self.error(&answer.words(), matches!(answer.status, 401 | 403))),
            Err(error) => Err(self.failure(&error.to_string())),
        }
    }

    /// That it failed.
    pub(super) fn failure(&self, why: &str) -> SignError {
        self.error(why, false)
    }

    fn error(&self, why: &str, denied: bool) -> SignError {
        SignError::Service {
            name: self.name,
            host: self.host.clone(),
            why: clean_line(why),
            denied,
        }
    }
}

/// The address of `path` below that of a service.
pub(super) fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_goes_below_that_of_the_service() {
        for base in ["https://fulcio.example.com", "https://fulcio.example.com/"] {
            let url = below(&base.parse().unwrap(), "api/v2/signingCert");
            assert_eq!(url.as_str(), "https://fulcio.example.com/api/v2/signingCert");
        }
        let url = below(&"https://example.com/ca/".parse().unwrap(), "x");
        assert_eq!(url.as_str(), "https://example.com/ca/x");
    }
}
