//! windlass.toml: what is accepted, what is refused with which words, and that the documentation knows every key.

#![expect(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use windlass::config::{ALL_KEYS, Config, FLEET_KEYS, FleetConfig, Trust, VerifySettings};
use windlass::domain::{ChangeMethod, DeployerSettings, YamlFormat};

fn fixtures(kind: &str) -> Vec<PathBuf> {
    let folder = Path::new("tests/fixtures/config").join(kind);
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no files in {}", folder.display());
    files
}

#[test]
fn accepts_every_valid_file() {
    for file in fixtures("valid") {
        if let Err(error) = Config::load(&file) {
            panic!("{error}");
        }
    }
}

#[test]
fn refuses_every_invalid_file_with_its_place_and_advice() {
    let mut all = String::new();
    for file in fixtures("invalid") {
        let error = Config::load(&file).expect_err(&file.display().to_string());
        assert_eq!(error.exit().code(), 2);
        let text = error.to_string();
        let name = file.file_name().unwrap().to_str().unwrap();
        let text = text.strip_prefix("tests/fixtures/config/invalid/").unwrap();
        assert!(text.starts_with(name), "{text}");
        writeln!(all, "{text}").unwrap();
        if let Some(hint) = error.hint() {
            writeln!(all, "hint: {hint}").unwrap();
        }
        all.push('\n');
    }
    insta::assert_snapshot!("invalid_configurations", all);
}

#[test]
fn orders_environments_by_their_sources_and_fills_in_defaults() {
    let file = Path::new("tests/fixtures/config/valid/out-of-order-with-two-sources.toml");
    let config = Config::load(file).unwrap();
    let names: Vec<_> = config.graph.all().iter().map(|e| e.name.as_str()).collect();
    assert_eq!(names, ["hotfix", "dev", "stage", "prod"]);
    assert_eq!(config.git.develop.as_str(), "develop");
    let prod = &config.environments[&"prod".parse().unwrap()];
    let folder = file.parent().unwrap();
    assert_eq!(
        prod.sign.as_ref().unwrap().key().unwrap().key,
        folder.join("keys/prod.key")
    );
    assert_eq!(
        prod.verify,
        Some(VerifySettings::Key(folder.join("keys/prod.pub")))
    );
    assert!(config.graph.get(&"prod".parse().unwrap()).unwrap().protected);
}

#[test]
fn finds_the_file_in_a_folder_above() {
    let root = tempfile::tempdir().unwrap();
    let deep = root.path().join("a/b");
    std::fs::create_dir_all(&deep).unwrap();
    let missing = Config::discover(&deep).unwrap_err();
    assert!(
        missing.to_string().contains("cannot find windlass.toml"),
        "{missing}"
    );
    assert!(missing.hint().unwrap().contains("windlass init"));
    std::fs::copy(
        "tests/fixtures/config/valid/least.toml",
        root.path().join("windlass.toml"),
    )
    .unwrap();
    assert_eq!(Config::discover(&deep).unwrap().folder(), root.path());
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let error = Config::load(Path::new("tests/fixtures")).unwrap_err();
    assert!(
        error.to_string().starts_with("could not read tests/fixtures: "),
        "{error}"
    );
}

#[test]
fn the_example_loads_and_says_what_it_means() {
    let config = Config::load(Path::new("config.example.toml")).unwrap();
    let prod = &config.environments[&"prod".parse().unwrap()];
    assert_eq!(prod.verify, Some(VerifySettings::Key("cosign.pub".into())));
    let stage = &config.environments[&"stage".parse().unwrap()];
    assert!(
        matches!(&stage.deploy[..], [DeployerSettings::Command(command), DeployerSettings::Ecs(_), DeployerSettings::Webhook(_)] if command.program == "./deploy.sh")
    );
    let [
        DeployerSettings::Gitops(first),
        DeployerSettings::Gitops(second),
        ..,
    ] = &prod.deploy[..]
    else {
        panic!("{:?}", prod.deploy)
    };
    assert_eq!(first.place.image.as_deref(), Some("prod.example.com/{service}"));
    assert_eq!(
        first.wait_for.as_ref().unwrap().words(),
        "Flux Kustomization flux-system/apps in context prod"
    );
    assert_eq!(second.place.format, Some(YamlFormat::Helm));
    assert_eq!(second.method, ChangeMethod::PullRequest);
    assert_eq!(stage.after.len(), 3);
}

#[test]
fn a_webhook_for_notifications_counts_once_its_address_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("windlass.toml");
    let text = std::fs::read_to_string("tests/fixtures/config/valid/least.toml").unwrap();
    let webhook = "\n[[notify]]\nurl = \"https://hooks.example.com/x\"\nsecret_file = \"/run/secrets/x\"\n";
    std::fs::write(&path, text + webhook).unwrap();
    let config = Config::open(&path, None, &Trust::default()).unwrap();
    assert_eq!(config.notify, []);
    let withheld: Vec<_> = config
        .withheld
        .iter()
        .map(|setting| setting.key.as_str())
        .collect();
    assert_eq!(withheld, ["notify.0.secret_file", "notify.0.url"]);
    let trusted = Config::load(&path).unwrap();
    assert_eq!(trusted.notify[0].url.as_str(), "https://hooks.example.com/x");
}

#[test]
fn the_example_documents_every_key() {
    let text = std::fs::read_to_string("config.example.toml").unwrap();
    let example: toml::Table = text.parse().unwrap();
    let mut found = std::collections::BTreeSet::new();
    collect(&toml::Value::Table(example), &mut found);
    for keys in ALL_KEYS {
        for key in keys.known {
            assert!(
                found.contains(*key),
                "config.example.toml lacks `{key}` of {}",
                keys.section
            );
        }
    }
}

#[test]
fn the_example_of_a_fleet_loads_and_documents_every_key() {
    let text = std::fs::read_to_string("fleet.example.toml").unwrap();
    let fleet = FleetConfig::parse(&text, Path::new("fleet.toml")).unwrap();
    assert_eq!(fleet.projects.len(), 2);
    let example: toml::Table = text.parse().unwrap();
    let mut found = std::collections::BTreeSet::new();
    collect(&toml::Value::Table(example), &mut found);
    for key in FLEET_KEYS.iter().flat_map(|keys| keys.known) {
        assert!(found.contains(*key), "fleet.example.toml lacks `{key}`");
    }
}

proptest::proptest! {
    #[test]
    fn no_damage_to_a_file_makes_the_reader_panic(at in 0_usize..6000, length in 0_usize..40, junk in ".{0,12}") {
        let mut text = std::fs::read_to_string("config.example.toml").unwrap();
        let from = text.floor_char_boundary(at.min(text.len()));
        let to = text.floor_char_boundary((from + length).min(text.len()));
        text.replace_range(from..to, &junk);
        if let Err(error) = Config::parse(&text, Path::new("windlass.toml")) {
            let shown = error.to_string();
            proptest::prop_assert!(shown.starts_with("windlass.toml:"), "{}", shown);
            proptest::prop_assert!(!shown.contains(char::from(27)), "{}", shown);
        }
    }
}

fn collect(value: &toml::Value, into: &mut std::collections::BTreeSet<String>) {
    match value {
        toml::Value::Table(table) => {
            for (key, value) in table {
                into.insert(key.clone());
                collect(value, into);
            }
        }
        toml::Value::Array(items) => items.iter().for_each(|item| collect(item, into)),
        _ => {}
    }
}

#[test]
fn a_repository_of_configuration_needs_an_address_that_starts_nothing_and_a_file_inside_of_it() {
    let gitops = |keys: &str| {
        let deploy = format!("deploy = {{ kind = \"gitops\", branch = \"main\", {keys} }}");
        let text = format!(
            "[[service]]\nname = \"app\"\n[[environment]]\nname = \"dev\"\nimage = \"r.example.com/dev/app\"\n{deploy}\n"
        );
        Config::parse(&text, Path::new("windlass.toml")).map(drop)
    };
    let remote = |address: &str| gitops(&format!("remote = \"{address}\", file = \"a/values.yaml\""));
    for address in [
        "https://h/x.git",
        "git@h:x.git",
        "ssh://git@h/x",
        "../config.git",
        "/srv/config.git",
    ] {
        assert!(remote(address).is_ok(), "{address}: {:?}", remote(address));
    }
    for (address, why) in [
        ("ext::sh -c true", "is not the address of a repository"),
        ("--upload-pack=x", "is not the address of a repository"),
        ("ftp://h/x", "unknown scheme `ftp`"),
        ("", "is not the address of a repository"),
    ] {
        let error = remote(address).unwrap_err().to_string();
        assert!(error.contains(why), "{address}: {error}");
    }
    for file in [
        "../values.yaml",
        "/values.yaml",
        "a//b.yaml",
        ".git/config",
        "a/./b.yaml",
    ] {
        let error = gitops(&format!("remote = \"https://h/x\", file = \"{file}\"")).unwrap_err();
        assert!(
            error.to_string().contains("is not a path inside of a repository"),
            "{file}: {error}"
        );
    }
}

#[test]
fn an_approval_rule_that_nobody_can_fulfil_or_that_cannot_be_checked_is_a_mistake() {
    let gate = |rule: &str, trusted: &str| {
        let text = format!(
            "[[service]]\nname = \"app\"\n[[environment]]\nname = \"dev\"\nimage = \"r.example.com/dev/app\"\n\
             [[environment]]\nname = \"prod\"\nfrom = \"dev\"\nimage = \"r.example.com/prod/app\"\n\
             gate.approvals = {{ {rule}trusted = [{trusted}] }}\n"
        );
        Config::parse(&text, Path::new("windlass.toml"))
    };
    let ana = "{ name = \"Ana\", key = \"ana.pub\", roles = [\"qa\"], emails = [\"a@example.com\"], users = [\"ana\"] }";
    let bo = "{ name = \"Bo\", key = \"bo.pub\" }";
    let both = format!("{ana}, {bo}");
    let config = gate("required = 2, roles = { qa = 1 }, ", &both).unwrap();
    let policy = config.environments[&"prod".parse().unwrap()]
        .approvals
        .as_ref()
        .unwrap();
    assert_eq!((policy.required, policy.trusted.len()), (2, 2));
    let twin = format!("{ana}, {{ name = \"Bo\", key = \"ana.pub\" }}");
    // Another key of hers is no other person.
    let again = format!("{ana}, {{ name = \"Ana\", key = \"new.pub\" }}");
    for (rule, trusted, why) in [
        (
            "required = 3, ",
            &both,
            "3 people have to approve, and 2 are trusted",
        ),
        (
            "required = 2, ",
            &again,
            "2 people have to approve, and 1 are trusted",
        ),
        ("required = 0, ", &both, "must be at least 1"),
        (
            "roles = { qa = 2 }, ",
            &both,
            "2 have to approve as qa, and 1 of the trusted have that role",
        ),
        (
            "exclude_author = true, ",
            &both,
            "`exclude_author` requires `emails`",
        ),
        (
            "exclude_promoter = true, ",
            &both,
            "`exclude_promoter` requires `users`",
        ),
        ("max_age = \"9000d\", ", &both, "is longer than a year"),
        ("", &twin, "has the same key as"),
        (
            "",
            &bo.replace("bo.pub", "../bo.pub"),
            "points outside the repository",
        ),
    ] {
        let error = gate(rule, trusted).unwrap_err().to_string();
        assert!(error.contains(why), "{rule}: {error}");
    }
    let exclude = "exclude_author = true, exclude_promoter = true, ";
    assert!(gate(exclude, ana).is_ok() && gate(exclude, &again).is_ok());
    let text = "[[service]]\nname = \"app\"\n[[environment]]\nname = \"dev\"\nimage = \"r.example.com/dev/app\"\n\
         gate.approvals = { trusted = [{ name = \"Bo\", key = \"bo.pub\" }] }\n";
    let error = Config::parse(text, Path::new("windlass.toml"))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("receives builds, so nothing is promoted there"),
        "{error}"
    );
}
