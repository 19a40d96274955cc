//! `windlass verify`.

use std::io::Write as _;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::Output;
use super::failure::Failure;
use super::global::Global;
use super::image;
use super::world::{self, World};
use crate::domain::{Digest, Exit, ImageReference, Target};
use crate::sign::{self, PublicKey};

/// Arguments of `verify`.
#[derive(Debug, Args)]
#[command(
    after_help = "Verifies signatures made by windlass or cosign: v0.3 bundles attached as referrers, and the form of cosign 2 \
         under the tag sha256-DIGEST.sig.\n\nExample:\n  \
         windlass verify registry.example.com/prod/app:v1.4.0 --key cosign.pub"
)]
pub struct VerifyArgs {
    /// The image, host/path:tag or host/path@digest
    pub image: String,
    /// The public key, PEM [default: the key of the environment the image is in]
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// The form of `--json`; a refusal has none.
#[derive(Serialize)]
struct Document<'a> {
    image: ImageReference,
    verified: bool,
    signatures: &'a [Digest],
}

/// Resolves and verifies; exit 3 where no signature holds.
pub async fn run(args: VerifyArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let image = image::parse(&args.image)?;
    let (registries, key) = match (args.key, World::open(global)) {
        (Some(key), Ok(world)) => (world.registries, key),
        // With a key, no windlass.toml is needed; one that was named must be right, though.
        (Some(key), Err(_)) if global.config.is_none() => (world::registries(None)?, key),
        (None, Ok(world)) => (
            world.registries,
            world.engine.verify_key_of(&world.service, &image)?,
        ),
        (_, Err(failure)) => return Err(failure),
    };
    let key = PublicKey::load(&key)?;
    let reader = registries.reader(&image.repository);
    let found = image::resolve(&reader, &image.target).await?;
    let verified = sign::verify(&reader, &found.digest, &key).await?;
    if args.json {
        io.document(&Document {
            image: image.repository.at(found.digest),
            verified: true,
            signatures: &verified.signatures,
        })?;
    } else {
        if matches!(image.target, Target::Tag(_)) {
            writeln!(io.out, "{image} is {}", found.digest)?;
        }
        writeln!(
            io.out,
            "✓ verified: {} is signed with this key",
            image.repository.at(found.digest)
        )?;
    }
    Ok(Exit::Done)
}
