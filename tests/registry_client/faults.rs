//! Faults of registries during a copy: the right copy in the end, or a clear failure; never a tag.

use windlass::demo::faults::{Effect, Fault};
use windlass::demo::registry::Options;
use windlass::registry::RegistryError;
use windlass::registry::copy::CopyProgress;

use crate::world::{Journey, hasty, journey, journey_with};

fn answer(status: u16, retry_after: Option<&str>) -> Effect {
    Effect::Answer {
        status,
        retry_after: retry_after.map(str::to_owned),
    }
}

async fn open() -> Journey {
    journey_with(Options::default(), Options::default(), hasty()).await
}

#[tokio::test]
async fn an_upload_that_is_put_off_is_begun_again_with_all_its_bytes() {
    for status in [429, 500, 503] {
        let journey = open().await;
        let fault = Fault::new(answer(status, None))
            .on_method("PUT")
            .on_path("/blobs/uploads/");
        journey.to.inject(fault.times(2));
        journey.copy().await.unwrap();
        assert!(journey.arrived().await, "{status}");
    }
}

#[tokio::test]
async fn whatever_breaks_once_at_the_source_is_borne() {
    for effect in [
        answer(502, None),
        Effect::Reset,
        Effect::Truncate { after: 100 },
        Effect::Stall { after: 100 },
    ] {
        for path in ["/blobs/", "/manifests/"] {
            if path == "/manifests/" && matches!(effect, Effect::Truncate { .. } | Effect::Stall { .. }) {
                continue;
            }
            let journey = open().await;
            journey
                .from
                .inject(Fault::new(effect.clone()).on_method("GET").on_path(path));
            journey.copy().await.unwrap();
            assert!(journey.arrived().await, "{effect:?} at {path}");
        }
    }
}

#[tokio::test]
async fn whatever_breaks_once_at_the_target_is_borne() {
    for effect in [answer(503, None), Effect::Reset] {
        for (method, path) in [
            ("POST", "/blobs/uploads/"),
            ("PUT", "/blobs/uploads/"),
            ("PUT", "/manifests/"),
            ("HEAD", "/manifests/"),
        ] {
            let journey = open().await;
            journey
                .to
                .inject(Fault::new(effect.clone()).on_method(method).on_path(path));
            journey.copy().await.unwrap();
            assert!(journey.arrived().await, "{effect:?} at {method} {path}");
        }
    }
}

#[tokio::test]
async fn a_flipped_byte_of_a_layer_never_arrives() {
    let journey = open().await;
    let fault = Fault::new(Effect::FlipByte { at: 0 })
        .on_method("GET")
        .on_path("/blobs/");
    journey.from.inject(fault.always());
    let error = journey.copy().await.unwrap_err();
    assert!(matches!(error, RegistryError::DigestMismatch { .. }), "{error:?}");
    let wrong = journey
        .to
        .requests()
        .iter()
        .any(|line| line.method == "PUT" && line.status == Some(201));
    assert!(!wrong, "nothing was completed at the target");
    assert!(journey.target.tags().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_registry_that_asks_for_a_moment_gets_it_and_one_that_asks_for_an_hour_has_failed() {
    let journey = open().await;
    journey
        .to
        .inject(Fault::new(answer(429, Some("1"))).on_method("POST"));
    let told = journey.copy().await.unwrap();
    let host = journey.to.host();
    let waited =
        |one: &CopyProgress| matches!(one, CopyProgress::Waiting { host: told, seconds: 1 } if *told == host);
    assert!(told.iter().any(waited), "{told:?}");

    let journey = open().await;
    journey
        .to
        .inject(Fault::new(answer(429, Some("3600"))).on_method("POST").always());
    let error = journey.copy().await.unwrap_err();
    assert!(error.to_string().contains("3600 s"), "{error}");
}

#[tokio::test]
async fn a_registry_that_never_recovers_is_a_clear_failure() {
    let journey = journey(Options::default(), Options::default()).await;
    journey
        .to
        .inject(Fault::new(answer(500, None)).on_method("PUT").always());
    let error = journey.copy().await.unwrap_err();
    assert!(
        matches!(error, RegistryError::Status { status: 500, .. }),
        "{error:?}"
    );
    assert!(journey.target.tags().await.unwrap().is_empty());
}
