//! `windlass registry manifest`.

use std::io::{self, Write};

use clap::Args;

use crate::cli::failure::Failure;
use crate::cli::{Output, table};
use crate::domain::{Exit, ImageReference, bytes, clean_line, count};
use crate::registry::{Content, Descriptor, Manifest, Registries};

/// Arguments of `registry manifest`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  windlass registry manifest registry.example.com/dev/app:v1 | sha256sum")]
pub struct ManifestArgs {
    /// The image or index: host/path:tag or host/path@digest
    #[arg(value_name = "REF")]
    pub image: ImageReference,
    /// Print the bytes unchanged, even to a terminal
    #[arg(long)]
    pub raw: bool,
}

/// Prints it; its bytes have the digest that was asked for.
pub async fn run(args: &ManifestArgs, registries: &Registries, io: &mut Output) -> Result<Exit, Failure> {
    let reader = registries.reader(&args.image.repository);
    let manifest = reader.manifest(&args.image.target).await?;
    if args.raw || !io.out_is_terminal {
        io.out.raw().write_all(manifest.bytes())?;
    } else {
        view(&args.image, &manifest, &mut io.out)?;
    }
    Ok(Exit::Done)
}

fn view(image: &ImageReference, manifest: &Manifest, out: &mut dyn Write) -> io::Result<()> {
    let own = manifest.descriptor();
    writeln!(out, "{image}")?;
    let mut rows = vec![
        row(["  media type", &clean_line(&own.media_type)]),
        row(["  digest", &own.digest.to_string()]),
        row(["  size", &bytes(own.size)]),
    ];
    if let Some(kind) = &own.artifact_type {
        rows.push(row(["  artifact", &clean_line(kind)]));
    }
    if let Some(subject) = manifest.subject() {
        rows.push(row(["  subject", &subject.to_string()]));
    }
    table::print(&rows, None, out)?;
    match manifest.content() {
        Content::Index { manifests } => {
            writeln!(out, "{}", count(manifests.len(), "manifest"))?;
            let rows: Vec<_> = manifests
                .iter()
                .map(|entry| part(&platform(entry), entry))
                .collect();
            table::print(&rows, None, out)?;
        }
        Content::Image { config, layers } => {
            writeln!(out, "configuration")?;
            table::print(&[part(&clean_line(&config.media_type), config)], None, out)?;
            let size = layers
                .iter()
                .fold(0, |sum: u64, layer| sum.saturating_add(layer.size));
            writeln!(out, "{}, {}", count(layers.len(), "layer"), bytes(size))?;
            let rows: Vec<_> = layers
                .iter()
                .map(|layer| part(&clean_line(&layer.media_type), layer))
                .collect();
            table::print(&rows, None, out)?;
        }
    }
    if !own.annotations.is_empty() {
        writeln!(out, "annotations")?;
        let rows: Vec<_> = own
            .annotations
            .iter()
            .map(|(key, value)| row([&format!("  {}", clean_line(key)), &clean_line(value)]))
            .collect();
        table::print(&rows, None, out)?;
    }
    Ok(())
}

/// What an entry of an index is for.
fn platform(entry: &Descriptor) -> String {
    match &entry.platform {
        _ if entry.is_attestation() => "attestation".to_owned(),
        Some(platform) => platform.to_string(),
        None => clean_line(entry.artifact_type.as_deref().unwrap_or(&entry.media_type)),
    }
}

fn part(what: &str, descriptor: &Descriptor) -> Vec<String> {
    row([
        &format!("  {what}"),
        &descriptor.digest.to_string(),
        &bytes(descriptor.size),
    ])
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}
