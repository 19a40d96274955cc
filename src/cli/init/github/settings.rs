//! What has to be set on GitHub for the workflows, said once they are written.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::registry::Login;
use super::workflows::all_hosts;
use crate::config::{Config, SignerSettings};

/// Says which variables, secrets and environments the workflows ask for.
pub(super) fn tell(config: &Config, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "next, in the settings of the repository on GitHub:")?;
    writeln!(
        out,
        "  variables WINDLASS_URL and WINDLASS_SHA256: an archive of windlass for the runners and its checksum, or WINDLASS_GIT \
         and WINDLASS_REVISION to build it"
    )?;
    if config
        .environments
        .values()
        .any(|settings| !settings.deploy.is_empty() || settings.sign.is_some())
    {
        writeln!(
            out,
            "  variable WINDLASS_TRUST: the hash of the trusted settings, from `windlass trust --dry-run`; not needed on \
             protected branches"
        )?;
    }
    for environment in config.graph.all() {
        let settings = &config.environments[&environment.name];
        let logins = all_hosts(config, environment)
            .into_iter()
            .flat_map(|host| Login::of(&host).settings());
        let mut needed: BTreeMap<_, _> = logins.map(|(kind, name, what)| (name, (kind, what))).collect();
        if settings.sign.as_ref().and_then(SignerSettings::key).is_some() {
            let what = "the password of the signing key".to_owned();
            needed.insert("COSIGN_PASSWORD".to_owned(), ("secret", what));
        }
        let approval = if environment.protected {
            ", with required reviewers and protected branches only"
        } else {
            ""
        };
        writeln!(out, "  environment {}{approval}", environment.name)?;
        for (name, (kind, what)) in needed {
            writeln!(out, "    {kind} {name}: {what}")?;
        }
    }
    if !config
        .graph
        .all()
        .iter()
        .all(|environment| environment.from.is_empty())
    {
        writeln!(
            out,
            "  for the plans, the same names in the repository itself, with credentials that can only read"
        )?;
    }
    Ok(())
}
