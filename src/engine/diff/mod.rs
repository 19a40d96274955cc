//! What one state of a service would change against another: each side named as people name it, resolved to a commit and
//! an image, and everything about them compared. Reads only.

mod parts;
mod side;

use std::collections::BTreeSet;

use self::parts::{Contents, Past};
use self::side::Found;
use super::Engine;
use super::error::EngineError;
use crate::domain::{
    Clean, Comparison, FindingsDiff, ImageDiff, PackageDiff, PackageList, PackageSource, Part, Unknown,
};
use crate::project::Service;

impl Engine {
    /// What `b` would change against `a`. Each is an environment, a release (its branch or its version), a commit, an image
    /// tag or a digest. What cannot be found out stands in the comparison with its reason.
    ///
    /// # Errors
    /// When one of them names nothing.
    pub async fn diff(&self, service: &Service, a: &str, b: &str) -> Result<Comparison, EngineError> {
        let (from, to) = tokio::try_join!(self.side(service, a), self.side(service, b))?;
        let is_same =
            matches!((&from.side.image, &to.side.image), (Some(a), Some(b)) if a.digest == b.digest);
        let (past, old, new) = tokio::join!(
            self.lineage(service, &from.side, &to.side),
            self.contents(&from),
            async {
                // What is the same is asked about once.
                if is_same {
                    None
                } else {
                    Some(self.contents(&to).await)
                }
            },
        );
        let mut comparison = Comparison {
            service: service.name().clone(),
            changes: None,
            taken_back: None,
            elsewhere: 0,
            files: None,
            image: None,
            packages: None,
            vulnerabilities: None,
            unknown: Vec::new(),
            notes: Vec::new(),
            from: from.side.clone(),
            to: to.side.clone(),
        };
        comparison.take_past(past);
        comparison.notes.extend(from.note.iter().chain(&to.note).cloned());
        let new = new.as_ref().unwrap_or(&old);
        comparison.compare_images(&from, &to);
        comparison.compare_packages(&old, new);
        comparison.compare_findings(&old, new);
        Ok(comparison)
    }
}

impl Comparison {
    fn take_past(&mut self, past: Past) {
        self.changes = past.changes;
        self.taken_back = past.taken_back;
        self.elsewhere = past.elsewhere;
        self.files = past.files;
        self.unknown.extend(past.unknown);
    }

    fn compare_images(&mut self, from: &Found, to: &Found) {
        if let Some((old, new)) = self.both(Part::Image, from.facts(), to.facts()) {
            self.image = Some(ImageDiff::between(old, new));
            let is_unclear = old
                .platforms
                .iter()
                .chain(&new.platforms)
                .any(|one| one.settings.is_none());
            if is_unclear {
                self.notes.push(Clean::line(
                    "the image configuration of a platform could not be parsed",
                ));
            }
        }
    }

    fn compare_packages(&mut self, old: &Contents, new: &Contents) {
        let Some((old, new)) = self.both(Part::Packages, old.packages(), new.packages()) else {
            return;
        };
        for (side, list) in [(self.from.name.clone(), old), (self.to.name.clone(), new)] {
            if !list.missing.is_empty() {
                let names: Vec<_> = list.missing.iter().map(ToString::to_string).collect();
                let why = format!("the packages of {} are not listed", names.join(", "));
                self.unknown.push(Unknown {
                    part: Part::Packages,
                    side: Some(side),
                    why: Clean::line(&why),
                });
            }
        }
        if let Some(note) = other_sources(old, new) {
            self.notes.push(Clean::line(&note));
        }
        self.packages = Some(PackageDiff::between(old, new));
    }

    fn compare_findings(&mut self, old: &Contents, new: &Contents) {
        if let Some((old, new)) = self.both(Part::Vulnerabilities, old.findings(), new.findings()) {
            self.vulnerabilities = Some(FindingsDiff::between(old, new));
        }
    }

    /// Both, or else for each that is missing why.
    fn both<T>(&mut self, part: Part, old: Result<T, Clean>, new: Result<T, Clean>) -> Option<(T, T)> {
        let names = [self.from.name.clone(), self.to.name.clone()];
        let (old, new) = match (old, new) {
            (Ok(old), Ok(new)) => return Some((old, new)),
            (old, new) => (old.err(), new.err()),
        };
        let reasons: BTreeSet<Clean> = old.iter().chain(&new).cloned().collect();
        if let (Some(_), Some(why), 1) = (&old, &new, reasons.len()) {
            self.unknown.push(Unknown {
                part,
                side: None,
                why: why.clone(),
            });
            return None;
        }
        for (side, why) in names.into_iter().zip([old, new]) {
            self.unknown.extend(why.map(|why| Unknown {
                part,
                side: Some(side),
                why,
            }));
        }
        None
    }
}

/// That the lists come from different tools, which may see different things.
fn other_sources(old: &PackageList, new: &PackageList) -> Option<String> {
    let is_alike = match (&old.source, &new.source) {
        (PackageSource::Sbom { format: a }, PackageSource::Sbom { format: b }) => a == b,
        (PackageSource::Report { .. }, PackageSource::Report { .. }) => true,
        _ => false,
    };
    (!is_alike).then(|| {
        format!(
            "packages come from {} on one side and from {} on the other; the two may not be comparable",
            old.source, new.source
        )
    })
}
