//! What is in the images of the sample and how they are run, and when that changed.

use bytes::Bytes;
use serde_json::{Value, json};

/// A package of the sample: its type, its name, and its versions, each with the commit (counted from the newest) from
/// which on it is there. An empty version is none at all.
struct Package {
    kind: &'static str,
    name: &'static str,
    versions: &'static [(usize, &'static str)],
}

/// The commits that bump the base image are 40, 26 and 1.
const PACKAGES: [Package; 8] = [
    package(
        "apk",
        "busybox",
        &[
            (99, "1.36.1-r26"),
            (40, "1.36.1-r28"),
            (26, "1.36.1-r29"),
            (1, "1.36.1-r31"),
        ],
    ),
    package(
        "apk",
        "libcrypto3",
        &[
            (99, "3.3.0-r2"),
            (40, "3.3.2-r0"),
            (4, "3.3.1-r0"),
            (3, "3.3.2-r0"),
            (1, "3.3.2-r1"),
        ],
    ),
    package("apk", "musl", &[(99, "1.2.5-r0")]),
    package(
        "golang",
        "github.com/jackc/pgx/v5",
        &[(99, "v5.5.5"), (26, "v5.6.0"), (8, "v5.5.5")],
    ),
    package("golang", "github.com/parquet-go/parquet-go", &[(2, "v0.23.0")]),
    package(
        "golang",
        "golang.org/x/crypto",
        &[(99, "v0.23.0"), (26, "v0.24.0"), (1, "v0.26.0")],
    ),
    package("golang", "gopkg.in/yaml.v2", &[(99, "v2.4.0"), (19, "")]),
    package("golang", "github.com/shopspring/decimal", &[(99, "v1.4.0")]),
];

const fn package(
    kind: &'static str,
    name: &'static str,
    versions: &'static [(usize, &'static str)],
) -> Package {
    Package { kind, name, versions }
}

/// A package as it is in one image.
pub(super) struct Installed {
    pub(super) kind: &'static str,
    pub(super) name: &'static str,
    pub(super) version: &'static str,
}

/// What is in the image of the commit `nth`.
pub(super) fn installed(nth: usize) -> impl Iterator<Item = Installed> {
    PACKAGES.iter().filter_map(move |package| {
        let since = package.versions.iter().rev().find(|(from, _)| nth <= *from);
        let (_, version) = since.filter(|(_, version)| !version.is_empty())?;
        Some(Installed {
            kind: package.kind,
            name: package.name,
            version,
        })
    })
}

/// The SBOM of that image, for all of its platforms.
pub(super) fn sbom(nth: usize) -> Bytes {
    let packages = installed(nth).map(|package| {
        let Installed { kind, name, version } = package;
        let path = if kind == "apk" { format!("alpine/{name}") } else { name.to_owned() };
        json!({ "type": "library", "name": name, "version": version, "purl": format!("pkg:{kind}/{path}@{version}") })
    });
    let system = json!({ "type": "operating-system", "name": "alpine", "version": "3.20.3" });
    let document = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "component": { "type": "container", "name": "payment-svc" } },
        "components": std::iter::once(system).chain(packages).collect::<Vec<_>>(),
    });
    Bytes::from(document.to_string())
}

/// How that image is run.
pub(super) fn settings(nth: usize) -> Value {
    let mut environment = vec!["PATH=/usr/bin:/bin".to_owned()];
    let limits = if nth <= 5 { "soft" } else { "off" };
    environment.push(format!("PAYMENT_LIMITS={limits}"));
    if nth <= 3 {
        environment.push("OTEL_TRACES_EXPORTER=otlp".to_owned());
    }
    json!({
        "User": "65532",
        "Entrypoint": ["payment-svc"],
        "Cmd": ["serve"],
        "Env": environment,
        "ExposedPorts": { "8080/tcp": {} },
        "WorkingDir": "/srv",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_come_go_and_change() {
        let version = |nth, name| installed(nth).find(|one| one.name == name).map(|one| one.version);
        assert_eq!(version(15, "busybox"), Some("1.36.1-r29"));
        assert_eq!(version(0, "busybox"), Some("1.36.1-r31"));
        assert_eq!(version(20, "gopkg.in/yaml.v2"), Some("v2.4.0"));
        assert_eq!(version(19, "gopkg.in/yaml.v2"), None);
        assert_eq!(version(3, "github.com/parquet-go/parquet-go"), None);
    }
}
