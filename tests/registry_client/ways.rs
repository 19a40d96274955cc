//! The way to a registry: TLS with an authority of one's own, client certificates, HTTP/2, proxies.

use std::path::PathBuf;

use tempfile::TempDir;
use windlass::demo::registry::Options;
use windlass::domain::{Exit, HostSettings};
use windlass::registry::{Registries, RegistryError, Settings};

use crate::raw::RawServer;
use crate::tls::{Authority, TlsFront};
use crate::world::{access, copied, image, registry, repository, settings};

fn with(host: &str, of_host: HostSettings) -> Registries {
    Registries::new(Settings {
        hosts: [(host.to_owned(), of_host)].into(),
        ..settings()
    })
    .unwrap()
}

fn trusting(ca_file: PathBuf) -> HostSettings {
    HostSettings {
        ca_file: Some(ca_file),
        ..HostSettings::default()
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[tokio::test]
async fn an_authority_of_ones_own_is_trusted_where_it_is_named_and_nowhere_else() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let server = registry(Options::default()).await;
    let front = TlsFront::start(server.host(), &ours, None, &[]).await;
    let folder = folder();

    let all = with(&front.host, trusting(ours.ca_file(folder.path())));
    let writer = all.writer(&repository(&front.host, "app"), access());
    let digest = image(&writer).await;
    assert!(writer.resolve(&digest.into()).await.unwrap().is_some());

    let all = with(&front.host, trusting(theirs.ca_file(folder.path())));
    let error = all.ping(&front.host).await.unwrap_err();
    assert!(matches!(error, RegistryError::Untrusted { .. }), "{error:?}");
    let hint = error.hint().unwrap();
    assert!(hint.contains("`ca_file`") && hint.contains(&front.host), "{hint}");
}

#[tokio::test]
async fn http_2_is_spoken_where_the_registry_speaks_it() {
    let authority = Authority::new("ours");
    let (from, to) = (
        registry(Options::default()).await,
        registry(Options::default()).await,
    );
    let front = TlsFront::start(to.host(), &authority, None, &["h2", "http/1.1"]).await;
    let folder = folder();
    let all = with(&front.host, trusting(authority.ca_file(folder.path())));
    let source = all.writer(&repository(&from.host(), "app"), access());
    let target = all.writer(&repository(&front.host, "app"), access());
    let digest = image(&source).await;
    copied(&source, &target, &digest).await.unwrap();
    assert!(target.resolve(&digest.into()).await.unwrap().is_some());
    let protocols = front.protocols();
    assert!(protocols.iter().all(|protocol| protocol == "h2"), "{protocols:?}");
    assert!(!protocols.is_empty());
}

#[tokio::test]
async fn a_client_certificate_is_shown_where_it_is_asked_for_and_its_absence_explained() {
    let (authority, clients) = (Authority::new("servers"), Authority::new("clients"));
    let server = registry(Options::default()).await;
    let front = TlsFront::start(server.host(), &authority, Some(&clients), &[]).await;
    let folder = folder();
    let ca_file = authority.ca_file(folder.path());

    let none = with(&front.host, trusting(ca_file.clone()));
    let error = none.ping(&front.host).await.unwrap_err();
    assert!(
        matches!(error, RegistryError::NoClientCertificate { .. }),
        "{error:?}"
    );
    assert_eq!(error.exit(), Exit::NotAuthorised);
    assert!(error.hint().unwrap().contains("`client_cert`"));

    let (certificate, key) = clients.client(folder.path());
    let shown = HostSettings {
        client_cert: Some(certificate.clone()),
        client_key: Some(key.clone()),
        ..trusting(ca_file.clone())
    };
    with(&front.host, shown).ping(&front.host).await.unwrap();

    let both = folder.path().join("both.pem");
    let text = [&certificate, &key].map(|path| std::fs::read_to_string(path).unwrap());
    std::fs::write(&both, text.concat()).unwrap();
    let in_one_file = HostSettings {
        client_cert: Some(both),
        ..trusting(ca_file.clone())
    };
    with(&front.host, in_one_file).ping(&front.host).await.unwrap();

    let keyless = HostSettings {
        client_cert: Some(certificate),
        ..trusting(ca_file)
    };
    let error = with(&front.host, keyless).ping(&front.host).await.unwrap_err();
    assert_eq!(error.exit(), Exit::Usage);
    assert!(error.to_string().contains("client_cert"), "{error}");
}

fn by_proxy(address: &str) -> HostSettings {
    HostSettings {
        plain_http: true,
        proxy: Some(address.parse().unwrap()),
        ..HostSettings::default()
    }
}

#[tokio::test]
async fn a_proxy_is_asked_with_its_password_which_no_error_shows() {
    let proxy = RawServer::start(|_| {
        let json = "content-type: application/json\r\n".to_owned();
        (200, json, br#"{"tags":["v1"]}"#.to_vec())
    })
    .await;
    let name = "registry.example.com";
    let all = with(name, by_proxy(&format!("http://ana:hidden@{}", proxy.host)));
    let tags = all.reader(&repository(name, "app")).tags().await.unwrap();
    assert_eq!(tags.len(), 1);
    let seen = proxy.seen();
    assert!(
        seen.starts_with("GET http://registry.example.com/v2/app/tags/list"),
        "{seen}"
    );
    // ana:hidden
    assert!(
        seen.to_lowercase().contains("proxy-authorization: basic"),
        "{seen}"
    );
    assert!(seen.contains("YW5hOmhpZGRlbg=="), "{seen}");

    let gone = proxy.host.clone();
    drop(proxy);
    let all = with(name, by_proxy(&format!("http://ana:hidden@{gone}")));
    let error = all.ping(name).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains(&format!("through the proxy http://{gone}")),
        "{error}"
    );
    assert!(!format!("{error}{error:?}{:?}", by_proxy("http://ana:hidden@x")).contains("hidden"));
}

#[tokio::test]
async fn this_machine_is_never_reached_through_a_proxy() {
    let proxy = RawServer::start(|_| (502, String::new(), Vec::new())).await;
    let server = registry(Options::default()).await;
    let all = with(&server.host(), by_proxy(&format!("http://{}", proxy.host)));
    all.ping(&server.host()).await.unwrap();
    assert_eq!(proxy.seen(), "");
}

/// What the program asks a proxy of the environment, when it lists the tags of a repository.
async fn asked_of_proxy_by_environment(repository: &str) -> String {
    let proxy = RawServer::start(|_| (502, String::new(), Vec::new())).await;
    let folder = folder();
    let address = format!("http://{}", proxy.host);
    tokio::process::Command::new(env!("CARGO_BIN_EXE_windlass"))
        .args(["registry", "tags", repository])
        .current_dir(folder.path())
        .env("DOCKER_CONFIG", folder.path())
        .env("XDG_STATE_HOME", folder.path().join("state"))
        .envs(["HTTPS_PROXY", "HTTP_PROXY", "http_proxy"].map(|name| (name, &address)))
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .env_remove("https_proxy")
        .stdin(std::process::Stdio::null())
        .output()
        .await
        .unwrap();
    proxy.seen()
}

#[tokio::test]
async fn proxies_of_the_environment_are_asked_but_not_for_this_machine() {
    let seen = asked_of_proxy_by_environment("registry.example.com/app").await;
    assert!(seen.starts_with("CONNECT registry.example.com:443"), "{seen}");
    let server = registry(Options::default()).await;
    let seen = asked_of_proxy_by_environment(&format!("{}/app", server.host())).await;
    assert_eq!(seen, "");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_registry_without_tls_is_told_from_one_that_is_down() {
    let authority = Authority::new("ours");
    let server = registry(Options::default()).await;
    let folder = folder();
    let all = with(&server.host(), trusting(authority.ca_file(folder.path())));
    let error = all.ping(&server.host()).await.unwrap_err();
    assert!(error.to_string().contains("does not support TLS"), "{error}");
}

#[tokio::test]
async fn a_registry_that_starts_again_is_waited_for() {
    // It keeps no connection, so that what comes next needs a new one.
    let before = RawServer::start(|_| (200, String::new(), Vec::new())).await;
    let host = before.host.clone();
    let all = with(&host, HostSettings::default());
    all.ping(&host).await.unwrap();
    drop(before);
    while tokio::net::TcpStream::connect(&host).await.is_ok() {}
    let again = Options {
        port: host.rsplit_once(':').unwrap().1.parse().unwrap(),
        ..Options::default()
    };
    // The first attempt is made, and refused, before there is a server again.
    let (pinged, _server) = tokio::join!(biased; all.ping(&host), registry(again));
    pinged.unwrap();
}
