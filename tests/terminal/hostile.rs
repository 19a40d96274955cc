//! A repository that an attacker wrote: whoever looks at it with windlass loses no credential to it, connects to no proxy and
//! no server of its choice, and starts none of its programs, until they trust it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use crate::git::git;
use crate::raw::RawServer;
use crate::session::Session;
use portable_pty::CommandBuilder;

const TOKEN: &str = "ghp_the-token-of-the-user";
const PASSWORD: &str = "the-password-of-the-user";
const SECRETS: [&str; 5] = [
    TOKEN,
    PASSWORD,
    "dXNlcjp0aGUtcGFzc3dvcmQtb2YtdGhlLXVzZXI",
    "the-aws-key",
    "the-cosign-password",
];

/// The repository, the user's home with credentials, and a listener on every address that the repository names.
struct World {
    folder: tempfile::TempDir,
    /// Where the user's own proxy is: all that is asked beyond this machine goes there.
    users_proxy: RawServer,
    /// The registry of the images, on this machine.
    registry: RawServer,
    proxy: RawServer,
    api: RawServer,
    scanner: RawServer,
}

impl World {
    async fn new() -> Self {
        let refusing = |_: &str| (502, String::new(), Vec::new());
        let world = Self {
            folder: tempfile::tempdir().unwrap(),
            users_proxy: RawServer::start(refusing).await,
            registry: RawServer::start(|_| (404, String::new(), b"{\"errors\":[]}".to_vec())).await,
            proxy: RawServer::start(refusing).await,
            api: RawServer::start(|_| {
                (
                    200,
                    "content-type: application/json\r\n".to_owned(),
                    b"{}".to_vec(),
                )
            })
            .await,
            scanner: RawServer::start(refusing).await,
        };
        world.write_home();
        world.write_repository();
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn repository(&self) -> PathBuf {
        self.path("repository")
    }

    fn write_home(&self) {
        let entry = format!("{{\"auth\":\"{}\"}}", "dXNlcjp0aGUtcGFzc3dvcmQtb2YtdGhlLXVzZXI=");
        std::fs::create_dir_all(self.path("home/.docker")).unwrap();
        let text = format!("{{\"auths\":{{\"corp.invalid\":{entry},\"other.invalid\":{entry}}}}}");
        std::fs::write(self.path("home/.docker/config.json"), text).unwrap();
        std::fs::write(self.path("home/token"), TOKEN).unwrap();
    }

    /// Everything that a configuration can name to get at secrets or to run something.
    fn write_repository(&self) {
        let at = self.repository();
        std::fs::create_dir_all(at.join("hooks")).unwrap();
        let evil = format!(
            "#!/bin/sh\necho \"$0 $(env)\" >> '{}'\n",
            self.path("ran").display()
        );
        let hooks = [
            "reference-transaction",
            "post-checkout",
            "pre-push",
            "post-index-change",
        ];
        let programs = ["evil.sh", "git", "trivy", "hadolint", "docker"].map(|name| at.join(name));
        for path in hooks
            .map(|name| at.join("hooks").join(name))
            .into_iter()
            .chain(programs)
        {
            std::fs::write(&path, &evil).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        let (registry, proxy, api, scanner) = (
            &self.registry.host,
            &self.proxy.host,
            &self.api.host,
            &self.scanner.host,
        );
        let token = self.path("home/token");
        let token = token.display();
        let text = format!(
            "[github]\nrepository = \"acme/app\"\napi = \"http://{api}\"\ntoken_file = \"{token}\"\n\
             [[service]]\nname = \"app\"\nstructure_test = \"tests.yaml\"\n\
             [[environment]]\nname = \"dev\"\nimage = \"corp.invalid/dev/app\"\n\
             [[environment]]\nname = \"stage\"\nfrom = \"dev\"\nimage = \"{registry}/stage/app\"\n\
             gate.scan = {{ fail_on = {{ critical = 0 }}, at_admission = true }}\n\
             deploy = {{ kind = \"command\", program = \"./evil.sh\", env = [\"AWS_*\", \"GH_TOKEN\"] }}\n\
             [[environment]]\nname = \"prod\"\nfrom = \"stage\"\nimage = \"other.invalid/prod/app\"\nprotected = true\n\
             sign = {{ key = \"{token}\", password_file = \"{token}\" }}\n\
             deploy = {{ kind = \"command\", program = \"./evil.sh\" }}\n\
             [registry.\"corp.invalid\"]\nplain_http = true\nproxy = \"http://{proxy}\"\n\
             [registry.\"other.invalid\"]\nproxy = \"http://{proxy}\"\nca_file = \"ca.pem\"\n\
             [check]\nhadolint = \"./evil.sh\"\ncontainer_structure_test = \"./evil.sh\"\n\
             [build]\nbuilder_args = [\"--secret=id=x,src={token}\"]\n\
             [scanner]\ntrivy = \"./evil.sh\"\nserver = \"http://{scanner}\"\ntoken_file = \"{token}\"\n\
             args = [\"--config\", \"evil.yaml\"]\ndatabase = \"{scanner}/db:2\"\nwaivers = \"waivers.toml\"\n"
        );
        std::fs::write(at.join("windlass.toml"), text).unwrap();
        let waiver = "[[waiver]]\nid = \"CVE-2026-1\"\nreason = \"x\\u001b]52;c;ZXZpbA==\\u0007\"\nowner = \"\\u009b31mana\"\n\
                      expires = 2999-12-31\n";
        std::fs::write(at.join("waivers.toml"), waiver).unwrap();
        std::fs::write(at.join("Dockerfile"), "FROM scratch\n").unwrap();
        git(&at, &["init", "-q", "-b", "develop"]);
        git(&at, &["add", "-A"]);
        git(&at, &["commit", "-q", "-m", "first \u{1b}]0;evil\u{7}"]);
        git(&at, &["branch", "main"]);
        git(
            self.folder.path(),
            &["clone", "-q", "--bare", "repository", "origin"],
        );
        git(
            &at,
            &["remote", "add", "origin", self.path("origin").to_str().unwrap()],
        );
        // As a folder that came in an archive may have it, with its `.git`.
        git(&at, &["config", "core.hooksPath", "hooks"]);
    }

    fn variables(&self) -> Vec<(&'static str, String)> {
        let proxy = format!("http://{}", self.users_proxy.host);
        let path = std::env::var("PATH").unwrap();
        vec![
            ("PATH", path),
            ("HOME", self.path("home").display().to_string()),
            ("XDG_STATE_HOME", self.path("state").display().to_string()),
            ("HTTPS_PROXY", proxy.clone()),
            ("HTTP_PROXY", proxy.clone()),
            ("http_proxy", proxy.clone()),
            ("https_proxy", proxy),
            ("GH_TOKEN", TOKEN.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "the-aws-key".to_owned()),
            ("COSIGN_PASSWORD", "the-cosign-password".to_owned()),
        ]
    }

    async fn windlass(&self, args: &[&str]) -> Output {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_windlass"));
        command
            .args(args)
            .current_dir(self.repository())
            .env_clear()
            .envs(self.variables())
            .stdin(std::process::Stdio::null())
            .kill_on_drop(true);
        tokio::time::timeout(Duration::from_mins(2), command.output())
            .await
            .unwrap()
            .unwrap()
    }

    fn assert_nothing_is_lost(&self, after: &str) {
        for (name, server) in [
            ("proxy", &self.proxy),
            ("API", &self.api),
            ("scanner", &self.scanner),
        ] {
            assert_eq!(
                server.seen(),
                "",
                "the {name} of the repository was asked by {after}"
            );
        }
        let ran = std::fs::read_to_string(self.path("ran")).unwrap_or_default();
        assert_eq!(ran, "", "a program of the repository ran in {after}");
        let seen = [self.registry.seen(), self.users_proxy.seen()].join("\n");
        for secret in SECRETS {
            assert!(!seen.contains(secret), "{secret} was sent by {after}: {seen}");
        }
        // Beyond this machine everything goes through TLS: the proxy is only asked for tunnels.
        for line in self
            .users_proxy
            .seen()
            .lines()
            .filter(|line| line.contains(" HTTP/1.1"))
        {
            let tunnels = [
                "CONNECT api.github.com:443 ",
                "CONNECT corp.invalid:443 ",
                "CONNECT other.invalid:443 ",
            ];
            assert!(
                tunnels.iter().any(|tunnel| line.starts_with(tunnel)),
                "{after}: {line}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_looks_at_a_hostile_repository_loses_nothing_to_it() {
    let world = World::new().await;
    for args in [
        &["status"][..],
        &["status", "--json"],
        &["board"],
        &["board", "--json"],
        &["doctor"],
        &["releases"],
        &["show", "develop"],
        &["diff", "develop", "main"],
        &["notes", "develop"],
        &["cut", "develop", "--dry-run"],
        &["promote", "develop", "--to", "stage", "--dry-run"],
        &["locks"],
        &["pins"],
        &["scan", "--env", "dev"],
        &["check"],
        &["build", "--yes"],
        &["copy", "corp.invalid/dev/app:x", "other.invalid/a:x"],
        &["trust", "--dry-run"],
        // What would write is refused: nobody trusts the settings.
        &["cut", "develop", "--yes"],
        &["promote", "develop", "--to", "stage", "--yes"],
    ] {
        let output = world.windlass(args).await;
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(
            !said.contains('\u{1b}') && !said.contains('\u{9b}') && !said.contains('\u{7}'),
            "{args:?}: {said}"
        );
        assert!(
            SECRETS.iter().all(|secret| !said.contains(secret)),
            "{args:?}: {said}"
        );
        world.assert_nothing_is_lost(&args.join(" "));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_writes_is_refused_with_what_would_have_to_be_trusted() {
    let world = World::new().await;
    for args in [
        &["cut", "develop", "--yes"][..],
        &["check"],
        &["copy", "corp.invalid/a:x", "corp.invalid/b:x"],
    ] {
        let output = world.windlass(args).await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.code() == Some(2) {
            assert!(said.contains("is not trusted"), "{args:?}: {said}");
            assert!(said.contains("windlass trust"), "{args:?}: {said}");
        } else {
            // Planning may fail before anything would be written.
            assert_eq!(args[0], "cut", "{said}");
        }
    }
    world.assert_nothing_is_lost("commands that write");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_asks_once_and_without_trust_only_looks() {
    let world = World::new().await;
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_windlass"));
    command.cwd(world.repository());
    command.env_clear();
    for (name, value) in world.variables() {
        command.env(name, value);
    }
    let mut session = Session::open(command, 120, 40, tempfile::tempdir().unwrap());
    session.see("Trust these settings? [y/N]");
    session.see("registry.\"corp.invalid\".proxy");
    session.press("n\r");
    session.see("COMMIT");
    session.see("read-only");
    // Through every screen that a person would open.
    for (keys, shown) in [
        ("\r", "COMMIT"),
        ("f", "!"),
        ("\x1b", "COMMIT"),
        ("R", "RELEASE"),
        ("\x1b", "COMMIT"),
        ("r", "COMMIT"),
        ("p", "COMMIT"),
    ] {
        session.press(keys);
        session.wait(shown, |seen| {
            seen.parser.screen().contents().to_uppercase().contains(shown)
        });
    }
    world.assert_nothing_is_lost("the console");
    session.press("\x03");
    assert_eq!(session.end().0, 0);
    world.assert_nothing_is_lost("the console");
}

/// That the listeners would hear it, and the programs would run, if the repository were trusted.
#[tokio::test(flavor = "multi_thread")]
async fn trust_is_what_makes_the_difference() {
    let world = World::new().await;
    let trusted = world.windlass(&["trust", "--yes"]).await;
    assert!(
        trusted.status.success(),
        "{}",
        String::from_utf8_lossy(&trusted.stderr)
    );
    world.windlass(&["doctor"]).await;
    assert!(
        world.proxy.seen().contains("corp.invalid"),
        "{}",
        world.proxy.seen()
    );
    assert!(world.api.seen().contains(TOKEN));
    let ran = std::fs::read_to_string(world.path("ran")).unwrap();
    assert!(ran.contains("evil.sh"));
    // Even then a program is given no secret that it has no use for.
    assert!(SECRETS.iter().all(|secret| !ran.contains(secret)), "{ran}");
    assert!(!Path::new(&world.path("repository/evil.yaml")).exists());
}
