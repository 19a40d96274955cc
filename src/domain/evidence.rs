//! What was examined of an image, and what was found: the newest report of each runnable image, and what each of them
//! says of itself.

mod report;
mod selection;

pub use report::{Inventory, Origin, Package, RunnableImage, ScanReport, ScannerFilter};

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Digest, Platform};

/// What is known of an image's vulnerabilities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanEvidence {
    /// The image or index that is judged.
    pub digest: Digest,
    /// What can be run of it: the images of an index (of nested ones as well), or the image itself.
    pub images: Vec<RunnableImage>,
    /// The newest report of each image. Several where nobody can tell which one is newer.
    pub reports: Vec<ScanReport>,
    /// Attached evidence that could not be read, and why. It may be the piece that matters.
    pub unreadable: Vec<String>,
    /// What attached reports that are not of this image say they are of. They prove nothing, and explain much.
    pub strays: Vec<Digest>,
    /// The key whose signature a report needs to count here, if only such do.
    pub signed_by: Option<String>,
}

impl ScanEvidence {
    /// The reports that count among `reports`: each is assigned to the image that it is of, and those that a newer one
    /// replaces are left out.
    pub fn new(digest: Digest, images: Vec<RunnableImage>, reports: Vec<ScanReport>) -> Self {
        Self {
            digest,
            reports: selection::select(reports, &images),
            images,
            unreadable: Vec::new(),
            strays: Vec::new(),
            signed_by: None,
        }
    }

    /// Those of `reports` that count, each assigned to the image that it is of.
    pub fn select<T>(reports: Vec<T>, images: &[RunnableImage]) -> Vec<T>
    where
        T: AsRef<ScanReport> + AsMut<ScanReport>,
    {
        selection::select(reports, images)
    }

    /// The platforms of the images, as far as they are known.
    pub fn platforms(&self) -> impl Iterator<Item = &Platform> {
        self.images.iter().filter_map(|image| image.platform.as_ref())
    }

    /// The image that `report` is of, if it is known.
    pub fn image_of(&self, report: &ScanReport) -> Option<&RunnableImage> {
        let digest = report.image.as_ref()?;
        self.images.iter().find(|image| image.digest == *digest)
    }

    /// The platform that a report speaks of: that of the image, whose own configuration decides, or as the report says.
    pub fn platform_of<'a>(&'a self, report: &'a ScanReport) -> Option<&'a Platform> {
        match self.image_of(report) {
            Some(image) => image.platform.as_ref(),
            None => report.platform.as_ref(),
        }
    }

    /// The images that no report speaks of.
    pub fn uncovered(&self) -> impl Iterator<Item = &RunnableImage> {
        let has = |image: &RunnableImage| {
            let mut reports = self.reports.iter();
            reports.any(|report| report.image.as_ref() == Some(&image.digest))
        };
        self.images.iter().filter(move |image| !has(image))
    }

    /// The packages of all reports, if every one of them lists its own.
    pub fn packages(&self) -> Option<BTreeSet<Package>> {
        let mut all = BTreeSet::new();
        for report in &self.reports {
            match &report.inventory {
                Inventory::Packages(packages) => all.extend(packages.iter().cloned()),
                Inventory::Nothing | Inventory::Unlisted(_) | Inventory::Something | Inventory::Untold => {
                    return None;
                }
            }
        }
        (!self.reports.is_empty()).then_some(all)
    }

    /// The date of the oldest database that a report was made with, if every report says it.
    pub fn database(&self) -> Option<Timestamp> {
        let dates = self.reports.iter().map(|report| report.database);
        dates.collect::<Option<Vec<_>>>()?.into_iter().min()
    }

    /// When the oldest report was made, if every report says it.
    pub fn made(&self) -> Option<Timestamp> {
        let dates = self.reports.iter().map(|report| report.made);
        dates.collect::<Option<Vec<_>>>()?.into_iter().min()
    }

    /// What a summary must say besides a number of findings: images that nobody scanned, and reports of nothing.
    pub fn gaps(&self) -> Vec<String> {
        if self.reports.is_empty() && self.unreadable.is_empty() {
            return vec!["not scanned".to_owned()];
        }
        let mut gaps: Vec<_> = self
            .uncovered()
            .map(|image| format!("{image} not scanned"))
            .collect();
        if self.reports.iter().any(|report| !report.has_examined()) {
            gaps.push("nothing was examined".to_owned());
        }
        if !self.unreadable.is_empty() {
            gaps.push("a report could not be read".to_owned());
        }
        gaps
    }
}
