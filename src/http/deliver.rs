//! Documents that are posted for information, and whose answer is of no further interest.

use std::time::Duration;

use secrecy::SecretString;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{Attempts, Client, HttpError, Request};

/// Posts a document, several times if need be, each time for at most `limit`.
///
/// # Errors
/// In words, when it was not accepted. The words have the host alone: the path may hold a secret, and answers repeat it.
pub async fn deliver(
    url: &Url,
    document: &[u8],
    secret: Option<&SecretString>,
    limit: Duration,
    cancel: &CancellationToken,
) -> Result<(), String> {
    let client = Client::new(url)?;
    let request = Request::post(url.clone(), document.to_vec(), secret, limit);
    match client.send(&request, Attempts::SEVERAL, cancel).await {
        Ok(answer) if answer.is_success() => Ok(()),
        Ok(answer) => Err(format!(
            "{} answers with status {}",
            request.host(),
            answer.status
        )),
        Err(HttpError::Interrupted) => Err("interrupted".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
