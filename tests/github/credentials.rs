//! What requests are authorised by, besides a token: the login of `gh`, and a GitHub App.

use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use windlass::domain::{Exit, GitHubApp};
use windlass::github::{Credentials, GitHub, GitHubError, GitHubSettings};

use super::app_store::{APP, App, INSTALLATION};
use super::call::{program, text};
use super::fake::{Fake, TOKEN};
use super::reads::commit;
use super::sample::world_at;

/// A program `gh` that is logged in at `host` alone, and leaves a file where it was called.
fn gh(folder: &Path, host: &str) -> PathBuf {
    std::fs::create_dir_all(folder).unwrap();
    let script = format!(
        "#!/bin/sh\necho \"$@\" >>\"{}/calls\"\n[ \"$*\" = \"auth token --hostname {host}\" ] && echo {TOKEN}\n",
        folder.display()
    );
    let mut options = std::fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o755)
        .open(folder.join("gh"))
        .unwrap();
    std::io::Write::write_all(&mut file, script.as_bytes()).unwrap();
    folder.join("calls")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_login_of_gh_is_used_where_nothing_else_is_set_and_only_if_it_is_not_of_the_repository() {
    let (world, fake) = (world_at(Timestamp::now()).await, Fake::start().await);
    fake.store().actions.begin("Promote x to stage");
    let folder = world.repository();
    let path = folder.join("windlass.toml");
    let old = std::fs::read_to_string(&path).unwrap();
    let github = format!(
        "[github]\napi = \"{}\"\nrepository = \"acme/app\"\n",
        fake.address
    );
    std::fs::write(&path, github + &old).unwrap();
    let host = fake.address.strip_prefix("http://").unwrap();
    let outside = world.folder().join("bin");
    let (calls, planted) = (gh(&outside, host), gh(&folder.join("bin"), host));
    let runs = |folders: &[&Path]| {
        let path = std::env::join_paths(
            folders
                .iter()
                .copied()
                .chain([Path::new("/usr/bin"), Path::new("/bin")]),
        );
        let mut program = program(&folder, &folder.join("state"), &["runs", "--github"]);
        program
            .env("PATH", path.unwrap())
            .env_remove("GH_TOKEN")
            .env_remove("GITHUB_TOKEN");
        program
    };
    let shown = |fake: &Fake| {
        let store = fake.store();
        store.asked.last().and_then(|asked| asked.authorization.clone())
    };
    let bearer = format!("Bearer {TOKEN}");

    let output = runs(&[&folder.join("bin"), &outside]).output().await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(shown(&fake), Some(bearer.clone()));
    assert_eq!(std::fs::read_to_string(&calls).unwrap().lines().count(), 1);
    assert!(!planted.exists(), "what is in the repository was run");

    let output = runs(&[&outside]).env("GH_TOKEN", TOKEN).output().await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(
        std::fs::read_to_string(&calls).unwrap().lines().count(),
        1,
        "it was asked all the same"
    );

    std::fs::remove_file(outside.join("gh")).unwrap();
    gh(&world.folder().join("elsewhere"), "github.com");
    let output = runs(&[&world.folder().join("elsewhere")]).output().await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(
        shown(&fake),
        None,
        "not logged in there, so that nothing is shown"
    );
}

/// The App in `folder`, and what the fake knows of it.
fn app(fake: &Fake, folder: &Path, installation: Option<u64>, lasts: SignedDuration) -> GitHubApp {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let private: Pkcs8V1Der<'static> = pair.as_der().unwrap();
    let public: PublicKeyX509Der<'static> = pair.public_key().as_der().unwrap();
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(private.as_ref())
    );
    let key_file = folder.join("app.pem");
    std::fs::write(&key_file, pem).unwrap();
    fake.store().app = Some(App {
        key: public.as_ref().to_vec(),
        lasts,
        shown: Vec::new(),
    });
    GitHubApp {
        id: APP.to_owned(),
        installation,
        key_file,
    }
}

fn open(fake: &Fake, app: GitHubApp) -> GitHub {
    let settings = GitHubSettings {
        api: Some(fake.address.parse().unwrap()),
        repository: Some("acme/app".parse().unwrap()),
        ..GitHubSettings::default()
    };
    GitHub::open(&settings, None, Credentials::App(app))
        .unwrap()
        .unwrap()
}

#[tokio::test]
async fn an_app_shows_the_token_of_its_installation_until_a_minute_before_that_ends() {
    let folder = tempfile::tempdir().unwrap();
    for (lasts, installation, exchanges) in [
        (3600, Some(INSTALLATION), 1),
        (59, Some(INSTALLATION), 2),
        (3600, None, 1),
    ] {
        let fake = Fake::start().await;
        fake.run(commit().as_str(), "test", "completed", Some("success"));
        let app = app(
            &fake,
            folder.path(),
            installation,
            SignedDuration::from_secs(lasts),
        );
        let github = open(&fake, app);
        for _ in 0..2 {
            github.rules("main").await.unwrap();
        }
        let asked = fake.count("POST", "/access_tokens");
        // Rules are two requests.
        let wanted = if exchanges == 1 { 1 } else { 4 };
        assert_eq!(asked, wanted, "{lasts} s");
        assert_eq!(
            fake.count("GET", "/installation"),
            usize::from(installation.is_none())
        );
        let bearer = format!("Bearer {TOKEN}");
        let store = fake.store();
        let asked = store
            .asked
            .iter()
            .filter(|asked| asked.path.contains("/branches/"));
        assert!(asked.clone().count() > 0);
        assert!(
            asked
                .clone()
                .all(|asked| asked.authorization.as_ref() == Some(&bearer))
        );
    }
}

#[tokio::test]
async fn a_key_that_is_not_the_apps_is_refused_and_no_error_shows_what_was_sent() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::start().await;
    let hour = SignedDuration::from_hours(1);
    let other = app(&fake, folder.path(), None, hour);
    let key = std::fs::read_to_string(&other.key_file).unwrap();
    let known = folder.path().join("known");
    std::fs::create_dir(&known).unwrap();
    app(&fake, &known, None, hour);
    let error = open(&fake, other.clone()).rules("main").await.unwrap_err();
    assert_eq!(error.exit(), Exit::NotAuthorised, "{error}");
    assert!(
        error
            .to_string()
            .contains("the installation of the GitHub App in acme/app"),
        "{error}"
    );
    let sent = fake.store().asked[0].authorization.clone().unwrap();
    let shown = format!("{error} {error:?} {:?}", error.hint());
    assert!(!shown.contains(sent.trim_start_matches("Bearer ")), "{shown}");

    for broken in [
        "",
        "no key",
        &key.replace("PRIVATE KEY", "CERTIFICATE"),
        &key[..200],
    ] {
        std::fs::write(&other.key_file, broken).unwrap();
        let error = open(&fake, other.clone()).rules("main").await.unwrap_err();
        assert!(matches!(error, GitHubError::Token(_)), "{error:?}");
        assert!(!format!("{error:?}").contains(&key[40..60]), "{error:?}");
    }
}
