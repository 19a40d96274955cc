//! Images that lost a layer: the same promotion brings it back, and where it is nowhere, no screen says ready.

use crate::plan::planned;
use std::io::{Read as _, Write as _};

use windlass::domain::StepKind;
use windlass::registry::Content;

use super::*;

/// Deletes a blob as an over-eager clean-up does: past the registry's own bookkeeping of what needs it.
pub fn lose_blob(reader: &Reader, blob: &Digest) {
    let (host, path) = (reader.repository().host(), reader.repository().path());
    let mut stream = std::net::TcpStream::connect(host).unwrap();
    let request =
        format!("DELETE /v2/{path}/blobs/{blob} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
}

/// The last layer of the first image of `index`, which is for linux/amd64.
pub async fn last_layer(reader: &Reader, index: &Digest) -> Digest {
    let image = first_image(reader, index).await;
    let manifest = reader.manifest(&Target::Digest(image)).await.unwrap();
    let Content::Image { layers, .. } = manifest.content() else {
        panic!("an image")
    };
    layers.last().unwrap().digest.clone()
}

/// How a gate names a layer of linux/amd64 that is gone.
pub fn missing_layer(blob: &Digest, index: &Digest) -> String {
    format!("blob {} (linux/amd64 of index {})", blob.short(), index.short())
}

#[tokio::test(flavor = "multi_thread")]
async fn promoting_the_same_candidate_again_brings_back_a_layer_that_the_target_lost() {
    let (_world, engine) = world().await;
    // Stage shares its registry with dev, so that the layer is mounted; prod has another one, and it is copied.
    for (candidate, environment) in [("develop~3", "stage"), ("develop~15", "prod")] {
        let target = reader(&engine, environment);
        let digest = digest_of(&engine, environment, candidate).await;
        let layer = last_layer(&target, &digest).await;
        lose_blob(&target, &layer);
        assert!(!target.has_blob(&layer).await.unwrap());

        let plan = planned(&engine, &promote(candidate, environment, None, false))
            .await
            .unwrap();
        let copy = plan.steps.iter().find(|step| step.kind == StepKind::Copy);
        let copy = &copy.unwrap().title;
        assert!(
            copy.contains("11 blobs") && copy.contains("(10 already present)"),
            "{copy}"
        );
        assert!(plan.allowed(), "{:#?}", plan.gates);
        let (exit, events) = carry_out(&engine, plan).await;
        assert_eq!(exit, Exit::Done, "{:?}", events.last());
        let arrived: Vec<_> = events
            .iter()
            .filter_map(|event| match &event.happening {
                EventKind::ItemDone { item, result, .. } if result != "already present" => Some(item),
                _ => None,
            })
            .collect();
        assert_eq!(arrived, [&layer.to_string()], "{environment}");
        assert!(target.has_blob(&layer).await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_candidate_that_lost_a_layer_is_not_ready_and_is_refused_with_its_platform_and_index() {
    let (_world, engine) = world().await;
    let dev = reader(&engine, "dev");
    let digest = digest_of(&engine, "dev", "develop").await;
    let (service, stage) = ("payment-svc".parse().unwrap(), "stage".parse().unwrap());
    let before = engine
        .preview(&engine.service(&service).unwrap(), "develop", &stage)
        .await
        .unwrap();
    assert!(before.iter().all(|gate| gate.verdict.allows()), "{before:?}");

    let layer = last_layer(&dev, &digest).await;
    lose_blob(&dev, &layer);
    let gates = engine
        .preview(&engine.service(&service).unwrap(), "develop", &stage)
        .await
        .unwrap();
    let gate = gates.iter().find(|gate| gate.kind.name() == "complete").unwrap();
    assert_eq!(gate.verdict.word(), "refused");
    let missing = missing_layer(&layer, &digest);
    assert!(gate.verdict.reason().contains(&missing), "{gate:?}");

    let plan = planned(&engine, &promote("develop", "stage", None, false))
        .await
        .unwrap();
    assert!(reason(&plan, "complete").1.contains(&missing));
    assert_eq!(carry_out(&engine, plan).await.0, Exit::Refused);
}
