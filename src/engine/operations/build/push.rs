//! Built images, to where they belong: blobs, manifests, and the index of them all, by digest.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use serde_json::json;

use super::Built;
use crate::build::{LayoutBlob, LayoutImage};
use crate::domain::{CommitSha, Digest, Target, bytes, count};
use crate::engine::error::EngineError;
use crate::engine::run::Step;
use crate::engine::run::event::{EventKind, StepOutcome, Unit};
use crate::registry::{Descriptor, PutOutcome, Writer};

/// How many blobs are sent at once; the registry's own budget may allow fewer.
const AT_ONCE: usize = 4;
/// OCI image-spec 1.1, "Image Index".
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// The index of `images`: the same bytes for the same images of the same commit.
pub(super) fn index(images: &[LayoutImage], commit: &CommitSha, created: Timestamp) -> (Descriptor, Bytes) {
    let manifests: Vec<_> = images
        .iter()
        .map(|image| {
            let mut entry = Descriptor::new(
                image.media_type.clone(),
                image.digest.clone(),
                image.manifest.len() as u64,
            );
            entry.platform = Some(image.platform.clone());
            entry
        })
        .collect();
    let annotations = BTreeMap::from([
        ("org.opencontainers.image.created", created.to_string()),
        ("org.opencontainers.image.revision", commit.to_string()),
    ]);
    let document = json!({
        "schemaVersion": 2,
        "mediaType": INDEX,
        "manifests": manifests,
        "annotations": annotations,
    });
    let bytes = Bytes::from(document.to_string());
    let descriptor = Descriptor::new(INDEX, Digest::of(&bytes), bytes.len() as u64);
    (descriptor, bytes)
}

/// Pushes all of it, each blob once, the index last.
pub(super) async fn push(
    step: &Step<'_>,
    writer: &Writer,
    built: &Built,
) -> Result<StepOutcome, EngineError> {
    let blobs: BTreeMap<_, _> = built
        .images
        .iter()
        .flat_map(|image| &image.blobs)
        .map(|blob| (blob.digest.to_string(), blob))
        .collect();
    let total = blobs.len();
    let sending: Vec<_> = blobs
        .into_values()
        .map(|blob| send(step, writer, blob).boxed())
        .collect();
    let sent: Vec<u64> = stream::iter(sending)
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    for image in &built.images {
        let target = Target::Digest(image.digest.clone());
        writer
            .put_manifest(&target, &image.media_type, image.manifest.clone())
            .await?;
    }
    let target = Target::Digest(built.index.digest.clone());
    writer
        .put_manifest(&target, &built.index.media_type, built.bytes.clone())
        .await?;
    Ok(StepOutcome::Done(format!(
        "{} for {}: {}, {} sent",
        built.index.digest.short(),
        count(built.images.len(), "platform"),
        count(total, "blob"),
        bytes(sent.iter().sum())
    )))
}

/// Sends one blob; how many bytes that took.
async fn send(step: &Step<'_>, writer: &Writer, blob: &LayoutBlob) -> Result<u64, EngineError> {
    let LayoutBlob { digest, size, path } = blob;
    step.context.recorder.record(EventKind::ItemStarted {
        step: step.id(),
        item: digest.to_string(),
        label: digest.short(),
        unit: Unit::Bytes,
        total: *size,
    });
    let recorder = step.context.recorder.clone();
    let (id, item) = (step.id(), digest.to_string());
    let moved = Arc::new(move |done| {
        recorder.record(EventKind::ItemMoved {
            step: id,
            item: item.clone(),
            done,
        });
    });
    let outcome = writer.put_file(path, digest, *size, moved).await?;
    let how = match outcome {
        PutOutcome::Put => "copied",
        PutOutcome::Present => "present",
    };
    step.log().info(format!("{} {how}", digest.short()));
    step.context.recorder.record(EventKind::ItemDone {
        step: step.id(),
        item: digest.to_string(),
        result: how.to_owned(),
    });
    Ok(if outcome == PutOutcome::Put { *size } else { 0 })
}
