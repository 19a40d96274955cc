//! Who has vouched for the sensitive settings of a repository's file.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::sensitive::{SensitiveSettings, TrustHash};
use crate::domain::{Digest, WriteAccess};
use crate::state;

/// How many versions of one file may be trusted at once: those of some branches.
const MAX_TRUSTED_VERSIONS: usize = 20;
/// The largest file of the store, in bytes.
const MAX_ENTRY_SIZE: u64 = 64 * 1024;

/// What vouches for the sensitive settings of a file.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// What the user has trusted on this machine.
    pub store: Option<TrustStore>,
    /// The hashes that whoever started windlass vouches for: `WINDLASS_TRUST`.
    pub hashes: Vec<TrustHash>,
    /// The text of the file in a commit that only reviewed changes reach.
    pub protected: Option<String>,
}

impl Trust {
    /// Whether the sensitive settings of the file at `path`, whose whole text is `text`, count.
    pub fn covers(&self, path: &Path, text: &str, settings: &SensitiveSettings) -> bool {
        if settings.is_empty() {
            return true;
        }
        let hash = settings.hash();
        self.hashes.contains(hash)
            || self.protected.as_deref() == Some(text)
            || self.store.as_ref().is_some_and(|store| store.has(path, hash))
    }
}

/// What the user has trusted on this machine, by file.
#[derive(Debug, Clone)]
pub struct TrustStore {
    folder: PathBuf,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Entry {
    path: PathBuf,
    trusted: Vec<TrustedVersion>,
}

#[derive(Debug, Serialize, Deserialize)]
struct TrustedVersion {
    hash: String,
    at: Timestamp,
}

impl TrustStore {
    /// The store in the state folder `state`.
    pub fn in_state(state: &Path) -> Self {
        Self {
            folder: state.join("trust"),
        }
    }

    /// Whether this version of the file at `path` is trusted. What cannot be read is not.
    pub fn has(&self, path: &Path, hash: &TrustHash) -> bool {
        self.entry(path)
            .is_ok_and(|entry| entry.trusted.iter().any(|version| version.hash == hash.as_str()))
    }

    /// Remembers that this version of the file at `path` is trusted.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub fn add(&self, path: &Path, hash: &TrustHash, now: Timestamp, _access: WriteAccess) -> io::Result<()> {
        state::create_folder(&self.folder)?;
        let mut entry = self.entry(path).unwrap_or_default();
        entry.path = real(path);
        entry.trusted.retain(|version| version.hash != hash.as_str());
        entry.trusted.push(TrustedVersion {
            hash: hash.to_string(),
            at: now,
        });
        let surplus = entry.trusted.len().saturating_sub(MAX_TRUSTED_VERSIONS);
        entry.trusted.drain(..surplus);
        state::replace(&self.file(path), &serde_json::to_vec_pretty(&entry)?)
    }

    /// Forgets every version of the file at `path`; says whether there was one.
    ///
    /// # Errors
    /// When it cannot be taken away.
    pub fn revoke(&self, path: &Path, _access: WriteAccess) -> io::Result<bool> {
        match std::fs::remove_file(self.file(path)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn entry(&self, path: &Path) -> io::Result<Entry> {
        let Some(bytes) = state::read(&self.file(path), MAX_ENTRY_SIZE)? else {
            return Ok(Entry::default());
        };
        let entry: Entry = serde_json::from_slice(&bytes)?;
        Ok(if entry.path == real(path) {
            entry
        } else {
            Entry::default()
        })
    }

    fn file(&self, path: &Path) -> PathBuf {
        let name = Digest::of(real(path).as_os_str().as_encoded_bytes());
        self.folder.join(format!("{}.json", name.hex()))
    }
}

/// A repository is the same by whatever path it is reached.
fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::{Config, UserFile};
    use super::*;

    const FILE: &str = r#"
[[service]]
name = "app"

[[environment]]
name = "dev"
image = "registry.example.com/dev/app"
deploy = { kind = "command", program = "./deploy.sh", args = ["--now"] }

[registry."corp.example"]
plain_http = true
proxy = "http://127.0.0.1:5798"
concurrency = 3

[github]
api = "https://any.example"

[scanner]
trivy = "./evil.sh"
at_once = 1
"#;

    fn in_folder(text: &str) -> (tempfile::TempDir, PathBuf, TrustStore) {
        let world = tempfile::tempdir().unwrap();
        let path = world.path().join("windlass.toml");
        std::fs::write(&path, text).unwrap();
        let store = TrustStore::in_state(world.path());
        (world, path, store)
    }

    fn trust(store: &TrustStore) -> Trust {
        Trust {
            store: Some(store.clone()),
            ..Trust::default()
        }
    }

    fn access() -> WriteAccess {
        WriteAccess::unless_read_only(false).unwrap()
    }

    #[test]
    fn what_decides_where_secrets_go_or_what_runs_does_not_count_until_it_is_trusted() {
        let (_world, path, store) = in_folder(FILE);
        let config = Config::open(&path, None, &trust(&store)).unwrap();
        let keys: Vec<_> = config
            .withheld
            .iter()
            .map(|setting| setting.key.as_str())
            .collect();
        assert_eq!(
            keys,
            [
                "environment.dev.deploy.args",
                "environment.dev.deploy.kind",
                "environment.dev.deploy.program",
                "github.api",
                "registry.\"corp.example\".plain_http",
                "registry.\"corp.example\".proxy",
                "scanner.trivy",
            ]
        );
        assert!(!config.is_trusted());
        let host = &config.registries["corp.example"];
        assert!(!host.plain_http && host.proxy.is_none());
        assert_eq!(host.concurrency, Some(3), "what only says how much is no secret");
        assert_eq!(config.github.api, None);
        assert_eq!(config.scanner.trivy, Path::new("trivy"));
        assert_eq!(config.scanner.at_once, 1);

        store
            .add(&path, config.withheld.hash(), Timestamp::UNIX_EPOCH, access())
            .unwrap();
        let config = Config::open(&path, None, &trust(&store)).unwrap();
        assert!(config.is_trusted());
        assert!(config.registries["corp.example"].plain_http);
        assert_eq!(config.scanner.trivy, path.parent().unwrap().join("./evil.sh"));

        assert!(store.revoke(&path, access()).unwrap());
        assert!(!Config::open(&path, None, &trust(&store)).unwrap().is_trusted());
    }

    #[test]
    fn trust_ends_with_any_change_of_a_sensitive_setting_and_with_no_other() {
        let (_world, path, store) = in_folder(FILE);
        let hash = |text: &str| {
            std::fs::write(&path, text).unwrap();
            Config::open(&path, None, &Trust::default())
                .unwrap()
                .withheld
                .hash()
                .clone()
        };
        let first = hash(FILE);
        for same in [
            FILE.replace("at_once = 1", "at_once = 2"),
            FILE.replace("\"./evil.sh\"", "'./evil.sh' # a comment"),
            FILE.replace("concurrency = 3\n", ""),
        ] {
            assert_eq!(hash(&same), first, "{same}");
        }
        for other in [
            FILE.replace("--now", "--later"),
            FILE.replace("5798", "5799"),
            FILE.replace("corp.example", "corp2.example"),
            FILE.replace("plain_http = true\n", ""),
            FILE.replace("any.example", "any.example/\\u200b"),
            FILE.replace("name = \"dev\"", "name = \"dev2\""),
            format!("{FILE}token_file = \"t\"\nserver = \"https://x.example\"\n"),
        ] {
            assert_ne!(hash(&other), first, "{other}");
        }
        // Trust in one folder is none in another, whatever stands there.
        store.add(&path, &first, Timestamp::UNIX_EPOCH, access()).unwrap();
        let (_elsewhere, copy, _) = in_folder(FILE);
        assert!(!Config::open(&copy, None, &trust(&store)).unwrap().is_trusted());
    }

    #[test]
    fn a_hash_from_outside_or_a_protected_commit_vouches_for_exactly_what_it_names() {
        let (_world, path, _) = in_folder(FILE);
        let opened = |trust: &Trust| Config::open(&path, None, trust).unwrap();
        let hash = opened(&Trust::default()).withheld.hash().clone();
        let by_hash = Trust {
            hashes: vec![hash],
            ..Trust::default()
        };
        assert!(opened(&by_hash).is_trusted());
        let protected = |text: &str| Trust {
            protected: Some(text.to_owned()),
            ..Trust::default()
        };
        assert!(opened(&protected(FILE)).is_trusted());
        assert!(!opened(&protected("")).is_trusted());
    }

    #[test]
    fn the_users_own_file_needs_no_trust_and_comes_first() {
        let (world, path, _) = in_folder(FILE);
        let own = |text: &str| UserFile::parse(text.to_owned(), &world.path().join("own/config.toml"));
        let folder = world.path().display();
        let user = own(&format!(
            "[registry.\"corp.example\"]\nplain_http = false\nproxy = \"http://proxy.corp.example:3128\"\n\
             [registry.\"other.example\"]\nca_file = \"ca.pem\"\n\
             [github]\napi = \"https://ghe.example\"\n[scanner]\ntrivy = \"bin/trivy\"\n\
             [project.\"{folder}\".environment.dev]\ndeploy = {{ kind = \"command\", program = \"mine\" }}\n"
        ))
        .unwrap();
        let config = Config::open(&path, Some(&user), &Trust::default()).unwrap();
        assert!(config.is_trusted(), "{:?}", config.withheld);
        assert!(!config.registries["corp.example"].plain_http);
        assert_eq!(config.registries["corp.example"].concurrency, Some(3));
        assert_eq!(
            config.registries["other.example"].ca_file.as_deref(),
            Some(&*world.path().join("own/ca.pem"))
        );
        assert_eq!(config.scanner.trivy, world.path().join("own/bin/trivy"));

        for (wrong, why) in [
            ("[check]\nlint = false\n", "unknown key `lint`"),
            ("[git]\nmain = \"x\"\n", "unknown key `git`"),
            (
                "[project.\"/x\".environment.prod]\nprotected = false\n",
                "unknown key `protected`",
            ),
        ] {
            let error = own(wrong).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn no_path_of_a_repository_leads_out_of_it_unless_it_has_to_be_trusted() {
        let (world, path, _) = in_folder(FILE);
        std::os::unix::fs::symlink("/etc/passwd", world.path().join("link")).unwrap();
        for line in [
            "[check]\nartifacts = \"../elsewhere\"\n",
            "[check]\nartifacts = \"/tmp\"\n",
            "[scanner2]\nwaivers = \"link\"\n",
            "[scanner2]\nvex = [\"/etc/passwd\"]\n",
        ] {
            let text = match line.strip_prefix("[scanner2]\n") {
                Some(keys) => format!("{FILE}{keys}"),
                None => format!("{FILE}{line}"),
            };
            std::fs::write(&path, text).unwrap();
            let error = Config::open(&path, None, &Trust::default())
                .unwrap_err()
                .to_string();
            assert!(error.contains("points outside the repository"), "{error}");
        }
        for (from, to) in [
            ("name = \"app\"\n", "name = \"app\"\npath = \"../x\"\n"),
            (
                "name = \"app\"\n",
                "name = \"app\"\ndockerfile = \"/etc/passwd\"\n",
            ),
            ("name = \"app\"\n", "name = \"app\"\nstructure_test = \"link\"\n"),
            (
                "app\"\ndeploy",
                "app\"\nverify = { key = \"/etc/passwd\" }\ndeploy",
            ),
        ] {
            std::fs::write(&path, FILE.replacen(from, to, 1)).unwrap();
            let error = Config::open(&path, None, &Trust::default())
                .unwrap_err()
                .to_string();
            assert!(error.contains("points outside the repository"), "{to}: {error}");
        }
    }
}
