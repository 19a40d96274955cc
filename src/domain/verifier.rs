//! What programs that verify images accept: a table by program and version, and the prediction that follows from it.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use semver::{Version, VersionReq};
use serde::Deserialize;

use super::{SignatureForms, clean_line};

/// The table, with its sources.
const TABLE: &str = include_str!("../../assets/verifiers.toml");

/// A program that decides whether an image is admitted, in one version: `kyverno-image 1.18.1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    version: Version,
}

/// What a verifier accepts of signatures.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifierProfile {
    name: String,
    versions: VersionReq,
    /// How it finds signatures by a key.
    signature: Vec<Found>,
    /// How it finds attestations by a key.
    attestation: Vec<Found>,
    /// What it accepts of an identity; none where that is not known.
    keyless: Option<KeylessProfile>,
    /// Where any bundle is attached, it reads no tags.
    #[serde(default)]
    bundle_first: bool,
    /// It verifies the manifest of the platform, not the index.
    #[serde(default)]
    pub each_platform: bool,
    /// What has to be set for it, for a key.
    setup: String,
    /// Where what it accepts of a key is known from.
    source: String,
}

/// What a verifier accepts of signatures by an identity.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeylessProfile {
    signature: Vec<Found>,
    attestation: Vec<Found>,
    setup: String,
    source: String,
}

/// How something that is attached is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Found {
    /// By cosign's old tags.
    Tag,
    /// A bundle, by the referrers API.
    Bundle,
    /// A bundle, by the index at the fallback tag.
    Fallback,
}

/// Why a text names no verifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifierError {
    /// There is no such program in the table.
    #[error("`{0}` is not a known verifier")]
    Unknown(String),
    /// The version is missing, or is none.
    #[error("`{0}` requires a version such as `3.1`")]
    Version(String),
}

#[derive(Deserialize)]
struct Table {
    verifier: Vec<VerifierProfile>,
}

fn profiles() -> &'static [VerifierProfile] {
    static PROFILES: OnceLock<Vec<VerifierProfile>> = OnceLock::new();
    // The table is a part of the program; a test reads it.
    PROFILES
        .get_or_init(|| toml::from_str::<Table>(TABLE).map_or_else(|_| Vec::new(), |table| table.verifier))
}

/// The names of all verifiers that are known, each once.
pub fn verifier_names() -> Vec<&'static str> {
    let mut names: Vec<_> = profiles().iter().map(|profile| profile.name.as_str()).collect();
    names.dedup();
    names
}

impl Verifier {
    /// What it accepts.
    pub fn profile(&self) -> Option<&'static VerifierProfile> {
        let mut all = profiles().iter();
        all.find(|profile| profile.name == self.name && profile.versions.matches(&self.version))
    }
}

impl FromStr for Verifier {
    type Err = VerifierError;

    fn from_str(text: &str) -> Result<Self, VerifierError> {
        let (name, version) = text.trim().split_once(' ').unwrap_or((text, ""));
        if !verifier_names().contains(&name) {
            return Err(VerifierError::Unknown(clean_line(name)));
        }
        let version = version.trim().trim_start_matches('v');
        // `3` and `3.1` are the first version of theirs.
        let missing = 2_usize.saturating_sub(version.matches('.').count());
        let whole = format!("{version}{}", ".0".repeat(missing));
        let version = Version::parse(&whole).map_err(|_| VerifierError::Version(clean_line(text)))?;
        Ok(Self {
            name: name.to_owned(),
            version,
        })
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

super::serde_as_text!(Verifier);

/// Who signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedBy {
    /// The owner of a key.
    Key,
    /// An identity, by a certificate.
    Identity,
}

/// How signatures of an environment are attached to a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttachedSignatures {
    /// In which forms.
    pub forms: SignatureForms,
    /// By whom.
    pub by: SignedBy,
    /// Whether bundles of others are attached too, such as those that came along from another environment.
    pub has_other_bundles: bool,
    /// Whether the registry lists referrers by its API; by the fallback tag otherwise.
    pub by_api: bool,
    /// Whether the manifests of the platforms are signed too.
    pub platforms: bool,
}

impl VerifierProfile {
    /// What has to be set for it.
    pub fn setup(&self, by: SignedBy) -> &str {
        self.keyless(by).map_or(&self.setup, |keyless| &keyless.setup)
    }

    /// Where what it accepts is known from.
    pub fn source(&self, by: SignedBy) -> &str {
        self.keyless(by).map_or(&self.source, |keyless| &keyless.source)
    }

    fn keyless(&self, by: SignedBy) -> Option<&KeylessProfile> {
        self.keyless.as_ref().filter(|_| by == SignedBy::Identity)
    }

    /// Why it would not admit an image with these signatures; none where it would.
    pub fn refusal(&self, attached: AttachedSignatures) -> Option<String> {
        if self.each_platform && !attached.platforms {
            return Some("it verifies the manifest of the platform, and only the index is signed".to_owned());
        }
        match (attached.by, &self.keyless) {
            (SignedBy::Identity, None) => {
                Some("it is not known what it accepts of keyless signatures".to_owned())
            }
            (SignedBy::Identity, Some(keyless)) => {
                self.blindness("keyless signatures", &keyless.signature, attached)
            }
            (SignedBy::Key, _) => self.blindness("signatures by a key", &self.signature, attached),
        }
    }

    /// Why it would not, if its policy asks for an attestation too; none where it would.
    pub fn refusal_attested(&self, attached: AttachedSignatures) -> Option<String> {
        let refusal = self.refusal(attached);
        refusal.or_else(|| match (attached.by, &self.keyless) {
            (SignedBy::Identity, keyless) => {
                let reads = keyless.as_ref().map_or(&[][..], |keyless| &keyless.attestation);
                self.blindness("keyless attestations", reads, attached)
            }
            (SignedBy::Key, _) => self.blindness("attestations by a key", &self.attestation, attached),
        })
    }

    /// Why it does not find what is attached.
    fn blindness(&self, what: &str, reads: &[Found], attached: AttachedSignatures) -> Option<String> {
        (!self.finds(reads, attached)).then(|| self.why(what, reads, attached))
    }

    fn finds(&self, reads: &[Found], attached: AttachedSignatures) -> bool {
        let has_bundles = attached.forms.has_bundle() || attached.has_other_bundles;
        reads.iter().any(|way| match way {
            Found::Tag => attached.forms.has_tag() && !(self.bundle_first && has_bundles),
            Found::Bundle => attached.forms.has_bundle() && attached.by_api,
            Found::Fallback => attached.forms.has_bundle() && !attached.by_api,
        })
    }

    fn why(&self, what: &str, reads: &[Found], attached: AttachedSignatures) -> String {
        let reads_tags = reads.contains(&Found::Tag);
        match reads {
            // As far as windlass leaves them: those by an identity are bundles only.
            [] if attached.by == SignedBy::Identity => format!("it reads no {what} from bundles"),
            [] => format!("it reads no {what}"),
            _ if reads_tags && self.bundle_first && attached.forms.has_tag() => {
                format!("it reads no tags where a bundle is attached, and no {what} from bundles")
            }
            [Found::Tag] => format!("it reads {what} from .sig and .att tags only"),
            _ if !attached.forms.has_bundle() => format!("it reads {what} from bundles only"),
            _ => {
                format!("it does not find {what} at the fallback tag, and the registry has no referrers API")
            }
        }
    }
}

/// The forms that every one of `verifiers` admits, the one that leaves least behind.
///
/// # Errors
/// Where no form satisfies all: which of them refuse what satisfies most.
pub fn forms_for(
    verifiers: &[Verifier],
    attached: AttachedSignatures,
) -> Result<SignatureForms, Vec<(Verifier, String)>> {
    let refusals = |forms| -> Vec<_> {
        let refused = verifiers.iter().filter_map(|verifier| {
            let attached = AttachedSignatures { forms, ..attached };
            Some((verifier.clone(), verifier.profile()?.refusal(attached)?))
        });
        refused.collect()
    };
    let mut all = SignatureForms::ALL.map(|forms| (forms, refusals(forms)));
    // The sort is stable: of those that are as good, the one that leaves least behind stays first.
    all.sort_by_key(|(_, refused)| refused.len());
    let [(forms, refused), ..] = all;
    if refused.is_empty() {
        Ok(forms)
    } else {
        Err(refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNED: AttachedSignatures = AttachedSignatures {
        forms: SignatureForms::Bundle,
        by: SignedBy::Key,
        has_other_bundles: false,
        by_api: true,
        platforms: false,
    };

    fn verifiers(names: &[&str]) -> Vec<Verifier> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    #[test]
    fn every_entry_of_the_table_names_its_source_and_no_version_is_without_an_entry() {
        let table: Table = toml::from_str(TABLE).unwrap();
        assert_eq!(table.verifier.len(), profiles().len());
        for profile in profiles() {
            assert!(
                profile.source.starts_with("https://") && !profile.setup.is_empty(),
                "{profile:?}"
            );
            if let Some(keyless) = &profile.keyless {
                assert!(
                    keyless.source.starts_with("https://") && !keyless.setup.is_empty(),
                    "{profile:?}"
                );
                // They are not written to tags.
                assert!(!keyless.signature.contains(&Found::Tag), "{profile:?}");
            }
        }
        for name in verifier_names() {
            for version in ["0.1", "1.18.1", "1.19.0", "2.5", "2.6", "3.0", "99"] {
                let verifier: Verifier = format!("{name} {version}").parse().unwrap();
                assert!(verifier.profile().is_some(), "{verifier}");
            }
        }
    }

    #[test]
    fn a_verifier_is_named_with_its_version() {
        assert_eq!(
            "cosign 3".parse::<Verifier>().unwrap().to_string(),
            "cosign 3.0.0"
        );
        assert_eq!(
            "cosign v3.1.3".parse::<Verifier>().unwrap().to_string(),
            "cosign 3.1.3"
        );
        assert_eq!(
            "cosing 3".parse::<Verifier>(),
            Err(VerifierError::Unknown("cosing".to_owned()))
        );
        for text in ["cosign", "cosign x", "cosign 3.1.3.4"] {
            assert!(
                matches!(text.parse::<Verifier>(), Err(VerifierError::Version(_))),
                "{text}"
            );
        }
    }

    #[test]
    fn the_form_is_chosen_that_all_verifiers_admit() {
        let chosen = |names: &[&str]| forms_for(&verifiers(names), SIGNED);
        assert_eq!(chosen(&[]), Ok(SignatureForms::Bundle));
        assert_eq!(chosen(&["cosign 3.1.3"]), Ok(SignatureForms::Bundle));
        assert_eq!(chosen(&["policy-controller 0.13.1"]), Ok(SignatureForms::Tag));
        assert_eq!(
            chosen(&["cosign 3.1.3", "policy-controller 0.13.1"]),
            Ok(SignatureForms::Tag)
        );
        assert_eq!(
            chosen(&["kyverno-bundle 1.19", "policy-controller 0.13.1"]),
            Ok(SignatureForms::Both)
        );
    }

    #[test]
    fn where_no_form_satisfies_all_the_verifiers_that_refuse_are_named() {
        let names = verifiers(&["kyverno-image 1.19.0", "kyverno-bundle 1.19.0"]);
        let refused = forms_for(&names, SIGNED).unwrap_err();
        assert_eq!(refused.len(), 1, "{refused:?}");
        let old = forms_for(&verifiers(&["kyverno-bundle 1.18"]), SIGNED).unwrap_err();
        assert_eq!(old[0].1, "it reads no signatures by a key");
    }

    #[test]
    fn bundles_of_others_hide_tags_from_who_reads_bundles_first() {
        let cosign: Verifier = "cosign 3.1.3".parse().unwrap();
        let profile = cosign.profile().unwrap();
        let tag = AttachedSignatures {
            forms: SignatureForms::Tag,
            ..SIGNED
        };
        assert_eq!(profile.refusal(tag), None);
        let hidden = profile.refusal(AttachedSignatures {
            has_other_bundles: true,
            ..tag
        });
        assert!(
            hidden
                .unwrap()
                .starts_with("it reads no tags where a bundle is attached")
        );
    }

    #[test]
    fn what_verifies_the_platform_needs_each_platform_signed() {
        let podman: Verifier = "podman 5.4".parse().unwrap();
        let tag = AttachedSignatures {
            forms: SignatureForms::Tag,
            ..SIGNED
        };
        let profile = podman.profile().unwrap();
        assert!(profile.refusal(tag).unwrap().contains("only the index is signed"));
        let each = AttachedSignatures {
            platforms: true,
            ..tag
        };
        assert_eq!(profile.refusal(each), None);
    }

    #[test]
    fn signatures_by_an_identity_are_told_from_those_by_a_key() {
        let refusal = |name: &str, by_api| {
            let verifier: Verifier = name.parse().unwrap();
            let attached = AttachedSignatures {
                by: SignedBy::Identity,
                by_api,
                ..SIGNED
            };
            verifier.profile().unwrap().refusal_attested(attached)
        };
        for admits in [
            "cosign 3.1.3",
            "policy-controller 0.13.1",
            "kyverno-bundle 1.18",
            "kyverno-bundle 1.19",
        ] {
            assert_eq!(refusal(admits, true), None, "{admits}");
        }
        for (refuses, by_api, why) in [
            ("cosign 2.5", true, "it reads no keyless signatures from bundles"),
            ("podman 5.4", true, "only the index is signed"),
            (
                "kyverno-cosign 1.19",
                true,
                "it reads no keyless signatures from bundles",
            ),
            ("kyverno-image 1.19", true, "it is not known"),
            ("policy-controller 0.13.1", false, "at the fallback tag"),
        ] {
            let said = refusal(refuses, by_api).unwrap();
            assert!(said.contains(why), "{refuses}: {said}");
        }
    }
}
