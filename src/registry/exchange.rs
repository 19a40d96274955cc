//! One request on the wire, and the head of its answer.

use std::sync::atomic::Ordering;

use reqwest::header;
use reqwest::{RequestBuilder, Response};

use super::call::{Body, PIECE};
use super::error::RegistryError;
use super::host::Host;
use super::network_error::of_network;
use super::retry::patience;

/// One exchange: the request, and the head of the answer, each within the host's patience. `hashed` are the bytes that it
/// has got before and may hash now.
pub(super) async fn transfer(
    host: &Host,
    builder: RequestBuilder,
    body: &mut Body,
    hashed: u64,
    request: &str,
) -> Result<Response, RegistryError> {
    let now = match std::mem::replace(body, Body::None) {
        Body::Bytes(bytes) => {
            *body = Body::Bytes(bytes.clone());
            if bytes.len() > PIECE {
                Body::in_pieces(bytes)
            } else {
                Body::Bytes(bytes)
            }
        }
        other => other,
    };
    let sent = match now {
        Body::Stream {
            body: stream,
            size,
            gone,
            activity,
        } => {
            let sending = builder.header(header::CONTENT_LENGTH, size).body(stream).send();
            let patience = || {
                if gone.load(Ordering::Relaxed) < size {
                    host.idle_timeout
                } else {
                    patience(host.idle_timeout, hashed.max(size))
                }
            };
            tokio::select! {
                sent = sending => sent,
                waited = activity.stalled(patience) => return Err(host.slow(waited)),
            }
        }
        small => {
            let builder = match small {
                Body::Bytes(bytes) => builder.body(bytes),
                _ => builder,
            };
            let patience = patience(host.idle_timeout, hashed);
            tokio::time::timeout(patience, builder.send())
                .await
                .map_err(|_| host.slow(patience))?
        }
    };
    sent.map_err(|error| of_network(host, &error, request))
}
