//! Judgements kept with the image: the record of a gate is a referrer of the digest, and moves along with it.

use std::collections::BTreeMap;

use crate::domain::{Digest, GateRecord};
use crate::registry::{Content, Descriptor, Reader, Writer};

use super::error::EngineError;

/// The artifact type of a record, and the media type of the JSON in it.
pub(super) const GATE_TYPE: &str = "application/vnd.windlass.gate.v1+json";
const CREATED: &str = "org.opencontainers.image.created";
const ENVIRONMENT: &str = "dev.windlass.gate.environment";
const VERDICT: &str = "dev.windlass.gate.verdict";
/// No record is as large as this, in bytes: it has a line for each finding and each package.
const LIMIT: u64 = 64 * 1024 * 1024;

/// Attaches `record` to `subject`.
pub(super) async fn attach(
    writer: &Writer,
    subject: &Descriptor,
    record: &GateRecord,
) -> Result<(), EngineError> {
    let bytes = serde_json::to_vec(record).map_err(|error| EngineError::Internal(error.to_string()))?;
    let annotations = BTreeMap::from([
        (CREATED.to_owned(), record.at.to_string()),
        (ENVIRONMENT.to_owned(), record.environment.to_string()),
        (VERDICT.to_owned(), record.verdict.word().to_owned()),
    ]);
    let layers = vec![(GATE_TYPE.to_owned(), bytes.into())];
    writer.attach(subject, GATE_TYPE, layers, annotations).await?;
    Ok(())
}

/// The newest record that is attached to `digest`, by what the annotations say; none if there is none that is of this
/// digest.
pub(super) async fn newest(reader: &Reader, digest: &Digest) -> Result<Option<GateRecord>, EngineError> {
    let records = reader.referrers(digest, Some(GATE_TYPE)).await?;
    let newest = records
        .into_iter()
        .max_by_key(|record| record.annotations.get(CREATED).cloned());
    let Some(newest) = newest else { return Ok(None) };
    let manifest = reader.manifest(&newest.digest.into()).await?;
    let is_record = manifest.descriptor().artifact_type.as_deref() == Some(GATE_TYPE)
        && manifest.subject() == Some(digest);
    let layer = match manifest.content() {
        Content::Image { layers, .. } if is_record => layers.first(),
        _ => None,
    };
    let Some(layer) = layer else { return Ok(None) };
    let bytes = reader.blob(&layer.digest, LIMIT).await?;
    let record: Option<GateRecord> = serde_json::from_slice(&bytes).ok();
    // A form of a later version is as good as none; one of another digest is none.
    Ok(record.filter(|record| record.digest == *digest))
}
