//! What is to be changed in a file so that it deploys an image, by what kind of file it is.

use crate::deploy::deployment::Deployment;
use crate::deploy::yaml::{Edited, Segment, YamlEdit, YamlError, YamlFile, path_of};
use crate::domain::{Digest, ImagePlace, YamlFormat};

/// The image that is to be deployed.
#[derive(Debug, Clone)]
pub(super) struct WantedImage {
    /// The whole reference, with its digest.
    pub reference: String,
    /// The digest.
    pub digest: Digest,
    /// Its immutable tag; none where that is not known.
    pub tag: Option<String>,
}

impl From<&Deployment> for WantedImage {
    fn from(deployment: &Deployment) -> Self {
        Self {
            reference: deployment.image.to_string(),
            digest: deployment.digest.clone(),
            tag: deployment.tag.as_ref().map(ToString::to_string),
        }
    }
}

/// Why a file cannot be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// Why, with the place where there is one.
    pub why: String,
    /// What to do about it.
    pub hint: String,
}

impl Refusal {
    fn new(why: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            hint: hint.into(),
        }
    }
}

impl From<YamlError> for Refusal {
    fn from(error: YamlError) -> Self {
        Self::new(
            error.to_string(),
            "change the file so that the image stands there once, as a plain text, then make a new plan",
        )
    }
}

/// The text of the file at `path` with the image, and what of it was to be changed.
pub(super) fn deploy_in(
    path: &str,
    text: &str,
    place: &ImagePlace,
    wanted: &WantedImage,
) -> Result<Edited, Refusal> {
    let mut file = YamlFile::read(text)?;
    if let Some(object) = &place.object {
        file = file.only(object)?;
    }
    let (format, prefix) = format_of(path, &file, place);
    let edits = match format {
        YamlFormat::Kustomize => vec![kustomize(place, wanted, &format!("{prefix}images"))?],
        YamlFormat::Manifest => vec![manifest(place, wanted)?],
        YamlFormat::Helm => helm(&file, place, wanted, &prefix)?,
        YamlFormat::Argocd => argocd(&file, place, wanted)?,
    };
    Ok(file.edit(&edits)?)
}

/// What kind of file it is, and what its keys begin with.
fn format_of(path: &str, file: &YamlFile<'_>, place: &ImagePlace) -> (YamlFormat, String) {
    let objects = file.objects();
    let has = |kind: &str, group: &str| {
        objects
            .iter()
            .any(|object| object.kind == kind && object.api_version.starts_with(group))
    };
    let (is_release, is_of_flux) = (
        has("HelmRelease", "helm.toolkit.fluxcd.io/"),
        has("Kustomization", "kustomize.toolkit.fluxcd.io/"),
    );
    let name = path.rsplit('/').next().unwrap_or(path);
    let guessed = if place.container.is_some() {
        YamlFormat::Manifest
    } else if has("Application", "argoproj.io/") {
        YamlFormat::Argocd
    } else if is_of_flux
        || has("Kustomization", "kustomize.config.k8s.io/")
        || matches!(name, "kustomization.yaml" | "kustomization.yml" | "Kustomization")
    {
        YamlFormat::Kustomize
    } else if !is_release && objects.iter().any(|object| !object.kind.is_empty()) {
        YamlFormat::Manifest
    } else {
        YamlFormat::Helm
    };
    let format = place.format.unwrap_or(guessed);
    let prefix = match format {
        YamlFormat::Helm if is_release => "spec.values.",
        YamlFormat::Kustomize if is_of_flux => "spec.",
        _ => "",
    };
    (format, prefix.to_owned())
}

fn image_of(place: &ImagePlace) -> Result<String, Refusal> {
    place.image.clone().ok_or_else(|| {
        Refusal::new(
            "it lists images by their names, and the deployer has none",
            "set `image` of the deployer to the full name in the file",
        )
    })
}

fn kustomize(place: &ImagePlace, wanted: &WantedImage, list: &str) -> Result<YamlEdit, Refusal> {
    Ok(YamlEdit::KustomizeImage {
        list: path_of(list),
        name: image_of(place)?,
        digest: wanted.digest.clone(),
        tag: wanted.tag.clone(),
    })
}

fn manifest(place: &ImagePlace, wanted: &WantedImage) -> Result<YamlEdit, Refusal> {
    let name = place.container.clone().ok_or_else(|| {
        Refusal::new(
            "it is a manifest, and the deployer names no container",
            "set `container` of the deployer, or `format` if it is something else",
        )
    })?;
    Ok(YamlEdit::Container {
        name,
        image: wanted.reference.clone(),
    })
}

/// The keys of the deployer, or `image.digest` and `image.tag` as far as they are there.
fn helm(
    file: &YamlFile<'_>,
    place: &ImagePlace,
    wanted: &WantedImage,
    prefix: &str,
) -> Result<Vec<YamlEdit>, Refusal> {
    let at = |key: &str| path_of(&format!("{prefix}{key}"));
    if let Some(key) = &place.image_key {
        return Ok(vec![value(at(key), &wanted.reference)]);
    }
    let given = place.digest_key.is_some() || place.tag_key.is_some();
    let usual = |key: &str| (!given && file.has(&at(key))).then(|| at(key));
    let digest = place
        .digest_key
        .as_deref()
        .map(at)
        .or_else(|| usual("image.digest"));
    let tag = place.tag_key.as_deref().map(at).or_else(|| usual("image.tag"));
    if digest.is_none() && tag.is_none() {
        file.explain_missing(&at("image.digest"))?;
    }
    let before = tag.as_ref().and_then(|tag| file.text_at(tag));
    keys(digest, tag, before.as_deref(), wanted, value)
}

fn value(path: Vec<Segment>, value: &str) -> YamlEdit {
    YamlEdit::Value {
        path,
        value: value.to_owned(),
    }
}

/// The edits of a digest and a tag, which agree afterwards. A tag alone does not say which image runs, so that it must have
/// the digest with it.
fn keys<P>(
    digest: Option<P>,
    tag: Option<P>,
    tag_before: Option<&str>,
    wanted: &WantedImage,
    edit: impl Fn(P, &str) -> YamlEdit,
) -> Result<Vec<YamlEdit>, Refusal> {
    let new_tag = || {
        wanted.tag.as_deref().ok_or_else(|| {
            Refusal::new(
                "it has a tag, and the tag of this image is not known",
                "promote a candidate that has an immutable tag, or remove the tag from the file",
            )
        })
    };
    match (digest, tag) {
        (Some(digest), Some(tag)) => {
            let mut edits = vec![edit(digest, &wanted.digest.to_string())];
            // Where there is no tag, there is none that could be stale.
            if tag_before != Some("") {
                edits.push(edit(tag, new_tag()?));
            }
            Ok(edits)
        }
        (Some(digest), None) => Ok(vec![edit(digest, &wanted.digest.to_string())]),
        (None, Some(tag)) if tag_before.is_none_or(|before| before.contains("@sha256:")) => {
            Ok(vec![edit(tag, &format!("{}@{}", new_tag()?, wanted.digest))])
        }
        (None, Some(_)) => Err(Refusal::new(
            "it has only a tag, which can be moved to another image",
            "add a key with the digest and set `digest_key`, or write TAG@sha256:DIGEST once where the tag is, if the \
             chart joins repository and tag",
        )),
        (None, None) => Err(Refusal::new(
            "it has neither `image.digest` nor `image.tag`",
            "set `digest_key`, `tag_key` or `image_key` of the deployer to the keys that the file has",
        )),
    }
}

/// Parameters of Helm by the names of the keys, values of Helm, or images of Kustomize.
fn argocd(file: &YamlFile<'_>, place: &ImagePlace, wanted: &WantedImage) -> Result<Vec<YamlEdit>, Refusal> {
    const IMAGES: [&str; 2] = ["kustomize", "images"];
    const PARAMETERS: [&str; 2] = ["helm", "parameters"];
    const VALUES: &str = "spec.source.helm.valuesObject.";
    if place.image.is_some() {
        return Ok(vec![YamlEdit::ImageItem {
            list: IMAGES,
            name: image_of(place)?,
            image: wanted.reference.clone(),
        }]);
    }
    if file.has(&path_of(VALUES.trim_end_matches('.'))) {
        return helm(file, place, wanted, VALUES);
    }
    let parameter = |name: String, value: &str| YamlEdit::Parameter {
        list: PARAMETERS,
        name,
        value: value.to_owned(),
    };
    if let Some(key) = &place.image_key {
        return Ok(vec![parameter(key.clone(), &wanted.reference)]);
    }
    let before = place
        .tag_key
        .as_ref()
        .and_then(|tag| file.parameter(PARAMETERS, tag));
    keys(
        place.digest_key.clone(),
        place.tag_key.clone(),
        before.as_deref(),
        wanted,
        parameter,
    )
}
