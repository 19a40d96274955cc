//! `windlass registry rm`: what is to go is looked at first, and what is to stay is looked at afterwards.

use std::io::{self, Write};

use clap::Args;
use color_eyre::eyre::eyre;

use super::referrers::kind;
use crate::cli::failure::Failure;
use crate::cli::global::Global;
use crate::cli::recording::{self, Recording};
use crate::cli::{Output, image, plan, protected, world};
use crate::domain::operation::Remove;
use crate::domain::{
    Digest, Exit, ImageReference, Plan, StepId, StepKind, StepList, StepTarget, Tag, Target, WriteAccess,
};
use crate::registry::{Attachment, Reader, Registries, RegistryError, Writer};

/// Arguments of `registry rm`.
#[derive(Debug, Args)]
#[command(
    after_help = "host/path:tag deletes only this tag; the manifest and its other tags stay. If the registry cannot do \
         that, nothing is deleted.\n\
         host/path@digest deletes the manifest if no tag points to it. Its referrers are left.\n\
         \n\
         Exits with 3 for the location of a protected environment, 4 while tags point to the digest.\n\
         \n\
         Examples:\n  \
         windlass registry rm registry.example.com/dev/app:old --dry-run\n  \
         windlass registry rm registry.example.com/dev/app@sha256:… --with-tags --yes"
)]
pub struct RmArgs {
    /// What to delete: host/path:tag or host/path@digest
    #[arg(value_name = "REF")]
    pub image: ImageReference,
    /// With a digest: also delete the tags that point to it
    #[arg(long)]
    pub with_tags: bool,
    /// Print what would be deleted and kept, without deleting
    #[arg(long)]
    pub dry_run: bool,
    /// Delete without asking
    #[arg(short, long)]
    pub yes: bool,
}

/// What is known before anything goes.
enum Removal {
    Tag {
        tag: Tag,
        digest: Digest,
        others: Vec<Tag>,
    },
    Manifest {
        digest: Digest,
        tags: Vec<Tag>,
        attached: Vec<Attachment>,
    },
}

/// Looks, asks, deletes and looks again.
pub async fn run(args: &RmArgs, global: &Global, io: &mut Output) -> Result<Exit, Failure> {
    let repository = &args.image.repository;
    if args.with_tags && matches!(args.image.target, Target::Tag(_)) {
        return Err(Failure::usage(
            "--with-tags requires a digest: a tag is deleted alone",
            format!("to delete what a tag points to, give its digest: {repository}@sha256:…"),
        ));
    }
    let config = world::configuration_if_any(global)?;
    let access = (!args.dry_run)
        .then(|| world::access(global, config.as_ref()))
        .transpose()?;
    if let Some(environment) = protected::environment(config.as_ref(), repository) {
        return Err(protected::refusal(
            repository,
            environment,
            "its images may be deployed, and windlass deletes nothing there",
            "if it must be deleted, delete it in the registry itself".to_owned(),
        ));
    }
    let registries = world::registries(config.as_ref())?;
    let removal = look(&registries.reader(repository), &args.image.target).await?;
    match access {
        None => removal.tell(&args.image, args.with_tags, &mut io.out)?,
        Some(_) => removal.tell(&args.image, args.with_tags, &mut io.err)?,
    }
    if let Removal::Manifest { tags, digest, .. } = &removal
        && !tags.is_empty()
        && !args.with_tags
    {
        return Err(Failure {
            exit: Exit::Conflict,
            hint: Some(
                "delete the tags first, each with `windlass registry rm HOST/PATH:TAG`, or all with --with-tags"
                    .to_owned(),
            ),
            report: eyre!(
                "cannot delete {digest}: {} it: {}",
                verb(tags.len(), "a tag points to", "tags point to"),
                list(tags)
            ),
        });
    }
    let Some(access) = access else {
        writeln!(io.out, "nothing was deleted")?;
        return Ok(Exit::Done);
    };
    if !args.yes {
        if !io.can_ask() {
            return Err(Failure::usage(
                "cannot ask for confirmation: not running in a terminal",
                "confirm with --yes, or review what would be deleted with --dry-run",
            ));
        }
        if !plan::agrees(io)? {
            writeln!(io.err, "not confirmed: nothing was deleted")?;
            return Ok(Exit::Failed);
        }
    }
    let (plan, step) = removal.plan(&args.image)?;
    let journals = recording::journals_of_no_project();
    let recording = Recording::begin(&journals, &plan, access, config.as_ref())?;
    recording.run.step_started(step);
    let result = delete(&removal, &registries, &args.image, access, io).await;
    if let (Ok(_), Removal::Tag { tag, digest, .. }) = (&result, &removal) {
        let writer = registries.writer(repository, access);
        let change = format!("deleted the tag {tag}");
        let config = config.as_ref();
        let unrecorded =
            recording::leave_record(&recording.run, step, config, &writer, digest, &change).await;
        if let Some(why) = unrecorded {
            writeln!(io.err, "! {why}")?;
        }
    }
    recording.end_with(step, "deleted", result, io).await
}

async fn look(reader: &Reader, target: &Target) -> Result<Removal, Failure> {
    let digest = image::resolve(reader, target).await?.digest;
    let tags = reader.tags_of(&digest).await?;
    Ok(match target {
        Target::Tag(tag) => Removal::Tag {
            tag: tag.clone(),
            digest,
            others: tags.into_iter().filter(|other| other != tag).collect(),
        },
        Target::Digest(_) => Removal::Manifest {
            attached: reader.attached_directly(&digest).await?,
            digest,
            tags,
        },
    })
}

impl Removal {
    /// What is deleted, as a plan, and its one step.
    fn plan(&self, image: &ImageReference) -> Result<(Plan, StepId), Failure> {
        let (digest, tags) = match self {
            Self::Tag { digest, .. } => (digest, Vec::new()),
            Self::Manifest { digest, tags, .. } => (digest, tags.clone()),
        };
        let mut steps = StepList::default();
        let target = StepTarget::Image(image.clone());
        let step = steps.add_on(StepKind::Remove, format!("delete {image}"), target);
        let image = image.clone();
        let service = recording::service_of(&image.repository)?;
        let digest = Some(digest.clone());
        let plan = recording::plan(Remove { image, tags }, service, digest, steps.into());
        Ok((plan, step))
    }

    fn tell(&self, image: &ImageReference, with_tags: bool, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Tag { digest, others, .. } => {
                writeln!(out, "delete the tag {image}")?;
                writeln!(out, "keep   {digest}")?;
                for other in others {
                    writeln!(
                        out,
                        "keep   {}:{other}, which also points to it",
                        image.repository
                    )?;
                }
                if others.is_empty() {
                    writeln!(
                        out,
                        "       no other tag points to it: the registry may clean it up later"
                    )?;
                }
            }
            Self::Manifest { tags, attached, .. } => {
                writeln!(out, "delete {image}")?;
                let word = if with_tags { "delete" } else { "keep  " };
                for tag in tags {
                    writeln!(out, "{word} {}:{tag}, which points to it", image.repository)?;
                }
                for one in attached {
                    writeln!(
                        out,
                        "keep   {} {}, which is attached to it and becomes orphaned",
                        kind(one),
                        one.descriptor.digest.short()
                    )?;
                }
            }
        }
        Ok(())
    }
}

async fn delete(
    removal: &Removal,
    registries: &Registries,
    image: &ImageReference,
    access: WriteAccess,
    io: &mut Output,
) -> Result<Exit, Failure> {
    let writer = registries.writer(&image.repository, access);
    match removal {
        Removal::Tag { tag, digest, others } => {
            writer.delete(&image.target).await?;
            // What must not be lost first: that the tag still answers is the smaller matter, and must not hide it.
            see_there(&writer, digest, others, image, io).await?;
            if others.is_empty() && writer.resolve(&digest.clone().into()).await?.is_none() {
                writeln!(
                    io.err,
                    "! {} deletes a manifest with its last tag: {digest} was deleted as well",
                    writer.repository().host()
                )?;
            }
            see_gone(&writer, std::slice::from_ref(tag)).await?;
            writeln!(io.out, "✓ deleted the tag {image}")?;
        }
        Removal::Manifest { digest, tags, .. } => {
            let mut gone = Vec::new();
            if let Err(error) = delete_whole(&writer, digest, tags, &mut gone).await {
                if !gone.is_empty() {
                    writeln!(io.err, "deleted before it failed: {}", list(&gone))?;
                }
                return Err(error.into());
            }
            see_gone(&writer, tags).await?;
            if writer.resolve(&image.target).await?.is_some() {
                return Err(lies(&writer, &image.to_string()));
            }
            for tag in tags {
                writeln!(io.out, "✓ deleted the tag {}:{tag}", image.repository)?;
            }
            writeln!(io.out, "✓ deleted {image}")?;
        }
    }
    Ok(Exit::Done)
}

/// The tags first, as many registries keep what tags name; then the manifest, and with it the tags that the registry does
/// not delete alone. What has `gone` is told even where the rest fails.
async fn delete_whole(
    writer: &Writer,
    digest: &Digest,
    tags: &[Tag],
    gone: &mut Vec<Tag>,
) -> Result<(), RegistryError> {
    for tag in tags {
        match writer.delete(&Target::Tag(tag.clone())).await {
            Ok(_) => gone.push(tag.clone()),
            Err(RegistryError::NotDeleted { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    writer.delete_manifest(digest).await.map(|_| ())
}

/// What was deleted has to be gone.
async fn see_gone(writer: &Writer, tags: &[Tag]) -> Result<(), Failure> {
    let found = writer.resolve_all(tags).await?;
    match tags.iter().zip(&found).find(|(_, found)| found.is_some()) {
        Some((tag, _)) => Err(lies(writer, &format!("{}:{tag}", writer.repository()))),
        None => Ok(()),
    }
}

fn lies(writer: &Writer, what: &str) -> Failure {
    Failure {
        exit: Exit::Failed,
        hint: Some(
            "check again later, and whether someone pushed it again; see the log of the registry".to_owned(),
        ),
        report: eyre!(
            "{what} still exists, although {} accepted the deletion",
            writer.repository().host()
        ),
    }
}

/// What was to stay has to be there: some registries delete the manifest with a tag, and all its other tags with it.
async fn see_there(
    writer: &Writer,
    digest: &Digest,
    others: &[Tag],
    image: &ImageReference,
    io: &mut Output,
) -> Result<(), Failure> {
    let found = writer.resolve_all(others).await?;
    let mut lost = Vec::new();
    for (tag, found) in others.iter().zip(found) {
        match found {
            None => lost.push(tag.clone()),
            Some(found) if found.digest != *digest => {
                writeln!(
                    io.err,
                    "{}:{tag} points to another digest now: someone moved it in the meantime",
                    image.repository
                )?;
            }
            Some(_) => {}
        }
    }
    if lost.is_empty() {
        return Ok(());
    }
    Err(Failure {
        exit: Exit::Failed,
        hint: Some(format!(
            "restore {digest} from its source with `windlass copy` and set the tags again; do not delete tags \
             in this registry"
        )),
        report: eyre!(
            "{} deleted more than the tag {image}: {} deleted with it: {}",
            image.repository.host(),
            verb(lost.len(), "tag is", "tags are"),
            list(&lost)
        ),
    })
}

fn list(tags: &[Tag]) -> String {
    let names: Vec<_> = tags.iter().map(Tag::as_str).collect();
    names.join(", ")
}

/// `1 tag names`, `2 tags name`.
fn verb(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
