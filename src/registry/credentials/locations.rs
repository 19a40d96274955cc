//! Where Docker and Podman keep credentials, in the order in which they are read
//! (containers-auth.json(5), and `DOCKER_CONFIG` of the docker command).

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// A file that may have credentials.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Location {
    pub(super) path: PathBuf,
    /// Whether somebody named it, so that it has to be there.
    pub(super) must_exist: bool,
    /// Whether it is a `.dockercfg`: what other files have in `auths`, and nothing else.
    pub(super) is_legacy: bool,
}

/// The files to read. `named` is the only one where it is given.
pub(super) fn files(named: Option<&Path>) -> Vec<Location> {
    match named {
        Some(path) => vec![must_exist(path.to_owned())],
        None => usual(&|name| std::env::var_os(name), rustix::process::getuid().as_raw()),
    }
}

fn must_exist(path: PathBuf) -> Location {
    Location {
        path,
        must_exist: true,
        is_legacy: false,
    }
}

/// As `variable` says; an empty variable is unset.
fn usual(variable: &dyn Fn(&str) -> Option<OsString>, user: u32) -> Vec<Location> {
    let folder = |name: &str| variable(name).filter(|text| !text.is_empty()).map(PathBuf::from);
    let maybe = |path: PathBuf| Location {
        path,
        must_exist: false,
        is_legacy: false,
    };
    let docker = folder("DOCKER_CONFIG").map(|folder| maybe(folder.join("config.json")));
    // Podman reads the file that this variable names and no other of its own; the docker command has a variable, too.
    if let Some(path) = folder("REGISTRY_AUTH_FILE") {
        return [must_exist(path)].into_iter().chain(docker).collect();
    }
    let home = folder("HOME");
    let in_home = |path: &str| home.as_ref().map(|home| home.join(path));
    let runtime = folder("XDG_RUNTIME_DIR").map(|folder| folder.join("containers/auth.json"));
    let config = folder("XDG_CONFIG_HOME").or_else(|| in_home(".config"));
    let config = config.map(|folder| folder.join("containers/auth.json"));
    let has_docker = docker.is_some();
    let mut found: Vec<_> = docker.into_iter().collect();
    found.extend(runtime.map(maybe));
    found.push(maybe(format!("/run/containers/{user}/auth.json").into()));
    found.extend(config.map(maybe));
    found.extend(in_home(".docker/config.json").filter(|_| !has_docker).map(maybe));
    found.extend(in_home(".dockercfg").map(|path| Location {
        is_legacy: true,
        ..maybe(path)
    }));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(variables: &[(&str, &str)]) -> Vec<String> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        let found = usual(&variable, 1000).into_iter();
        found.map(|file| file.path.display().to_string()).collect()
    }

    #[test]
    fn files_are_read_in_the_order_of_podman_and_docker() {
        assert_eq!(
            paths(&[
                ("HOME", "/h"),
                ("XDG_RUNTIME_DIR", "/run/user/1000"),
                ("DOCKER_CONFIG", "")
            ]),
            [
                "/run/user/1000/containers/auth.json",
                "/run/containers/1000/auth.json",
                "/h/.config/containers/auth.json",
                "/h/.docker/config.json",
                "/h/.dockercfg",
            ]
        );
        assert_eq!(
            paths(&[("HOME", "/h"), ("DOCKER_CONFIG", "/d"), ("XDG_CONFIG_HOME", "/c")]),
            [
                "/d/config.json",
                "/run/containers/1000/auth.json",
                "/c/containers/auth.json",
                "/h/.dockercfg"
            ]
        );
        assert_eq!(
            paths(&[
                ("HOME", "/h"),
                ("REGISTRY_AUTH_FILE", "/a.json"),
                ("DOCKER_CONFIG", "/d")
            ]),
            ["/a.json", "/d/config.json"]
        );
    }
}
