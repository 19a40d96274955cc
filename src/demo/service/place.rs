//! Where a service of the demo notes what it serves.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::error::ServiceError;
use crate::domain::{Digest, EnvironmentName, ImageReference, ServiceName};

/// A service in an environment of a demo.
#[derive(Debug, Clone)]
pub struct Place {
    /// The folder of the demo.
    pub folder: PathBuf,
    /// The service.
    pub service: ServiceName,
    /// The environment.
    pub environment: EnvironmentName,
}

/// What a service serves, and where: its note, and its answer over HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Serving {
    /// The service.
    pub service: ServiceName,
    /// The environment.
    pub environment: EnvironmentName,
    /// The image that it was started with.
    pub image: ImageReference,
    /// Its digest.
    pub digest: Digest,
    /// Since when.
    pub since: Timestamp,
    /// Whether it is well; it always is.
    pub healthy: bool,
    /// Its port on 127.0.0.1.
    pub port: u16,
}

impl Place {
    fn path(&self) -> PathBuf {
        let name = format!("{}-{}.json", self.service, self.environment);
        self.folder.join("services").join(name)
    }

    /// What was noted last; none where nothing was.
    pub(super) fn read(&self) -> Result<Option<Serving>, ServiceError> {
        let path = self.path();
        match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|error| at(&path)(io::Error::other(error))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(at(&path)(error)),
        }
    }

    /// Notes it, whole or not at all.
    pub(super) fn write(&self, serving: &Serving) -> Result<(), ServiceError> {
        let path = self.path();
        let fail = at(&path);
        let folder = path.parent().unwrap_or(&self.folder);
        std::fs::create_dir_all(folder).map_err(&fail)?;
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(&fail)?;
        serde_json::to_writer_pretty(&mut file, serving).map_err(|error| fail(io::Error::other(error)))?;
        file.write_all(b"\n").map_err(&fail)?;
        file.persist(&path).map_err(|error| fail(error.error))?;
        Ok(())
    }
}

pub(super) fn at(path: &Path) -> impl Fn(io::Error) -> ServiceError {
    let path = path.to_owned();
    move |source| ServiceError::Io {
        path: path.clone(),
        source,
    }
}
