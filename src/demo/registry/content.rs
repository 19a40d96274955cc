//! Bytes at rest and bytes on their way in, in memory or in files.

use std::io::{self, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use tempfile::{NamedTempFile, TempPath};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};
use tokio_util::io::ReaderStream;

use crate::domain::{Algorithm, Digest, Hasher};

/// Bytes read from a file at a time.
const CHUNK: usize = 256 * 1024;

/// Content that is whole and known by its digest.
#[derive(Debug, Clone)]
pub(super) enum Content {
    Memory(Bytes),
    File { path: PathBuf, size: u64 },
}

impl Content {
    pub(super) fn size(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File { size, .. } => *size,
        }
    }

    /// Streams a part of it, which must lie within it.
    pub(super) async fn stream(self, part: Range<u64>) -> io::Result<Body> {
        match self {
            Self::Memory(bytes) => {
                let place = |at: u64| usize::try_from(at).map_err(io::Error::other);
                Ok(Body::from(bytes.slice(place(part.start)?..place(part.end)?)))
            }
            Self::File { path, .. } => {
                let mut file = tokio::fs::File::open(path).await?;
                file.seek(SeekFrom::Start(part.start)).await?;
                let part = file.take(part.end - part.start);
                Ok(Body::from_stream(ReaderStream::with_capacity(part, CHUNK)))
            }
        }
    }
}

/// Content on its way in, hashed as it comes. What is not kept leaves nothing behind.
#[derive(Debug)]
pub(super) struct Incoming {
    bytes: IncomingBytes,
    hasher: Hasher,
    algorithm: Algorithm,
    received: u64,
    /// A write failed. Files report that late, so what was received before is in doubt, too.
    failed: bool,
}

#[derive(Debug)]
enum IncomingBytes {
    Memory(BytesMut),
    File { file: tokio::fs::File, path: TempPath },
}

impl Incoming {
    /// Nothing yet, to be kept in `folder` until it is whole, or else in memory.
    pub(super) fn new(folder: Option<&Path>, algorithm: Algorithm) -> io::Result<Self> {
        let bytes = match folder {
            None => IncomingBytes::Memory(BytesMut::new()),
            Some(folder) => {
                let (file, path) = NamedTempFile::new_in(folder)?.into_parts();
                let file = tokio::fs::File::from_std(file);
                IncomingBytes::File { file, path }
            }
        };
        Ok(Self {
            bytes,
            hasher: Hasher::new(algorithm),
            algorithm,
            received: 0,
            failed: false,
        })
    }

    /// Bytes received so far.
    pub(super) fn received(&self) -> u64 {
        self.received
    }

    /// Takes the next bytes in.
    pub(super) async fn append(&mut self, next: &[u8]) -> io::Result<()> {
        match &mut self.bytes {
            IncomingBytes::Memory(bytes) => bytes.extend_from_slice(next),
            IncomingBytes::File { file, .. } => {
                let written = file.write_all(next).await;
                self.failed |= written.is_err();
                written?;
            }
        }
        self.hasher.update(next);
        self.received += next.len() as u64;
        Ok(())
    }

    /// The digest of all that came, and the content, still to be kept. Clients may name an algorithm only at the end;
    /// then what came is read once more.
    pub(super) async fn finish(self, algorithm: Algorithm) -> io::Result<(Digest, Whole)> {
        if self.failed {
            return Err(io::Error::other(
                "a part of what was uploaded could not be written",
            ));
        }
        let mut hasher = self.hasher;
        let rehash = algorithm != self.algorithm;
        if rehash {
            hasher = Hasher::new(algorithm);
        }
        let whole = match self.bytes {
            IncomingBytes::Memory(bytes) => {
                if rehash {
                    hasher.update(&bytes);
                }
                Whole::Memory(bytes.freeze())
            }
            IncomingBytes::File { mut file, path } => {
                file.flush().await?;
                if rehash {
                    file.seek(SeekFrom::Start(0)).await?;
                    let mut chunk = BytesMut::with_capacity(CHUNK);
                    while file.read_buf(&mut chunk).await? > 0 {
                        hasher.update(&chunk);
                        chunk.clear();
                    }
                }
                Whole::File {
                    path,
                    size: self.received,
                }
            }
        };
        Ok((hasher.finish(), whole))
    }
}

/// Content that is whole, not yet under its own name.
#[derive(Debug)]
pub(super) enum Whole {
    Memory(Bytes),
    File { path: TempPath, size: u64 },
}

impl Whole {
    /// Keeps it, in a file at `path` if it is in one; it is there whole or not at all.
    pub(super) fn keep(self, at: Option<PathBuf>) -> io::Result<Content> {
        match (self, at) {
            (Self::Memory(bytes), _) => Ok(Content::Memory(bytes)),
            (Self::File { path, size }, Some(at)) => {
                path.persist(&at)?;
                Ok(Content::File { path: at, size })
            }
            (Self::File { .. }, None) => {
                Err(io::Error::other("content in a file, and no folder to keep it in"))
            }
        }
    }
}
