//! Records kept with the image: each is a referrer of a digest, a small JSON document in one layer, and moves along with
//! the image. This is the one way to leave one and to read them back.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::{
    ChangeRecord, DeploymentFailure, DeploymentRecord, Digest, EnvironmentName, ExceptionRecord, GateRecord,
    PinRecord, ReviewRecord, Target,
};
use crate::engine::error::EngineError;
use crate::registry::{Content, Descriptor, Evidence, Reader, RegistryError, Writer};

const CREATED: &str = "org.opencontainers.image.created";
/// More records of one kind than any digest has; of more, the newest are read.
const MOST: usize = 200;

/// How long a record may take to be left: a run that was stopped has to end.
const RECORD_TIMEOUT: Duration = Duration::from_secs(10);

/// A kind of record.
pub(crate) trait Record: Serialize + DeserializeOwned + Send + Sync {
    /// The artifact type of the referrer, and the media type of the JSON in it.
    const TYPE: &'static str;
    /// More than any such record has, in bytes.
    const LIMIT: u64;
    /// The annotation that names the environment in the list of referrers.
    const ENVIRONMENT: &'static str;
    /// Whether it takes effect because somebody wanted it to. One that an earlier attempt could not list is listed then
    /// only for who asks for the very same again; what is a fact stays one.
    const IS_ACT: bool = true;

    /// The digest that it is about.
    fn digest(&self) -> &Digest;

    /// The environment that it is about.
    fn environment(&self) -> &EnvironmentName;

    /// When it was made.
    fn at(&self) -> Timestamp;

    /// What else stands beside it in the list of referrers, so that other tools can show it.
    fn annotations(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// What each record keeps in fields of the same names: the digest and the environment that it is about, and its time.
macro_rules! subject {
    () => {
        fn digest(&self) -> &Digest {
            &self.digest
        }

        fn environment(&self) -> &EnvironmentName {
            &self.environment
        }

        fn at(&self) -> Timestamp {
            self.at
        }
    };
}

impl Record for GateRecord {
    const TYPE: &'static str = "application/vnd.windlass.gate.v1+json";
    // It has a line for each finding and each package.
    const LIMIT: u64 = 64 * 1024 * 1024;
    const ENVIRONMENT: &'static str = "dev.windlass.gate.environment";
    const IS_ACT: bool = false;

    subject!();

    fn annotations(&self) -> Vec<(&'static str, String)> {
        vec![("dev.windlass.gate.verdict", self.verdict.word().to_owned())]
    }
}

impl Record for PinRecord {
    const TYPE: &'static str = "application/vnd.windlass.pin.v1+json";
    const LIMIT: u64 = 64 * 1024;
    const ENVIRONMENT: &'static str = "dev.windlass.pin.environment";

    subject!();

    fn annotations(&self) -> Vec<(&'static str, String)> {
        vec![("dev.windlass.pin.held", self.held.to_string())]
    }
}

impl Record for ExceptionRecord {
    const TYPE: &'static str = "application/vnd.windlass.exception.v1+json";
    const LIMIT: u64 = 256 * 1024;
    const ENVIRONMENT: &'static str = "dev.windlass.exception.environment";

    subject!();
}

impl Record for ReviewRecord {
    const TYPE: &'static str = "application/vnd.windlass.review.v1+json";
    const LIMIT: u64 = 64 * 1024;
    const ENVIRONMENT: &'static str = "dev.windlass.review.environment";

    subject!();
}

impl Record for DeploymentFailure {
    const TYPE: &'static str = "application/vnd.windlass.deployment-failure.v1+json";
    const LIMIT: u64 = 64 * 1024;
    const ENVIRONMENT: &'static str = "dev.windlass.deployment.environment";
    const IS_ACT: bool = false;

    subject!();
}

impl Record for DeploymentRecord {
    const TYPE: &'static str = Self::TYPE;
    const LIMIT: u64 = 64 * 1024;
    const ENVIRONMENT: &'static str = Self::ENVIRONMENT;
    const IS_ACT: bool = false;

    subject!();

    fn annotations(&self) -> Vec<(&'static str, String)> {
        vec![(Self::RUN, self.run.to_string()), (Self::BY, self.by.to_string())]
    }
}

impl Record for ChangeRecord {
    const TYPE: &'static str = "application/vnd.windlass.change.v1+json";
    const LIMIT: u64 = 64 * 1024;
    const ENVIRONMENT: &'static str = "dev.windlass.change.environment";
    const IS_ACT: bool = false;

    subject!();

    fn annotations(&self) -> Vec<(&'static str, String)> {
        vec![
            ("dev.windlass.change.run", self.run.to_string()),
            ("dev.windlass.change.by", self.by.to_string()),
        ]
    }
}

/// Leaves `record` with its digest, if that is still there, within a while.
pub(crate) async fn leave<R: Record>(writer: &Writer, record: &R) -> Result<(), EngineError> {
    let leaving = async {
        let target = Target::Digest(record.digest().clone());
        match writer.resolve(&target).await? {
            Some(subject) => attach(writer, &subject, record).await,
            None => Ok(()),
        }
    };
    in_time(leaving).await
}

/// Gives up what takes too long.
pub(crate) async fn in_time(
    leaving: impl Future<Output = Result<(), EngineError>>,
) -> Result<(), EngineError> {
    match tokio::time::timeout(RECORD_TIMEOUT, leaving).await {
        Ok(left) => left,
        Err(_) => Err(EngineError::Internal(
            "the registry did not answer in time".to_owned(),
        )),
    }
}

/// Attaches `record` to `subject`.
pub(crate) async fn attach<R: Record>(
    writer: &Writer,
    subject: &Descriptor,
    record: &R,
) -> Result<(), EngineError> {
    let bytes = serde_json::to_vec(record).map_err(|error| EngineError::Internal(error.to_string()))?;
    let mut annotations = BTreeMap::from([
        (CREATED.to_owned(), record.at().to_string()),
        (R::ENVIRONMENT.to_owned(), record.environment().to_string()),
    ]);
    let more = record.annotations().into_iter();
    annotations.extend(more.map(|(key, value)| (key.to_owned(), value)));
    let layers = vec![(R::TYPE.to_owned(), bytes.into())];
    let evidence = Evidence::new(R::TYPE, layers, annotations).about(about(record)?);
    writer.attach_evidence(subject, evidence).await?;
    Ok(())
}

/// What a record has in common with those of other attempts to leave it.
fn about<R: Record>(record: &R) -> Result<String, EngineError> {
    if !R::IS_ACT {
        return Ok(record.environment().to_string());
    }
    let mut said = serde_json::to_value(record).map_err(|error| EngineError::Internal(error.to_string()))?;
    if let Some(said) = said.as_object_mut() {
        said.remove("at");
    }
    Ok(said.to_string())
}

/// The newest record of its kind that is attached to `digest`, by what the annotations say; none if there is none that is
/// of this digest.
pub(crate) async fn newest<R: Record>(reader: &Reader, digest: &Digest) -> Result<Option<R>, EngineError> {
    let newest = listed::<R>(reader, digest).await?.into_iter().next();
    match newest {
        Some(newest) => read(reader, digest, &newest).await,
        None => Ok(None),
    }
}

/// All records of their kind that are attached to `digest`, and are of it and of `environment`, the newest first. Those
/// that came along from other environments are not even read where the list tells them apart.
pub(crate) async fn all<R: Record>(
    reader: &Reader,
    digest: &Digest,
    environment: &EnvironmentName,
) -> Result<Vec<R>, EngineError> {
    let mut entries = listed::<R>(reader, digest).await?;
    entries.retain(|entry| {
        let named = entry.annotations.get(R::ENVIRONMENT);
        named.is_none_or(|named| named == environment.as_str())
    });
    let mut found = Vec::new();
    for entry in entries.iter().take(MOST) {
        let record: Option<R> = read(reader, digest, entry).await?;
        found.extend(record.filter(|record| record.environment() == environment));
    }
    found.sort_by_key(|record| std::cmp::Reverse(record.at()));
    Ok(found)
}

/// What the registry lists, the newest first.
async fn listed<R: Record>(reader: &Reader, digest: &Digest) -> Result<Vec<Descriptor>, EngineError> {
    let mut entries = reader.referrers(digest, Some(R::TYPE)).await?;
    let created = |entry: &Descriptor| -> Option<Timestamp> { entry.annotations.get(CREATED)?.parse().ok() };
    entries.sort_by_key(|entry| std::cmp::Reverse(created(entry)));
    Ok(entries)
}

/// The record that a referrer carries. One in the form of a later version is as good as none, one of another digest is
/// none, and one that is only still listed is gone; but what the registry cannot tell now is an error.
async fn read<R: Record>(
    reader: &Reader,
    digest: &Digest,
    entry: &Descriptor,
) -> Result<Option<R>, EngineError> {
    let manifest = match reader.manifest(&entry.digest.clone().into()).await {
        Ok(manifest) => manifest,
        Err(error) if is_of_one_record(&error) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let is_record =
        manifest.descriptor().artifact_type.as_deref() == Some(R::TYPE) && manifest.subject() == Some(digest);
    let layer = match manifest.content() {
        Content::Image { layers, .. } if is_record => layers.first(),
        _ => None,
    };
    let Some(layer) = layer else { return Ok(None) };
    let bytes = match reader.blob(&layer.digest, R::LIMIT).await {
        Ok(bytes) => bytes,
        Err(error) if is_of_one_record(&error) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let record: Option<R> = serde_json::from_slice(&bytes).ok();
    Ok(record.filter(|record| record.digest() == digest))
}

/// Whether only this one referrer is not in order, rather than the registry.
fn is_of_one_record(error: &RegistryError) -> bool {
    error.is_not_found() || matches!(error, RegistryError::TooLarge { .. })
}

/// The moment of a new record: now, but later than every one that it has to come after, whatever the clocks of those
/// who wrote them. To the second, as people read it.
pub(crate) fn moment(now: Timestamp, known: impl IntoIterator<Item = Timestamp>) -> Timestamp {
    let second = |at: Timestamp| Timestamp::from_second(at.as_second()).unwrap_or(at);
    let after = known
        .into_iter()
        .max()
        .map(|last| last.as_second().saturating_add(1));
    let after = after.and_then(|second| Timestamp::from_second(second).ok());
    after.map_or_else(|| second(now), |after| after.max(second(now)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::faults::{Effect, Fault};
    use crate::demo::registry::{EmbeddedRegistry, Options};
    use crate::domain::{Clean, Exit, WriteAccess};
    use crate::registry::{Registries, Settings};

    #[test]
    fn a_new_record_is_later_than_those_before_it_whatever_the_clocks_say() {
        let time = |second| Timestamp::from_second(second).unwrap();
        let now = Timestamp::from_millisecond(10_700).unwrap();
        assert_eq!(moment(now, []), time(10));
        assert_eq!(moment(now, [time(3), time(7)]), time(10));
        assert_eq!(moment(now, [time(10)]), time(11));
        assert_eq!(moment(now, [time(90), time(20)]), time(91));
    }

    #[tokio::test]
    async fn a_pin_that_could_not_be_listed_takes_effect_only_if_the_very_same_is_asked_for_again() {
        let registry = EmbeddedRegistry::start(Options {
            referrers_api: false,
            ..Options::default()
        })
        .await
        .unwrap();
        let state = tempfile::tempdir().unwrap();
        let all = Registries::new(Settings::default().remembering_in(state.path())).unwrap();
        let access = WriteAccess::unless_read_only(false).unwrap();
        let writer = all.writer(&format!("{}/app", registry.host()).parse().unwrap(), access);
        let base = Descriptor::new("x", Digest::of(b"x"), 1);
        let image = writer.attach(&base, "x", Vec::new(), BTreeMap::new()).await;
        let image = image.unwrap();
        let pin = |reason: &str, second| PinRecord {
            digest: image.digest.clone(),
            environment: "stage".parse().unwrap(),
            held: true,
            reason: Clean::line(reason),
            by: Clean::line("ana@desk"),
            at: Timestamp::from_second(second).unwrap(),
            until: None,
            from: None,
        };
        let refused = Effect::Answer {
            status: 400,
            retry_after: None,
        };
        registry.inject(
            Fault::new(refused)
                .on_method("PUT")
                .on_path("/manifests/sha256-")
                .times(3),
        );
        registry.forget_requests();
        for second in [1, 2, 3] {
            let error = attach(&writer, &image, &pin("load test", second))
                .await
                .unwrap_err();
            assert_eq!(error.exit(), Exit::Conflict, "{error}");
        }
        let requests = registry.requests();
        let put = requests
            .iter()
            .filter(|request| request.method == "PUT" && request.path.contains("/manifests/sha256:"));
        assert_eq!(put.count(), 1);
        let reasons = async || {
            let pins: Vec<PinRecord> = all_of(&writer, &image.digest).await;
            pins.iter()
                .map(|pin| (pin.reason.to_string(), pin.at.as_second()))
                .collect::<Vec<_>>()
        };
        attach(&writer, &image, &pin("freeze", 4)).await.unwrap();
        assert_eq!(reasons().await, [("freeze".to_owned(), 4)]);
        // The newest counts: it is left besides, with its own time.
        attach(&writer, &image, &pin("load test", 5)).await.unwrap();
        let expected = [("load test", 5), ("freeze", 4), ("load test", 1)];
        assert_eq!(
            reasons().await,
            expected.map(|(reason, at)| (reason.to_owned(), at))
        );
    }

    async fn all_of(reader: &Reader, digest: &Digest) -> Vec<PinRecord> {
        all(reader, digest, &"stage".parse().unwrap()).await.unwrap()
    }
}
