//! `windlass registry referrers`.

use std::collections::BTreeMap;
use std::io::Write as _;

use clap::Args;
use serde::Serialize;

use crate::cli::failure::Failure;
use crate::cli::{Output, image, table};
use crate::domain::{Digest, Exit, ImageReference, Tag, bytes, clean_line};
use crate::registry::{Attachment, Registries};

/// When a referrer says that it was made (OCI image specification 1.1, "Pre-Defined Annotation Keys").
const CREATED: &str = "org.opencontainers.image.created";

/// Arguments of `registry referrers`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
         windlass registry referrers registry.example.com/dev/app:v1")]
pub struct ReferrersArgs {
    /// The image: host/path:tag or host/path@digest
    #[arg(value_name = "REF")]
    pub image: ImageReference,
    /// Only what is of this artifact type (or, under cosign's old tags, has a layer of this media type), and what leads
    /// there
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Option<String>,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// The form of `--json`.
#[derive(Serialize)]
struct Document<'a> {
    image: &'a ImageReference,
    digest: &'a Digest,
    referrers: Vec<Entry<'a>>,
}

/// A referrer.
#[derive(Serialize)]
struct Entry<'a> {
    digest: &'a Digest,
    size: u64,
    media_type: String,
    artifact_type: Option<String>,
    tag: Option<&'a Tag>,
    created: Option<String>,
    annotations: BTreeMap<String, String>,
    referrers: Vec<Self>,
}

impl<'a> Entry<'a> {
    fn new(one: &'a Attachment) -> Self {
        let said = &one.descriptor;
        Self {
            digest: &said.digest,
            size: said.size,
            media_type: clean_line(&said.media_type),
            artifact_type: said.artifact_type.as_deref().map(clean_line),
            tag: one.tag.as_ref(),
            created: created(one),
            annotations: said
                .annotations
                .iter()
                .map(|(key, value)| (clean_line(key), clean_line(value)))
                .collect(),
            referrers: one.attached.iter().map(Self::new).collect(),
        }
    }
}

/// Prints the tree.
pub async fn run(args: &ReferrersArgs, registries: &Registries, io: &mut Output) -> Result<Exit, Failure> {
    let reader = registries.reader(&args.image.repository);
    let found = image::resolve(&reader, &args.image.target).await?;
    let mut attached = reader.attached(&found.digest).await?;
    if let Some(kind) = &args.kind {
        attached.retain_mut(|one| leads_to(one, kind));
    }
    if args.json {
        io.document(&Document {
            image: &args.image,
            digest: &found.digest,
            referrers: attached.iter().map(Entry::new).collect(),
        })?;
        return Ok(Exit::Done);
    }
    let root = args.image.repository.at(found.digest);
    if attached.is_empty() {
        let what = args
            .kind
            .as_ref()
            .map_or_else(String::new, |kind| format!(" of type {}", clean_line(kind)));
        writeln!(io.err, "nothing{what} is attached to {root}")?;
        return Ok(Exit::Done);
    }
    writeln!(io.out, "{root}")?;
    let mut rows = Vec::new();
    draw(&attached, "", &mut rows);
    table::print(&rows, io.columns(), &mut io.out)?;
    Ok(Exit::Done)
}

/// Whether `one` is of this kind, or something attached to it is; the rest of what is attached to it is left out.
fn leads_to(one: &mut Attachment, kind: &str) -> bool {
    one.attached.retain_mut(|below| leads_to(below, kind));
    let own = one.descriptor.artifact_type.iter();
    !one.attached.is_empty() || own.chain(&one.layers).any(|its| its == kind)
}

fn created(one: &Attachment) -> Option<String> {
    one.descriptor
        .annotations
        .get(CREATED)
        .map(|text| clean_line(text))
}

/// The artifact type; cosign's old tags have none that says anything, but an ending that does.
pub(super) fn kind(one: &Attachment) -> String {
    let ending = one
        .tag
        .as_ref()
        .and_then(|tag| tag.as_str().rsplit_once('.'))
        .map(|(_, ending)| format!("cosign .{ending} tag"));
    ending.unwrap_or_else(|| {
        let kind = one.descriptor.artifact_type.as_deref();
        kind.map_or_else(|| "? unknown type".to_owned(), clean_line)
    })
}

fn draw(attached: &[Attachment], before: &str, rows: &mut Vec<Vec<String>>) {
    let [more, last, line] = ["├── ", "└── ", "│   "];
    for (at, one) in attached.iter().enumerate() {
        let is_last = at + 1 == attached.len();
        rows.push(vec![
            format!("{before}{}{}", if is_last { last } else { more }, kind(one)),
            one.descriptor.digest.to_string(),
            bytes(one.descriptor.size),
            created(one).unwrap_or_default(),
        ]);
        let below = format!("{before}{}", if is_last { "    " } else { line });
        draw(&one.attached, &below, rows);
    }
}
