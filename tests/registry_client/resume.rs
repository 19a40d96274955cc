//! Copies that were broken off in the middle of a layer, by this process or with it.

use std::path::Path;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;
use windlass::demo::faults::{Effect, Fault};
use windlass::demo::registry::{EmbeddedRegistry, Options};
use windlass::domain::{Digest, Exit};
use windlass::registry::copy::{self, CopyOutcome, CopyProgress};
use windlass::registry::{Registries, RegistryError, Settings, Writer};

use crate::world::{MANIFEST, access, blob, hasty, planned, registry, repository, settings};

/// More than one piece of a body, and more than a mark apart.
const LAYER: usize = 3_000_000;

struct Ground {
    from: EmbeddedRegistry,
    to: EmbeddedRegistry,
    digest: Digest,
    /// Which requests ask for the layer.
    layer: String,
}

impl Ground {
    /// An image of one large layer.
    async fn new() -> Self {
        let (from, to) = (
            registry(Options::default()).await,
            registry(Options::default()).await,
        );
        let source = Registries::new(settings())
            .unwrap()
            .writer(&repository(&from.host(), "app"), access());
        let config = blob(
            &source,
            "application/vnd.oci.image.config.v1+json",
            b"{}".to_vec(),
        )
        .await;
        let bytes = (0..LAYER).map(|n| u8::try_from(n % 251).unwrap()).collect();
        let layer = blob(&source, "application/vnd.oci.image.layer.v1.tar", bytes).await;
        let manifest = serde_json::json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [&layer],
        });
        let bytes = Bytes::from(manifest.to_string());
        let digest = Digest::of(&bytes);
        source
            .put_manifest(&digest.clone().into(), MANIFEST, bytes)
            .await
            .unwrap();
        Self {
            from,
            to,
            digest,
            layer: format!("/blobs/{}", layer.digest),
        }
    }

    /// A copy by a process of its own: nothing is shared but the folder where uploads are remembered.
    async fn copy(
        &self,
        uploads: &Path,
        settings: Settings,
        progress: &(dyn Fn(CopyProgress) + Send + Sync),
        cancel: &CancellationToken,
    ) -> Result<CopyOutcome, RegistryError> {
        let all = Registries::new(Settings {
            uploads: Some(uploads.to_owned()),
            ..settings
        })
        .unwrap();
        let source = all.reader(&repository(&self.from.host(), "app"));
        let target = all.writer(&repository(&self.to.host(), "app"), access());
        let plan = planned(&source, &target, &self.digest).await?;
        copy::run(&plan, &source, &target, progress, cancel).await
    }

    async fn is_right(&self) {
        let target: Writer = Registries::new(settings())
            .unwrap()
            .writer(&repository(&self.to.host(), "app"), access());
        let manifest = target.manifest(&self.digest.clone().into()).await.unwrap();
        for blob in manifest.blobs() {
            target.blob(&blob.digest, blob.size).await.unwrap();
        }
    }
}

#[tokio::test]
async fn another_process_goes_on_from_the_offset_that_the_registry_confirms() {
    let ground = Ground::new().await;
    let uploads = tempfile::tempdir().unwrap();
    // The download stands still at three quarters: what came before is at the target by then.
    let stall = Fault::new(Effect::Stall { after: 2_000_000 }).on_method("GET");
    ground.from.inject(stall.on_path(&ground.layer));
    let cancel = CancellationToken::new();
    let stalled = |progress: CopyProgress| {
        if matches!(progress, CopyProgress::Again { .. }) {
            cancel.cancel();
        }
    };
    let error = ground
        .copy(uploads.path(), hasty(), &stalled, &cancel)
        .await
        .unwrap_err();
    assert_eq!(error.exit(), Exit::Interrupted);

    let cancel = CancellationToken::new();
    let outcome = ground
        .copy(uploads.path(), settings(), &|_| (), &cancel)
        .await
        .unwrap();
    ground.is_right().await;
    assert!(outcome.bytes < 2_000_000, "only the rest came again: {outcome:?}");
    let left = std::fs::read_dir(uploads.path()).unwrap().count();
    assert_eq!(left, 0, "nothing is remembered of what has arrived");
}

#[tokio::test]
async fn a_session_that_is_lost_begins_the_layer_again() {
    let ground = Ground::new().await;
    let uploads = tempfile::tempdir().unwrap();
    ground.from.inject(
        Fault::new(Effect::Stall { after: 2_000_000 })
            .on_method("GET")
            .on_path(&ground.layer),
    );
    let cancel = CancellationToken::new();
    let stalled = |progress: CopyProgress| {
        if matches!(progress, CopyProgress::Again { .. }) {
            cancel.cancel();
        }
    };
    ground
        .copy(uploads.path(), hasty(), &stalled, &cancel)
        .await
        .unwrap_err();
    let lost = Effect::Answer {
        status: 404,
        retry_after: None,
    };
    ground
        .to
        .inject(Fault::new(lost).on_method("GET").on_path("/blobs/uploads/"));
    let outcome = ground
        .copy(uploads.path(), settings(), &|_| (), &CancellationToken::new())
        .await
        .unwrap();
    ground.is_right().await;
    assert!(outcome.bytes > LAYER as u64, "{outcome:?}");
}

#[tokio::test]
async fn a_download_that_breaks_goes_on_by_a_range_and_the_upload_does_not_notice() {
    let ground = Ground::new().await;
    let uploads = tempfile::tempdir().unwrap();
    for after in [1_000_000, 500_000] {
        ground.from.inject(
            Fault::new(Effect::Truncate { after })
                .on_method("GET")
                .on_path(&ground.layer),
        );
    }
    let outcome = ground
        .copy(uploads.path(), hasty(), &|_| (), &CancellationToken::new())
        .await
        .unwrap();
    ground.is_right().await;
    assert!(
        outcome.bytes < LAYER as u64 + 10_000,
        "no byte came twice: {outcome:?}"
    );
    let puts = ground.to.requests();
    let puts = puts
        .iter()
        .filter(|line| line.method == "PUT" && line.path.contains("/blobs/uploads/"));
    assert_eq!(puts.count(), 2, "one for each blob");
}

#[tokio::test]
async fn an_upload_that_breaks_goes_on_where_the_registry_is() {
    let ground = Ground::new().await;
    let uploads = tempfile::tempdir().unwrap();
    let reset = Fault::new(Effect::Reset)
        .on_method("PUT")
        .on_path("/blobs/uploads/");
    ground.to.inject(reset.times(2));
    let again = std::sync::atomic::AtomicUsize::new(0);
    let tell = |progress: CopyProgress| {
        if matches!(progress, CopyProgress::Again { .. }) {
            again.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    };
    ground
        .copy(uploads.path(), hasty(), &tell, &CancellationToken::new())
        .await
        .unwrap();
    ground.is_right().await;
    assert_eq!(again.into_inner(), 2);
}

/// With chunks of a quarter of the layer.
fn in_chunks() -> Settings {
    Settings {
        chunk: LAYER as u64 / 4,
        ..hasty()
    }
}

fn methods(registry: &EmbeddedRegistry, method: &str) -> usize {
    let lines = registry.requests();
    let uploads = lines.iter().filter(|line| line.path.contains("/blobs/uploads/"));
    uploads.filter(|line| line.method == method).count()
}

#[tokio::test]
async fn a_very_large_layer_goes_in_chunks_and_whole_where_a_registry_takes_none() {
    let ground = Ground::new().await;
    let uploads = tempfile::tempdir().unwrap();
    let never = CancellationToken::new();
    ground
        .copy(uploads.path(), in_chunks(), &|_| (), &never)
        .await
        .unwrap();
    ground.is_right().await;
    // The configuration is whole; the last chunk of the layer closes its upload.
    assert_eq!((methods(&ground.to, "PATCH"), methods(&ground.to, "PUT")), (3, 2));

    let ground = Ground::new().await;
    let refused = Effect::Answer {
        status: 405,
        retry_after: None,
    };
    ground.to.inject(Fault::new(refused).on_method("PATCH").always());
    ground
        .copy(uploads.path(), in_chunks(), &|_| (), &never)
        .await
        .unwrap();
    ground.is_right().await;
    assert_eq!((methods(&ground.to, "PATCH"), methods(&ground.to, "PUT")), (1, 2));
}

#[tokio::test]
async fn a_chunk_that_breaks_is_all_that_comes_again() {
    let ground = Ground::new().await;
    let uploads = tempfile::tempdir().unwrap();
    let reset = Fault::new(Effect::Reset).on_method("PATCH");
    ground.to.inject(reset.after(2));
    let never = CancellationToken::new();
    ground
        .copy(uploads.path(), in_chunks(), &|_| (), &never)
        .await
        .unwrap();
    ground.is_right().await;
    // Two arrived and one did not; it and the last one come then, and what closes the upload is empty.
    assert_eq!((methods(&ground.to, "PATCH"), methods(&ground.to, "PUT")), (5, 2));
}
