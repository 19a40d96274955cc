//! The file of waivers, with errors that point at the line as those of windlass.toml do.

use std::path::Path;

use toml::de::DeTable;

use super::document::{Document, Origin};
use super::section::Section;
use super::value::Value;
use super::{ConfigError, keys};
use crate::domain::{EnvironmentName, Waiver};

/// Reads the waivers of the file at `path`. A file without any is fine.
///
/// # Errors
/// When the file cannot be read, or a waiver lacks its reason, its owner or its last day: one of these without the
/// others is what makes waivers outlive their sense.
pub fn waivers(path: &Path, known: &[&EnvironmentName]) -> Result<Vec<Waiver>, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    parse(&text, path, known)
}

fn parse(text: &str, path: &Path, known: &[&EnvironmentName]) -> Result<Vec<Waiver>, ConfigError> {
    let document = Document {
        path,
        text,
        origin: Origin::User,
    };
    let table = DeTable::parse(text).map_err(|error| document.syntax(&error))?;
    let root = Section::new(document, keys::WAIVERS, 0..0, table.get_ref())?;
    let list = root.get("waiver").map_or(Ok(Vec::new()), |value| value.list())?;
    list.iter().map(|value| waiver(value, known)).collect()
}

fn waiver(value: &Value<'_>, known: &[&EnvironmentName]) -> Result<Waiver, ConfigError> {
    let section = value.section(keys::WAIVER)?;
    let environments = section
        .get("environments")
        .map_or(Ok(Vec::new()), Value::one_or_many)?;
    Ok(Waiver {
        id: section.require("id")?.text()?,
        package: section.get("package").map(|value| value.parse()).transpose()?,
        reason: section.require("reason")?.text()?,
        owner: section.require("owner")?.text()?,
        expires: section.require("expires")?.date()?,
        environments: environments
            .iter()
            .map(|value| environment(value, known))
            .collect::<Result<_, _>>()?,
    })
}

/// One of the environments that there are: a waiver for any other would never hold, in silence.
fn environment(value: &Value<'_>, known: &[&EnvironmentName]) -> Result<EnvironmentName, ConfigError> {
    let name: EnvironmentName = value.parse()?;
    if known.contains(&&name) {
        return Ok(name);
    }
    let names = known.iter().map(|name| name.as_str());
    let meant = keys::nearest(name.as_str(), names).map(|meant| format!(": did you mean `{meant}`?"));
    Err(value.mistake(format!(
        "no environment named `{name}`{}",
        meant.unwrap_or_default()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Waiver>, String> {
        let stage = "stage".parse().unwrap();
        parse(text, Path::new("waivers.toml"), &[&stage]).map_err(|error| error.to_string())
    }

    const WHOLE: &str = r#"
[[waiver]]
id = "CVE-2026-1"
package = "pkg:apk/alpine/openssl"
reason = "not reachable from outside"
owner = "ana"
expires = 2026-12-31
environments = ["stage"]
"#;

    #[test]
    fn a_waiver_says_what_why_who_and_how_long() {
        let waivers = read(WHOLE).unwrap();
        assert_eq!(waivers.len(), 1);
        assert_eq!(waivers[0].title(), "CVE-2026-1 in pkg:apk/alpine/openssl");
        assert_eq!(waivers[0].expires.to_string(), "2026-12-31");
        assert_eq!(read("").unwrap(), []);
    }

    #[test]
    fn a_waiver_without_reason_owner_or_end_is_refused_with_its_line() {
        for lacking in ["reason", "owner", "expires", "id"] {
            let text: Vec<_> = WHOLE.lines().filter(|line| !line.starts_with(lacking)).collect();
            let error = read(&text.join("\n")).unwrap_err();
            assert!(
                error.contains(&format!("[[waiver]] requires `{lacking}`")),
                "{error}"
            );
            assert!(error.contains("waivers.toml:2"), "{error}");
        }
    }

    #[test]
    fn a_day_may_be_written_as_a_string_and_must_be_one() {
        assert!(read(&WHOLE.replace("2026-12-31", "\"2026-12-31\"")).is_ok());
        for bad in ["\"soon\"", "2026-12-31T00:00:00Z", "7"] {
            let error = read(&WHOLE.replace("2026-12-31", bad)).unwrap_err();
            assert!(error.contains("`expires`"), "{error}");
        }
    }

    #[test]
    fn a_waiver_for_an_environment_that_does_not_exist_is_refused_with_its_line() {
        let error = read(&WHOLE.replace("[\"stage\"]", "[\"stagee\"]")).unwrap_err();
        assert!(
            error.contains("no environment named `stagee`: did you mean `stage`?"),
            "{error}"
        );
        assert!(error.contains("waivers.toml:8"), "{error}");
    }

    #[test]
    fn a_package_is_named_by_its_url() {
        let error = read(&WHOLE.replace("pkg:apk/alpine/openssl", "openssl")).unwrap_err();
        assert!(
            error.contains("is not a package URL such as `pkg:apk/alpine/libcrypto3`"),
            "{error}"
        );
    }
}
