//! The program that is a service of the demo.

use std::net::Ipv4Addr;

use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::deploy::Release;
use super::error::ServiceError;
use super::open;
use super::place::{Place, Serving, at};

/// Serves `release` at `place` until it is told to stop or the demo ends.
///
/// # Errors
/// When no port can be had, or the note cannot be written.
pub async fn serve(place: &Place, release: &Release) -> Result<(), ServiceError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let listener = listener.map_err(at(&place.folder))?;
    let address = listener.local_addr().map_err(at(&place.folder))?;
    let serving = Serving {
        service: place.service.clone(),
        environment: place.environment.clone(),
        image: release.image.clone(),
        digest: release.digest.clone(),
        since: Timestamp::now(),
        healthy: true,
        port: address.port(),
    };
    let stop = CancellationToken::new();
    let (stopping, answer) = (stop.clone(), serving.clone());
    let router = Router::new()
        .route("/", get(move || std::future::ready(Json(answer.clone()))))
        .route(
            "/stop",
            post(move || {
                stopping.cancel();
                std::future::ready(())
            }),
        );
    let (folder, ended) = (place.folder.clone(), stop.clone());
    // A thread of its own: nothing waits for it when the service is stopped.
    std::thread::spawn(move || {
        open::wait_for_end(&folder);
        ended.cancel();
    });
    place.write(&serving)?;
    axum::serve(listener, router)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
        .map_err(at(&place.folder))
}
