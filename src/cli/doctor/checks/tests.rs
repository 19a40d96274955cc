use super::super::Status;
use super::*;
use crate::config::ConfigError;
use crate::demo::registry::{EmbeddedRegistry, Options};

fn config(text: &str) -> Result<Config, ConfigError> {
    Config::parse(text, Path::new("windlass.toml"))
}

fn git(folder: &Path, args: &[&str]) {
    let done = std::process::Command::new("git")
        .args([
            "-c",
            "user.name=A",
            "-c",
            "user.email=a@example.com",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(args)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
}

#[tokio::test]
async fn looks_at_the_repository_its_branches_and_its_remote() {
    let world = tempfile::tempdir().unwrap();
    let (bare, clone) = (world.path().join("bare"), world.path().join("clone"));
    git(world.path(), &["init", "-q", "--bare", "bare"]);
    git(world.path(), &["init", "-q", "-b", "develop", "clone"]);
    git(&clone, &["commit", "-q", "--allow-empty", "-m", "first"]);
    git(&clone, &["remote", "add", "origin", "../bare"]);
    let text = "[[service]]\nname = \"a\"\n[[environment]]\nname = \"dev\"\nimage = \"r.example.com/a\"\n";
    let config = Config::parse(text, &clone.join("windlass.toml")).unwrap();

    let found = repository(&config).await;
    let states: Vec<_> = found.iter().map(|f| (f.subject, f.status)).collect();
    assert_eq!(
        states,
        [
            ("repository", Status::Ok),
            ("branch", Status::Ok),
            // There is no main.
            ("branch", Status::Warning),
            ("remote", Status::Ok)
        ]
    );

    std::fs::remove_dir_all(bare).unwrap();
    let found = repository(&config).await;
    assert_eq!(found.last().unwrap().status, Status::Problem);
    assert!(found.last().unwrap().hint.is_some());
}

#[tokio::test]
async fn a_missing_scanner_is_no_problem_and_a_missing_git_is() {
    let nowhere = Path::new("/nowhere/at/all");
    assert_eq!(tool("trivy", nowhere, false).await.status, Status::Warning);
    assert_eq!(tool("git", nowhere, true).await.status, Status::Problem);
}

#[tokio::test]
async fn says_of_each_registry_whether_it_answers() {
    let registry = EmbeddedRegistry::start(Options::default()).await.unwrap();
    let text = format!(
        "[[service]]\nname = \"a\"\n\
         [[environment]]\nname = \"dev\"\nimage = \"{}/dev/{{service}}\"\n\
         [[environment]]\nname = \"stage\"\nfrom = \"dev\"\nimage = \"127.0.0.1:1/{{service}}\"\n",
        registry.host()
    );
    let findings = registries(&config(&text).unwrap()).await;
    let of = |host: &str| {
        findings
            .iter()
            .find(|f| f.summary.as_str().contains(host))
            .unwrap()
    };
    assert_eq!(of(&registry.host()).status, Status::Ok);
    assert_eq!(of("127.0.0.1:1").status, Status::Problem);
    registry.shutdown().await;
}

#[tokio::test]
async fn github_that_does_not_answer_is_a_problem_unless_a_cut_does_without_it() {
    let services =
        "[[service]]\nname = \"a\"\n[[environment]]\nname = \"dev\"\nimage = \"r.example.com/a\"\n";
    let said = |more: &str| {
        let github = "[github]\nrepository = \"acme/app\"\napi = \"http://127.0.0.1:1\"\n";
        config(&format!("{github}{more}\n{services}")).unwrap()
    };
    let required = github(&said("")).await;
    assert_eq!(required[0].status, Status::Problem);
    assert!(
        required[0].summary.as_str().contains("127.0.0.1:1"),
        "{required:?}"
    );
    assert!(required[0].hint.is_some());
    let off = github(&said("checks = \"off\"")).await;
    assert_eq!(off[0].status, Status::Warning);
}

#[tokio::test]
async fn keys_and_deployers_that_are_missing_are_problems_with_advice() {
    let config = config(
        "[[service]]\nname = \"a\"\n[[environment]]\nname = \"dev\"\nimage = \"r.example.com/{service}\"\n\
         sign = { key = \"no.key\", password_file = \"no.password\" }\n\
         deploy = { kind = \"command\", program = \"./no-deploy.sh\" }\n",
    )
    .unwrap();
    let mut findings = keys(&config);
    findings.extend(deployers(&config).await);
    let subjects: Vec<_> = findings.iter().map(|finding| finding.subject).collect();
    assert_eq!(subjects, ["signing key", "password", "public key", "deploy"]);
    for finding in findings {
        assert_eq!(finding.status, Status::Problem, "{finding:?}");
    }
}

#[tokio::test]
async fn release_branches_that_fit_no_template_are_named_with_one_that_fits() {
    let world = tempfile::tempdir().unwrap();
    let clone = world.path().join("clone");
    git(world.path(), &["init", "-q", "--bare", "bare"]);
    git(world.path(), &["init", "-q", "-b", "develop", "clone"]);
    git(&clone, &["commit", "-q", "--allow-empty", "-m", "first"]);
    git(&clone, &["remote", "add", "origin", "../bare"]);
    for branch in ["release/v0.51", "release/v0.52", "release-1.9"] {
        git(&clone, &["push", "-q", "origin", &format!("develop:{branch}")]);
    }
    git(&clone, &["fetch", "-q", "origin"]);
    let text = |template: &str| {
        format!(
            "[git]\n{template}\n[[service]]\nname = \"a\"\n[[environment]]\nname = \"dev\"\nimage = \"r.example.com/a\"\n"
        )
    };
    let said = async |template: &str| {
        let config = Config::parse(&text(template), &clone.join("windlass.toml")).unwrap();
        let found = repository(&config).await;
        found.into_iter().find(|finding| finding.subject == "releases")
    };
    let warning = said("").await.unwrap();
    assert_eq!(warning.status, Status::Warning);
    for name in ["release/v0.51", "release-1.9"] {
        assert!(warning.summary.as_str().contains(name), "{warning:?}");
    }
    let advice = warning.hint.unwrap();
    assert!(
        advice.as_str().contains("\"release/v{major}.{minor}\""),
        "{advice:?}"
    );
    // Who follows the advice is not warned any more.
    let followed = said("release_branch = \"release/v{major}.{minor}\"").await;
    assert!(followed.is_none(), "{followed:?}");
}

#[test]
fn each_shape_of_release_branch_gets_a_template_that_reads_it_back() {
    for (names, template) in [
        (vec!["release/v0.52"], "release/v{major}.{minor}"),
        (vec!["release/1.2.3", "release/1.3.0"], "release/{version}"),
        (
            vec!["rel/7", "release-1.9", "release-2.0"],
            "release-{major}.{minor}",
        ),
    ] {
        assert_eq!(fitting_template(&names).as_deref(), Some(template), "{names:?}");
    }
    assert_eq!(fitting_template(&["release-one"]), None);
}

/// What doctor says of a key pair in `folder`.
fn said_of_keys(folder: &Path) -> Vec<Finding> {
    let text = "[[service]]\nname = \"a\"\n[[environment]]\nname = \"dev\"\nimage = \"r.example.com/{service}\"\n\
         verify = { key = \"key.pub\" }\nsign = { key = \"key\", password_file = \"password\" }\n";
    keys(&Config::parse(text, &folder.join("windlass.toml")).unwrap())
}

#[test]
fn each_thing_that_is_wrong_with_a_key_is_said_in_words() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let pair = SigningKey::generate(&"right".into()).unwrap();
    let mode = |mode| std::fs::set_permissions(at("key"), std::fs::Permissions::from_mode(mode)).unwrap();
    let fresh = || {
        std::fs::write(at("key"), &pair.private_pem).unwrap();
        std::fs::write(at("key.pub"), &pair.public_pem).unwrap();
        std::fs::write(at("password"), "right\n").unwrap();
        mode(0o600);
    };
    let trouble = |subject: &str| {
        let findings = said_of_keys(folder.path());
        let found = findings
            .into_iter()
            .find(|finding| finding.subject == subject && finding.status != Status::Ok);
        found.map(|finding| (finding.status, finding.summary.as_str().to_owned()))
    };
    fresh();
    for subject in ["signing key", "password", "public key"] {
        assert_eq!(trouble(subject), None);
    }
    let cut = &pair.private_pem[..pair.private_pem.len() / 2];
    std::fs::write(at("key"), cut).unwrap();
    let (state, what) = trouble("signing key").unwrap();
    assert!(state == Status::Problem && what.contains("truncated"), "{what}");
    fresh();
    std::fs::write(at("key.pub"), &pair.private_pem).unwrap();
    let (state, what) = trouble("public key").unwrap();
    assert!(
        state == Status::Problem && what.contains("it is the private key"),
        "{what}"
    );
    fresh();
    mode(0o644);
    let (state, what) = trouble("signing key").unwrap();
    assert!(state == Status::Warning && what.contains("mode 0644"), "{what}");
    fresh();
    std::fs::write(at("password"), "wrong\n").unwrap();
    let (state, what) = trouble("password").unwrap();
    assert!(state == Status::Problem && what.contains("password"), "{what}");
}
