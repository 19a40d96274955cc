//! Two images compared: their layers and sizes, their platforms, and how they are run.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::{Clean, Digest, Platform, bytes};

/// What an image is made of, and how it is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageFacts {
    /// The image or index.
    pub digest: Digest,
    /// All bytes together, each blob counted once.
    pub size: u64,
    /// When it says that it was built.
    pub created: Option<Timestamp>,
    /// Each platform, in the order of the index.
    pub platforms: Vec<PlatformFacts>,
}

/// The image of one platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformFacts {
    /// The platform, if it is known.
    pub platform: Option<Platform>,
    /// The layers, bottom first.
    pub layers: Vec<Layer>,
    /// How it is run; none where that could not be understood.
    pub settings: Option<ImageSettings>,
}

/// A layer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Layer {
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes, compressed.
    pub size: u64,
    /// Its media type.
    pub media_type: Clean,
}

/// How an image is run, as its configuration says it (OCI image specification 1.1, "config").
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImageSettings {
    /// As whom.
    pub user: Option<Clean>,
    /// What is started.
    pub entry_point: Vec<Clean>,
    /// The arguments, unless others are given.
    pub command: Vec<Clean>,
    /// The variables.
    pub environment: BTreeMap<Clean, Clean>,
    /// The ports that it says it listens on.
    pub ports: BTreeSet<Clean>,
    /// Where it is started.
    pub working_folder: Option<Clean>,
    /// The labels.
    pub labels: BTreeMap<Clean, Clean>,
}

/// Labels that every build writes anew; that they differ means nothing.
const OF_THE_BUILD: [&str; 7] = [
    "org.opencontainers.image.created",
    "org.opencontainers.image.revision",
    "org.label-schema.build-date",
    "org.label-schema.vcs-ref",
    "build-date",
    "vcs-ref",
    super::STANDS_FOR,
];

/// Parts of the names of variables whose values may be secrets, which should never be in an image, and sometimes are.
const SECRET: [&str; 8] = [
    "PASSWORD",
    "PASSWD",
    "SECRET",
    "TOKEN",
    "CREDENTIAL",
    "API_KEY",
    "APIKEY",
    "PRIVATE_KEY",
];

/// What stands in place of a value that may be a secret.
const NOT_SHOWN: &str = "(not shown)";

impl ImageSettings {
    /// Each setting with its name, as people know them; one of several values has them in one line.
    fn fields(&self) -> BTreeMap<String, Clean> {
        let mut fields = BTreeMap::new();
        let mut put = |name: &str, value: Option<Clean>| {
            if let Some(value) = value.filter(|value| !value.as_str().is_empty()) {
                fields.insert(name.to_owned(), value);
            }
        };
        put("user", self.user.clone());
        put("entry point", words(&self.entry_point));
        put("command", words(&self.command));
        put("working directory", self.working_folder.clone());
        for (name, value) in &self.environment {
            put(&format!("env {name}"), Some(value.clone()));
        }
        for port in &self.ports {
            put(&format!("port {port}"), Some(Clean::line("exposed")));
        }
        let labels = self.labels.iter();
        for (name, value) in labels.filter(|(name, _)| !OF_THE_BUILD.contains(&name.as_str())) {
            put(&format!("label {name}"), Some(value.clone()));
        }
        fields
    }
}

/// A list of words in one line, those with blanks in quotes.
fn words(list: &[Clean]) -> Option<Clean> {
    let quoted = list.iter().map(|word| match word.as_str() {
        plain if !plain.is_empty() && !plain.contains([' ', '"']) => plain.to_owned(),
        other => format!("{other:?}"),
    });
    let line = quoted.collect::<Vec<_>>().join(" ");
    (!list.is_empty()).then(|| Clean::line(&line))
}

/// The layers of one platform, compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LayerDiff {
    /// The platform, if it is known.
    pub platform: Option<Platform>,
    /// How many layers are on both sides.
    pub kept: usize,
    /// Their bytes.
    pub kept_bytes: u64,
    /// The layers that only the second has.
    #[serde(rename = "added")]
    pub new: Vec<Layer>,
    /// The layers that only the first has.
    #[serde(rename = "removed")]
    pub gone: Vec<Layer>,
}

impl LayerDiff {
    fn between(platform: Option<Platform>, old: &[Layer], new: &[Layer]) -> Self {
        // An empty layer may be in an image several times.
        let mut left: BTreeMap<&Digest, usize> = BTreeMap::new();
        for layer in old {
            *left.entry(&layer.digest).or_default() += 1;
        }
        let (kept, new): (Vec<&Layer>, Vec<&Layer>) =
            new.iter().partition(|layer| match left.get_mut(&layer.digest) {
                Some(count) if *count > 0 => {
                    *count -= 1;
                    true
                }
                _ => false,
            });
        // What is left of each digest is gone: the last ones of the image.
        let mut gone: Vec<Layer> = old
            .iter()
            .rev()
            .filter(|layer| match left.get_mut(&layer.digest) {
                Some(count) if *count > 0 => {
                    *count -= 1;
                    true
                }
                _ => false,
            })
            .cloned()
            .collect();
        gone.reverse();
        Self {
            platform,
            kept: kept.len(),
            kept_bytes: bytes_of(kept.iter().copied()),
            new: new.into_iter().cloned().collect(),
            gone,
        }
    }

    /// The bytes of the layers that only the second has.
    pub fn new_bytes(&self) -> u64 {
        bytes_of(&self.new)
    }

    /// The bytes of the layers that only the first has.
    pub fn gone_bytes(&self) -> u64 {
        bytes_of(&self.gone)
    }
}

fn bytes_of<'a>(layers: impl IntoIterator<Item = &'a Layer>) -> u64 {
    layers
        .into_iter()
        .fold(0, |sum, layer| sum.saturating_add(layer.size))
}

/// A setting that is another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SettingChange {
    /// `user`, `entry point`, `command`, `working folder`, `env PATH`, `port 8080/tcp`, `label …`.
    pub setting: Clean,
    /// What it was; none where it was not set.
    pub from: Option<Clean>,
    /// What it is; none where it is not set.
    pub to: Option<Clean>,
    /// The platforms where that is so, if it is not so on all that both have.
    pub only_on: Vec<Platform>,
}

/// What is different about an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImageDiff {
    /// Whether it is the same image.
    pub same: bool,
    /// The bytes of the first.
    pub size_from: u64,
    /// The bytes of the second.
    pub size_to: u64,
    /// When the first was built, as it says.
    pub created_from: Option<Timestamp>,
    /// When the second was built, as it says.
    pub created_to: Option<Timestamp>,
    /// The platforms that both have.
    pub platforms: Vec<Platform>,
    /// The platforms that only the second has.
    pub platforms_added: Vec<Platform>,
    /// The platforms that only the first has.
    pub platforms_removed: Vec<Platform>,
    /// The layers of each platform that both have.
    pub layers: Vec<LayerDiff>,
    /// The settings that differ, by name.
    pub settings: Vec<SettingChange>,
}

impl ImageDiff {
    /// What differs from `old` to `new`.
    pub fn between(old: &ImageFacts, new: &ImageFacts) -> Self {
        let pairs = pairs(old, new);
        let names = |facts: &ImageFacts| -> BTreeSet<Platform> {
            facts
                .platforms
                .iter()
                .filter_map(|one| one.platform.clone())
                .collect()
        };
        let (before, after) = (names(old), names(new));
        Self {
            same: old.digest == new.digest,
            size_from: old.size,
            size_to: new.size,
            created_from: old.created,
            created_to: new.created,
            platforms: before.intersection(&after).cloned().collect(),
            platforms_added: after.difference(&before).cloned().collect(),
            platforms_removed: before.difference(&after).cloned().collect(),
            layers: pairs
                .iter()
                .map(|(old, new)| LayerDiff::between(new.platform.clone(), &old.layers, &new.layers))
                .collect(),
            settings: settings(&pairs),
        }
    }

    /// `41 MB, 2.1 MB more`.
    pub fn size_words(&self) -> String {
        let (from, to) = (self.size_from, self.size_to);
        let difference = match to.cmp(&from) {
            Ordering::Equal => "as before".to_owned(),
            Ordering::Greater => format!("{} more", bytes(to - from)),
            Ordering::Less => format!("{} less", bytes(from - to)),
        };
        format!("{}, {difference}", bytes(to))
    }

    /// Whether nothing differs, but perhaps the time of the build.
    pub fn is_empty(&self) -> bool {
        let no_layers = self
            .layers
            .iter()
            .all(|one| one.new.is_empty() && one.gone.is_empty());
        no_layers
            && self.settings.is_empty()
            && self.platforms_added.is_empty()
            && self.platforms_removed.is_empty()
            && self.size_from == self.size_to
    }
}

/// The platforms that both have. Two images of one unnamed platform each are compared as they are.
fn pairs<'a>(old: &'a ImageFacts, new: &'a ImageFacts) -> Vec<(&'a PlatformFacts, &'a PlatformFacts)> {
    let of = |wanted: &PlatformFacts| old.platforms.iter().find(|one| one.platform == wanted.platform);
    new.platforms
        .iter()
        .filter_map(|new| Some((of(new)?, new)))
        .collect()
}

fn settings(pairs: &[(&PlatformFacts, &PlatformFacts)]) -> Vec<SettingChange> {
    type Values = (Option<Clean>, Option<Clean>);
    let mut found: BTreeMap<(String, Values), Vec<Platform>> = BTreeMap::new();
    let mut counted: BTreeMap<(String, Values), usize> = BTreeMap::new();
    let mut known = 0;
    for (old, new) in pairs {
        let (Some(before), Some(after)) = (&old.settings, &new.settings) else {
            continue;
        };
        known += 1;
        let (before, after) = (before.fields(), after.fields());
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for name in names {
            let (from, to) = (before.get(name), after.get(name));
            if from != to {
                let key = (name.clone(), (shown(name, from), shown(name, to)));
                *counted.entry(key.clone()).or_default() += 1;
                found.entry(key).or_default().extend(new.platform.clone());
            }
        }
    }
    let changes = found.into_iter().map(|(key, platforms)| {
        let everywhere = counted.get(&key).is_some_and(|n| *n == known);
        let (setting, (from, to)) = key;
        SettingChange {
            setting: Clean::line(&setting),
            from,
            to,
            only_on: if everywhere { Vec::new() } else { platforms },
        }
    });
    changes.collect()
}

/// A value as it may be shown.
fn shown(setting: &str, value: Option<&Clean>) -> Option<Clean> {
    let name = setting.to_ascii_uppercase();
    let is_secret = name.starts_with("ENV ") && SECRET.iter().any(|part| name.contains(part));
    value.map(|value| {
        if is_secret {
            Clean::line(NOT_SHOWN)
        } else {
            value.clone()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn layer(seed: u8) -> Layer {
        Layer {
            digest: Digest::of(&[seed]),
            size: u64::from(seed) * 10,
            media_type: Clean::line("layer"),
        }
    }

    fn image(layers: &[u8], platforms: &[&str], settings: &ImageSettings) -> ImageFacts {
        ImageFacts {
            digest: Digest::of(format!("{layers:?} {platforms:?} {settings:?}").as_bytes()),
            size: layers.iter().map(|seed| u64::from(*seed)).sum(),
            created: None,
            platforms: platforms
                .iter()
                .map(|name| PlatformFacts {
                    platform: Some(name.parse().unwrap()),
                    layers: layers.iter().map(|seed| layer(*seed)).collect(),
                    settings: Some(settings.clone()),
                })
                .collect(),
        }
    }

    fn environment(all: &[(&str, &str)]) -> ImageSettings {
        ImageSettings {
            environment: all
                .iter()
                .map(|(k, v)| (Clean::line(k), Clean::line(v)))
                .collect(),
            ..ImageSettings::default()
        }
    }

    #[test]
    fn layers_are_kept_new_or_gone() {
        let usual = ImageSettings::default();
        let (old, new) = (
            image(&[1, 2, 2, 3], &["linux/amd64", "linux/arm64"], &usual),
            image(&[1, 2, 4], &["linux/amd64", "linux/s390x"], &usual),
        );
        let diff = ImageDiff::between(&old, &new);
        let [layers] = &diff.layers[..] else {
            panic!("{diff:?}")
        };
        assert_eq!((layers.kept, layers.kept_bytes), (2, 30));
        assert_eq!(layers.new, [layer(4)]);
        assert_eq!(layers.gone, [layer(2), layer(3)]);
        assert_eq!(diff.platforms_added, ["linux/s390x".parse().unwrap()]);
        assert_eq!(diff.platforms_removed, ["linux/arm64".parse().unwrap()]);
    }

    #[test]
    fn settings_are_named_and_secrets_are_not_shown() {
        let old = ImageSettings {
            user: Some(Clean::line("root")),
            entry_point: vec![Clean::line("sh"), Clean::line("-c"), Clean::line("a b")],
            labels: BTreeMap::from([(Clean::line("org.opencontainers.image.revision"), Clean::line("1"))]),
            ..environment(&[("A", "1"), ("DB_PASSWORD", "old")])
        };
        let new = ImageSettings {
            user: Some(Clean::line("65532")),
            ports: BTreeSet::from([Clean::line("8080/tcp")]),
            ..environment(&[("A", "2"), ("DB_PASSWORD", "new")])
        };
        let diff = ImageDiff::between(
            &image(&[1], &["linux/amd64"], &old),
            &image(&[1], &["linux/amd64"], &new),
        );
        let words: Vec<_> = diff
            .settings
            .iter()
            .map(|change| {
                let word = |value: &Option<Clean>| value.clone().unwrap_or_default();
                format!(
                    "{}: {} > {}",
                    change.setting,
                    word(&change.from),
                    word(&change.to)
                )
            })
            .collect();
        assert_eq!(
            words,
            [
                "entry point: sh -c \"a b\" > ",
                "env A: 1 > 2",
                "env DB_PASSWORD: (not shown) > (not shown)",
                "port 8080/tcp:  > exposed",
                "user: root > 65532",
            ]
        );
    }

    #[test]
    fn a_setting_of_one_platform_says_which() {
        let both = ["linux/amd64", "linux/arm64"];
        let old = image(&[1], &both, &environment(&[("A", "1")]));
        let mut new = old.clone();
        new.platforms[1].settings = Some(environment(&[("A", "2")]));
        let diff = ImageDiff::between(&old, &new);
        assert_eq!(diff.settings[0].only_on, ["linux/arm64".parse().unwrap()]);
        new.platforms[0].settings = Some(environment(&[("A", "2")]));
        assert!(ImageDiff::between(&old, &new).settings[0].only_on.is_empty());
    }

    proptest! {
        #[test]
        fn nothing_differs_from_itself_and_going_back_undoes(
            old in proptest::collection::vec(0_u8..5, 0..6),
            new in proptest::collection::vec(0_u8..5, 0..6),
            a in "[ab]{0,2}",
            b in "[ab]{0,2}",
        ) {
            let old = image(&old, &["linux/amd64"], &environment(&[("A", &a), ("B", "1")]));
            let new = image(&new, &["linux/amd64"], &environment(&[("A", &b)]));
            prop_assert!(ImageDiff::between(&old, &old).is_empty());
            let (there, back) = (ImageDiff::between(&old, &new), ImageDiff::between(&new, &old));
            prop_assert_eq!(there.layers[0].kept, back.layers[0].kept);
            let sorted = |layers: &[Layer]| { let mut all = layers.to_vec(); all.sort(); all };
            prop_assert_eq!(sorted(&there.layers[0].new), sorted(&back.layers[0].gone));
            prop_assert_eq!(there.settings.len(), back.settings.len());
            for (one, other) in there.settings.iter().zip(&back.settings) {
                prop_assert_eq!((&one.from, &one.to), (&other.to, &other.from));
            }
        }
    }
}
