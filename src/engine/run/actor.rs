//! Who runs something.

use crate::domain::clean_line;
use crate::engine::Engine;

/// User and host, as the journal names whoever runs something.
pub(in crate::engine) struct Actor {
    pub(in crate::engine) user: String,
    pub(in crate::engine) host: String,
}

impl Engine {
    /// Who is at work here: by the environment, as CI and logins set it, or else by git's identity.
    pub(in crate::engine) fn actor(&self) -> Actor {
        let variable = |name: &str| std::env::var(name).ok();
        Actor::new(variable, || self.identity())
    }

    /// How git knows whoever is at work here.
    pub(in crate::engine) fn identity(&self) -> Option<String> {
        self.repository()?.identity()
    }
}

impl Actor {
    /// Who is at work here: by the environment, or else as git knows them.
    pub(in crate::engine) fn known_as(identity: Option<String>) -> Self {
        Self::new(|name| std::env::var(name).ok(), || identity)
    }

    /// By the first of the variables that is set, or else by the identity that git has.
    fn new(variable: impl Fn(&str) -> Option<String>, identity: impl FnOnce() -> Option<String>) -> Self {
        let name = |name| variable(name).filter(|value| !value.is_empty());
        let user = name("GITHUB_ACTOR")
            .or_else(|| name("USER"))
            .or_else(|| name("LOGNAME"))
            .or_else(identity);
        Self {
            user: clean_line(user.as_deref().unwrap_or("someone")),
            host: clean_line(&rustix::system::uname().nodename().to_string_lossy()),
        }
    }
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.user, self.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_the_environment_does_not_name_is_called_as_git_knows_them() {
        let user = |set: &[(&str, &str)], identity: Option<&str>| {
            let variable = |name: &str| {
                let found = set.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            Actor::new(variable, || identity.map(str::to_owned)).user
        };
        let git = Some("Ana Ruiz");
        assert_eq!(user(&[("USER", "ana"), ("GITHUB_ACTOR", "octo")], git), "octo");
        assert_eq!(user(&[("LOGNAME", "ana")], git), "ana");
        assert_eq!(user(&[("USER", "")], git), "Ana Ruiz");
        assert_eq!(user(&[], None), "someone");
    }
}
