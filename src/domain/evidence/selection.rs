//! Which of many reports count: the newest of each image, whatever its form.

use super::report::{RunnableImage, ScanReport};
use crate::domain::Digest;

/// Assigns each report to the image that it is of, and leaves out those that a newer one replaces.
///
/// A report is replaced only by one that is of the same image, is known to be newer, and can be relied on. Where that cannot
/// be told (a date is missing, two have the same date, the newer one is filtered or examined nothing), both count.
pub(super) fn select<T>(mut reports: Vec<T>, images: &[RunnableImage]) -> Vec<T>
where
    T: AsRef<ScanReport> + AsMut<ScanReport>,
{
    for report in &mut reports {
        let report = report.as_mut();
        if report.image.is_none() {
            let image = RunnableImage::on(images, report.platform.as_ref(), report.os_version.as_deref());
            report.image = image.map(|image| image.digest.clone());
        }
    }
    let replaced: Vec<_> = reports
        .iter()
        .map(|report| is_replaced(report.as_ref(), &reports, images))
        .collect();
    let mut replaced = replaced.into_iter();
    reports.retain(|_| replaced.next() == Some(false));
    let place = |report: &ScanReport| {
        let of = |image: &RunnableImage| report.image.as_ref() == Some(&image.digest);
        images.iter().position(of).unwrap_or(images.len())
    };
    reports.sort_by(|one, other| {
        let (one, other) = (one.as_ref(), other.as_ref());
        place(one)
            .cmp(&place(other))
            .then_with(|| other.made.cmp(&one.made))
    });
    reports
}

/// Whether newer reports say all that `report` could say.
fn is_replaced<T: AsRef<ScanReport>>(report: &ScanReport, all: &[T], images: &[RunnableImage]) -> bool {
    let has_newer = |image: &Digest| {
        all.iter().map(AsRef::as_ref).any(|other| {
            other.image.as_ref() == Some(image)
                && other.is_complete()
                && other
                    .made
                    .zip(report.made)
                    .is_some_and(|(other, own)| other > own)
        })
    };
    if let Some(image) = &report.image {
        return has_newer(image);
    }
    // It may be of any image that it does not exclude: each of them needs a newer report. One of a platform that no image is
    // known to have stays, as what it is of is not understood.
    let may_be_of = |image: &RunnableImage| match (&report.platform, &image.platform) {
        (Some(of), Some(platform)) => (&of.os, &of.architecture) == (&platform.os, &platform.architecture),
        _ => true,
    };
    let is_known = |image: &RunnableImage| report.platform.is_none() || image.platform.is_some();
    images.iter().any(|image| may_be_of(image) && is_known(image))
        && images
            .iter()
            .filter(|image| may_be_of(image))
            .all(|image| has_newer(&image.digest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Inventory, Origin, Platform};

    fn image(name: &str, platform: Option<&str>, os_version: Option<&str>) -> RunnableImage {
        RunnableImage {
            os_version: os_version.map(str::to_owned),
            ..RunnableImage::new(
                Digest::of(name.as_bytes()),
                platform.map(|platform| platform.parse().unwrap()),
            )
        }
    }

    fn report(platform: Option<&str>, day: Option<u8>) -> ScanReport {
        ScanReport {
            image: None,
            platform: platform.map(|platform| platform.parse::<Platform>().unwrap()),
            os_version: None,
            made: day.map(|day| format!("2026-11-{day:02}T00:00:00Z").parse().unwrap()),
            database: None,
            scanner: None,
            origin: Origin::Attached,
            end_of_life: None,
            inventory: Inventory::Something,
            findings: Vec::new(),
            hidden: Vec::new(),
            filters: Vec::new(),
            flaws: Vec::new(),
        }
    }

    fn days(reports: Vec<ScanReport>, images: &[RunnableImage]) -> Vec<Option<String>> {
        let day = |report: ScanReport| report.made.map(|made| made.strftime("%d").to_string());
        select(reports, images).into_iter().map(day).collect()
    }

    #[test]
    fn a_newer_report_replaces_an_older_one_of_the_same_image() {
        let images = [image("a", Some("linux/amd64"), None)];
        let two = vec![report(None, Some(10)), report(Some("linux/amd64"), Some(11))];
        assert_eq!(days(two, &images), [Some("11".to_owned())]);
    }

    #[test]
    fn an_undated_report_is_never_replaced_and_replaces_nothing() {
        let images = [image("a", Some("linux/amd64"), None)];
        let two = vec![report(None, None), report(None, Some(11))];
        assert_eq!(days(two, &images), [Some("11".to_owned()), None]);
    }

    #[test]
    fn a_newer_report_that_examined_nothing_or_was_filtered_replaces_nothing() {
        let images = [image("a", Some("linux/amd64"), None)];
        let secrets = ScanReport {
            inventory: Inventory::Nothing,
            ..report(None, Some(11))
        };
        assert_eq!(days(vec![report(None, Some(10)), secrets], &images).len(), 2);
        let filtered = ScanReport {
            filters: vec![crate::domain::ScannerFilter::Unfixed],
            ..report(None, Some(11))
        };
        assert_eq!(days(vec![report(None, Some(10)), filtered], &images).len(), 2);
    }

    #[test]
    fn images_of_one_platform_are_told_apart_by_the_version_of_the_system() {
        let images = [
            image("old", Some("windows/amd64"), Some("10.0.17763.1")),
            image("new", Some("windows/amd64"), Some("10.0.20348.1")),
        ];
        let versioned = ScanReport {
            os_version: Some("10.0.20348.1".into()),
            ..report(Some("windows/amd64"), Some(1))
        };
        let selected = select(vec![versioned], &images);
        assert_eq!(selected[0].image, Some(images[1].digest.clone()));
        let plain = select(vec![report(Some("windows/amd64"), Some(1))], &images);
        assert_eq!(plain[0].image, None, "it may be of either");
    }

    #[test]
    fn a_variant_may_be_missing_only_where_it_tells_nothing_apart() {
        let on = |names: &[&str], wanted: &str| {
            let images: Vec<_> = names.iter().map(|name| image(name, Some(name), None)).collect();
            let found = RunnableImage::on(&images, Some(&wanted.parse().unwrap()), None);
            found.map(ToString::to_string)
        };
        assert_eq!(
            on(&["linux/arm64/v8"], "linux/arm64").as_deref(),
            Some("linux/arm64/v8")
        );
        assert_eq!(on(&["linux/arm/v6"], "linux/arm/v7"), None);
        let two = ["linux/arm/v6", "linux/arm/v7"];
        assert_eq!(on(&two, "linux/arm/v7").as_deref(), Some("linux/arm/v7"));
        assert_eq!(on(&two, "linux/arm"), None);
    }

    #[test]
    fn a_report_of_no_certain_image_counts_until_every_image_it_may_be_of_has_a_newer_one() {
        let images = [
            image("a", Some("linux/amd64"), None),
            image("b", Some("linux/arm64"), None),
        ];
        let whole = || report(None, Some(5));
        let amd64 = || report(Some("linux/amd64"), Some(6));
        assert_eq!(days(vec![whole(), amd64()], &images).len(), 2);
        let both = vec![whole(), amd64(), report(Some("linux/arm64"), Some(7))];
        assert_eq!(days(both, &images).len(), 2);
    }
}
