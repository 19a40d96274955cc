//! Content digests: the identity of everything that windlass moves.

use std::fmt;
use std::str::FromStr;

use sha2::Digest as _;
use sha2::digest::common::hazmat::{SerializableState, SerializedState};

/// The hash functions that the OCI image specification registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// SHA-256, 64 hexadecimal characters.
    Sha256,
    /// SHA-512, 128 hexadecimal characters.
    Sha512,
}

impl Algorithm {
    /// The name before the colon of a digest.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    const fn hex_length(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }
}

/// A digest as the OCI image specification writes it, `sha256:<64 lower-case hex>` or `sha512:<128>`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest {
    algorithm: Algorithm,
    hex: String,
}

/// Why a text is not a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a digest: {why}")]
pub struct DigestError {
    text: String,
    why: &'static str,
}

impl Digest {
    /// The SHA-256 digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        let mut hasher = Hasher::new(Algorithm::Sha256);
        hasher.update(bytes);
        hasher.finish()
    }

    /// Which hash function made it.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The part after the colon.
    pub fn hex(&self) -> &str {
        &self.hex
    }

    /// `sha256:1f9a…c03e`, for people.
    pub fn short(&self) -> String {
        format!(
            "{}:{}…{}",
            self.algorithm.name(),
            &self.hex[..4],
            &self.hex[self.hex.len() - 4..]
        )
    }

    /// The first `n` hexadecimal characters, as a person types them to confirm.
    pub fn prefix(&self, n: usize) -> &str {
        &self.hex[..n.min(self.hex.len())]
    }

    /// The tag under which a registry without a referrers API keeps the index of this digest's referrers
    /// (OCI distribution 1.1, "Referrers Tag Schema").
    pub fn fallback_tag(&self) -> String {
        let hex = &self.hex[..self.hex.len().min(64)];
        format!("{}-{hex}", self.algorithm.name())
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let fail = |why| DigestError {
            text: text.chars().take(140).collect(),
            why,
        };
        let (name, hex) = text
            .split_once(':')
            .ok_or_else(|| fail("it lacks the prefix `sha256:`"))?;
        let algorithm = match name {
            "sha256" => Algorithm::Sha256,
            "sha512" => Algorithm::Sha512,
            _ => return Err(fail("only sha256 and sha512 are supported")),
        };
        if hex.len() != algorithm.hex_length() {
            return Err(fail("it has the wrong length"));
        }
        if !hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(fail("it contains a character that is not lower-case hexadecimal"));
        }
        Ok(Self {
            algorithm,
            hex: hex.to_owned(),
        })
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm.name(), self.hex)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

super::serde_as_text!(Digest);

/// Hashes bytes as they pass by.
#[derive(Debug, Clone)]
pub struct Hasher(HasherState);

#[derive(Debug, Clone)]
enum HasherState {
    Sha256(Box<sha2::Sha256>),
    Sha512(Box<sha2::Sha512>),
}

impl Hasher {
    /// A hasher that has seen nothing yet.
    pub fn new(algorithm: Algorithm) -> Self {
        Self(match algorithm {
            Algorithm::Sha256 => HasherState::Sha256(Box::default()),
            Algorithm::Sha512 => HasherState::Sha512(Box::default()),
        })
    }

    /// Takes the next bytes in.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            HasherState::Sha256(state) => state.update(bytes),
            HasherState::Sha512(state) => state.update(bytes),
        }
    }

    /// What has been seen so far, to go on from in another process: see [`Hasher::resume`].
    pub fn state(&self) -> Vec<u8> {
        match &self.0 {
            HasherState::Sha256(state) => state.serialize().to_vec(),
            HasherState::Sha512(state) => state.serialize().to_vec(),
        }
    }

    /// Goes on from a [`Hasher::state`]; none where that is no state of this algorithm.
    pub fn resume(algorithm: Algorithm, state: &[u8]) -> Option<Self> {
        Some(Self(match algorithm {
            Algorithm::Sha256 => HasherState::Sha256(Box::new(restored(state)?)),
            Algorithm::Sha512 => HasherState::Sha512(Box::new(restored(state)?)),
        }))
    }

    /// The digest of all bytes seen.
    pub fn finish(self) -> Digest {
        match self.0 {
            HasherState::Sha256(state) => Digest {
                algorithm: Algorithm::Sha256,
                hex: hex::encode(state.finalize()),
            },
            HasherState::Sha512(state) => Digest {
                algorithm: Algorithm::Sha512,
                hex: hex::encode(state.finalize()),
            },
        }
    }
}

fn restored<S: SerializableState>(state: &[u8]) -> Option<S> {
    let state = SerializedState::<S>::try_from(state).ok()?;
    S::deserialize(&state).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn hashes_nothing_to_the_known_digest() {
        assert_eq!(Digest::of(b"").to_string(), EMPTY);
        assert_eq!(EMPTY.parse::<Digest>().unwrap(), Digest::of(b""));
    }

    #[test]
    fn a_hasher_goes_on_from_the_state_of_another() {
        let whole: Vec<u8> = (0..200_u8).collect();
        for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
            let mut first = Hasher::new(algorithm);
            first.update(&whole[..77]);
            let mut second = Hasher::resume(algorithm, &first.state()).unwrap();
            second.update(&whole[77..]);
            first.update(&whole[77..]);
            assert_eq!(second.finish(), first.finish());
            assert!(Hasher::resume(algorithm, b"something else").is_none());
        }
    }

    #[test]
    fn shortens_for_people_and_for_the_fallback_tag() {
        let digest = Digest::of(b"");
        assert_eq!(digest.short(), "sha256:e3b0…b855");
        assert_eq!(digest.prefix(6), "e3b0c4");
        assert_eq!(digest.fallback_tag(), EMPTY.replace(':', "-"));
    }

    #[test]
    fn refuses_what_is_not_a_digest_and_says_why() {
        for (text, why) in [
            ("latest", "lacks the prefix `sha256:`"),
            ("md5:00", "only sha256"),
            ("sha256:00", "wrong length"),
            (&EMPTY.to_uppercase().replace("SHA256", "sha256"), "lower-case"),
        ] {
            let error = text.parse::<Digest>().unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }
}
