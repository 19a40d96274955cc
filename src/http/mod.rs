//! Requests to services that are no registries: webhooks, health probes and metrics. Nothing follows a redirect.

mod client;
mod deliver;
mod error;
mod retry;
mod secret;
#[cfg(test)]
pub(crate) mod tests;
mod tls;

pub use client::{Answer, Client, Request};
pub use deliver::deliver;
pub use error::HttpError;
pub use retry::{Attempts, retry_after};
pub use secret::{SIGNATURE_HEADER, read_secret, signature};
pub use tls::{system_roots, tls, tls_builder};
