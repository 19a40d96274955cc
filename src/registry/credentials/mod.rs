//! Who we are at a registry: the files of Docker and Podman, read in their order, the most specific entry for each
//! repository; and credential helpers.

mod auth_file;
mod helper;
mod locations;
mod login;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::error::RegistryError;
use auth_file::{AuthFile, Entry};

pub(super) use auth_file::docker_key;
pub(super) use login::{Credentials, Login, refusal};

/// One slot for each key, filled by whoever comes first while the others wait.
type Slots<K, V> = Mutex<HashMap<K, Arc<OnceCell<V>>>>;

/// All credentials of the user. Each repository is looked up once; each helper is asked once for one name.
pub(super) struct Keyring {
    /// The one file that is read where it is named.
    named: Option<PathBuf>,
    logins: Slots<(String, String), Arc<Login>>,
    helpers: Slots<(String, String), Option<Credentials>>,
}

impl Keyring {
    pub(super) fn new(named: Option<PathBuf>) -> Self {
        Self {
            named,
            logins: Mutex::default(),
            helpers: Mutex::default(),
        }
    }

    /// The credentials for the repository `path` of `host`; for the host itself where the path is empty. Nothing found
    /// is anonymous; a helper that fails or a file that cannot be read is an error, because going on without the
    /// credentials that were configured would hide the mistake.
    pub(super) async fn look_up(&self, host: &str, path: &str) -> Result<Arc<Login>, RegistryError> {
        let slot = slot(&self.logins, (host.to_owned(), path.to_owned()));
        let found = slot
            .get_or_try_init(|| async {
                self.search(host, path)
                    .await
                    .map(Arc::new)
                    .map_err(|why| RegistryError::Credentials {
                        host: host.to_owned(),
                        why,
                    })
            })
            .await?;
        Ok(Arc::clone(found))
    }

    async fn search(&self, host: &str, path: &str) -> Result<Login, String> {
        for location in locations::files(self.named.as_deref()) {
            let Some(file) = AuthFile::read(&location)? else {
                continue;
            };
            if let Some(login) = self.in_file(&file, host, path).await? {
                return Ok(login);
            }
        }
        Ok(Login::anonymous())
    }

    /// What one file says, the most specific first: at each step a helper of its own, then what is written there; at
    /// last the file's general helper.
    async fn in_file(&self, file: &AuthFile, host: &str, path: &str) -> Result<Option<Login>, String> {
        for key in auth_file::keys(host, path) {
            if let Some((name, helper)) = file.helper(&key)
                && let Some(login) = self.ask(file, "credHelpers", name, helper).await?
            {
                return Ok(Some(login));
            }
            match file.entry(&key)? {
                Some((name, Entry::Credentials(credentials))) => {
                    return Ok(Some(Login {
                        credentials,
                        source: format!("entry `{name}` in {}", file.path()),
                    }));
                }
                // An empty entry says that the general helper keeps them under this name.
                Some((name, Entry::Empty)) if let Some(store) = file.store() => {
                    if let Some(login) = self.ask(file, "credsStore", name, store).await? {
                        return Ok(Some(login));
                    }
                }
                _ => {}
            }
        }
        match file.store() {
            Some(store) => self.ask(file, "credsStore", docker_key(host), store).await,
            None => Ok(None),
        }
    }

    async fn ask(
        &self,
        file: &AuthFile,
        section: &str,
        name: &str,
        helper: &str,
    ) -> Result<Option<Login>, String> {
        let source = format!("entry `{name}` from {}", helper::program(helper));
        let slot = slot(&self.helpers, (helper.to_owned(), name.to_owned()));
        let found = slot
            .get_or_try_init(|| helper::ask(helper, name))
            .await
            .map_err(|why| format!("{why} (configured in {}: `{section}`, for `{name}`)", file.path()))?;
        Ok(found.clone().map(|credentials| Login {
            credentials,
            source: format!("{source}, configured in {}", file.path()),
        }))
    }
}

fn slot<K: std::hash::Hash + Eq, V>(slots: &Slots<K, V>, key: K) -> Arc<OnceCell<V>> {
    let mut slots = slots.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(slots.entry(key).or_default())
}
