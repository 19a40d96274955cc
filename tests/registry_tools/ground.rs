//! A registry with images in it, and the program beside it.

use std::io::{Read as _, Write as _};

use bytes::Bytes;
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use serde_json::{Value, json};
use tempfile::TempDir;
use windlass::demo::registry::{EmbeddedRegistry, Options};
use windlass::domain::{Digest, Repository, Tag, WriteAccess};
use windlass::registry::{Registries, Settings, TagRule, Writer};

use crate::call::{program, text};

pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// A registry, and an empty folder that the program runs in.
pub struct Ground {
    pub registry: EmbeddedRegistry,
    pub folder: TempDir,
}

/// How the program ended, and what it said.
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
    pub bytes: Vec<u8>,
}

impl Ground {
    pub async fn new(options: Options) -> Self {
        Self {
            registry: EmbeddedRegistry::start(options).await.unwrap(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub fn repository(&self, path: &str) -> Repository {
        format!("{}/{path}", self.registry.host()).parse().unwrap()
    }

    pub fn writer(&self, path: &str) -> Writer {
        let settings = Settings {
            docker_config: Some(self.folder.path().join("nobody.json")),
            ..Settings::default()
        };
        let access = WriteAccess::unless_read_only(false).unwrap();
        Registries::new(settings)
            .unwrap()
            .writer(&self.repository(path), access)
    }

    /// Runs the program without a terminal.
    pub async fn windlass(&self, args: &[&str]) -> Said {
        windlass(&self.folder, args).await
    }

    /// Its JSON, which must be a document of version 1.
    pub async fn json(&self, args: &[&str]) -> Value {
        let said = self.windlass(args).await;
        assert_eq!(said.code, 0, "{}", said.err);
        let document: Value = serde_json::from_slice(&said.bytes).unwrap();
        assert_eq!(document["version"], 1);
        document
    }
}

pub async fn windlass(folder: &TempDir, args: &[&str]) -> Said {
    let folder = folder.path();
    let mut program = program(folder, &folder.join("state"), args);
    let output = program.output().await.unwrap();
    Said {
        code: output.status.code().unwrap(),
        out: text(&output.stdout),
        err: text(&output.stderr),
        bytes: output.stdout,
    }
}

/// An image whose one layer is `content`, under `tags`. Its digest.
pub async fn image(writer: &Writer, content: &str, tags: &[&str]) -> Digest {
    let config = writer
        .put_blob(Bytes::from_static(br#"{"os":"linux","architecture":"amd64"}"#))
        .await
        .unwrap();
    let layer = writer
        .put_blob(Bytes::copy_from_slice(content.as_bytes()))
        .await
        .unwrap();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": config.digest, "size": config.size },
        "layers": [{ "mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": layer.digest, "size": layer.size }],
        "annotations": { "org.opencontainers.image.title": "an \u{1b}[31mimage" },
    });
    // White space that no serialiser would keep.
    let text = format!("{manifest}\n \n");
    let digest = Digest::of(text.as_bytes());
    writer
        .put_manifest(&digest.clone().into(), MANIFEST, text.into())
        .await
        .unwrap();
    for tag in tags {
        let tag: Tag = tag.parse().unwrap();
        writer.tag(&digest, &tag, TagRule::Mutable).await.unwrap();
    }
    digest
}

/// Runs the program on a terminal where `typed` is typed; what it shows is in `out`.
pub async fn on_a_terminal(folder: &TempDir, args: &[&str], typed: &str) -> Said {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_windlass"));
    command.args(args);
    command.cwd(folder.path());
    command.env("DOCKER_CONFIG", folder.path());
    command.env("XDG_STATE_HOME", folder.path().join("state"));
    command.env_remove("WINDLASS_CONFIG");
    command.env_remove("WINDLASS_READ_ONLY");
    let typed = typed.to_owned();
    let run = move || {
        let size = PtySize {
            rows: 50,
            cols: 200,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut keys = pair.master.take_writer().unwrap();
        keys.write_all(typed.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        // Linux ends a terminal whose last program has gone with an error.
        let _ = pair.master.try_clone_reader().unwrap().read_to_end(&mut bytes);
        let code = child.wait().unwrap().exit_code();
        Said {
            code: i32::try_from(code).unwrap(),
            out: String::from_utf8_lossy(&bytes).into_owned(),
            err: String::new(),
            bytes,
        }
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}
