//! Which image a report is of: by the digests that it names, or else by the platform that it says.

use crate::domain::{Digest, RunnableImage};
use crate::registry::ImageSummary;

use super::Report;

/// The digests by which a report may name an image. The repository in front of a digest changes with each promotion; the
/// digest does not.
pub(super) struct Subject<'a> {
    digest: &'a Digest,
    image: &'a ImageSummary,
}

/// What a report says that it is of.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// The image, if the report names it by digest.
    pub image: Option<Digest>,
    /// Why the report contradicts itself, if it does.
    pub flaw: Option<String>,
}

impl<'a> Subject<'a> {
    pub(super) const fn new(digest: &'a Digest, image: &'a ImageSummary) -> Self {
        Self { digest, image }
    }

    /// The image whose digest this is.
    pub(super) fn image(&self, digest: &Digest) -> Option<&'a RunnableImage> {
        self.image.images.iter().find(|image| image.digest == *digest)
    }

    /// Whether this is the digest of the whole, of an index in it, or of one of its images.
    pub(super) fn has(&self, digest: &Digest) -> bool {
        digest == self.digest || self.image.indexes.contains(digest) || self.image(digest).is_some()
    }

    /// What of this `report` is of; the digest that it is of if that is no part of this. One that names nothing is of what
    /// it is attached to.
    pub(super) fn named(&self, report: &Report) -> Result<Named, Digest> {
        let by_id = report.image_id.as_ref().and_then(|id| {
            let mut images = self.image.images.iter();
            images.find(|image| image.config.as_ref() == Some(id) || image.digest == *id)
        });
        let own: Vec<_> = report.digests.iter().filter(|digest| self.has(digest)).collect();
        match (own.first(), report.digests.first(), &report.image_id) {
            (None, Some(stray), _) => return Err(stray.clone()),
            // Of an image from a file only the digest of its configuration is known.
            (None, None, Some(id)) if by_id.is_none() && !self.has(id) => return Err(id.clone()),
            _ => {}
        }
        let by_digest: Vec<_> = own.iter().filter_map(|digest| self.image(digest)).collect();
        let image = match by_digest.as_slice() {
            [only] => Some(*only),
            _ => by_id,
        };
        Ok(Named {
            image: image.map(|image| image.digest.clone()),
            flaw: contradiction(report, image, by_id),
        })
    }
}

/// Why what a report says of its image cannot all be true.
fn contradiction(
    report: &Report,
    image: Option<&RunnableImage>,
    by_id: Option<&RunnableImage>,
) -> Option<String> {
    let image = image?;
    if let Some(other) = by_id.filter(|other| other.digest != image.digest) {
        return Some(format!(
            "a report contradicts itself: it names {image} and {other}"
        ));
    }
    let (own, says) = (image.platform.as_ref()?, report.platform.as_ref()?);
    let differs = (&own.os, &own.architecture) != (&says.os, &says.architecture);
    differs.then(|| format!("a report contradicts itself: it names {image} by digest, but describes {says}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(text: &str) -> Digest {
        Digest::of(text.as_bytes())
    }

    fn image() -> ImageSummary {
        let image = |name: &str, platform: &str| RunnableImage {
            config: Some(digest(&format!("config of {name}"))),
            ..RunnableImage::new(digest(name), Some(platform.parse().unwrap()))
        };
        ImageSummary {
            images: vec![image("amd64", "linux/amd64"), image("arm64", "linux/arm64")],
            indexes: vec![digest("nested")],
            ..ImageSummary::default()
        }
    }

    fn report(digests: &[&str], id: Option<&str>, platform: Option<&str>) -> Report {
        let text = r#"{"SchemaVersion": 2}"#;
        Report {
            digests: digests.iter().map(|name| digest(name)).collect(),
            image_id: id.map(digest),
            platform: platform.map(|platform| platform.parse().unwrap()),
            ..Report::parse(text.as_bytes()).unwrap()
        }
    }

    fn named(report: &Report) -> Result<Named, Digest> {
        let (index, image) = (digest("index"), image());
        Subject::new(&index, &image).named(report)
    }

    #[test]
    fn a_report_names_an_image_by_its_digest_or_that_of_its_configuration() {
        let arm64 = Some(digest("arm64"));
        for of_arm64 in [
            report(&["arm64"], None, None),
            report(&["index"], Some("config of arm64"), None),
            report(&[], Some("config of arm64"), None),
        ] {
            let named = named(&of_arm64).unwrap();
            assert_eq!((named.image, named.flaw), (arm64.clone(), None));
        }
        for of_the_whole in [&["index"], &["nested"]] {
            assert_eq!(named(&report(of_the_whole, None, None)).unwrap().image, None);
        }
    }

    #[test]
    fn a_report_of_something_else_is_told_by_its_digest() {
        assert_eq!(named(&report(&["other"], None, None)), Err(digest("other")));
        let from_a_file = report(&[], Some("config of another"), None);
        assert_eq!(named(&from_a_file), Err(digest("config of another")));
    }

    #[test]
    fn a_report_that_contradicts_itself_is_told() {
        let flaw = |report: &Report| named(report).unwrap().flaw.unwrap();
        let two = report(&["amd64"], Some("config of arm64"), None);
        assert_eq!(
            flaw(&two),
            "a report contradicts itself: it names linux/amd64 and linux/arm64"
        );
        let other = report(&["amd64"], None, Some("linux/arm64"));
        assert!(flaw(&other).ends_with("linux/amd64 by digest, but describes linux/arm64"));
    }
}
