use super::*;

#[test]
fn plain_http_is_for_this_machine_and_for_hosts_that_are_configured_so() {
    let base = |name: &str, settings: &Settings| {
        Host::new(name, settings, Arc::new(Keyring::new(None)))
            .unwrap()
            .base
            .to_string()
    };
    let mut settings = Settings::default();
    assert_eq!(base("127.0.0.1:5000", &settings), "http://127.0.0.1:5000/");
    assert_eq!(base("[::1]:5000", &settings), "http://[::1]:5000/");
    assert_eq!(
        base("registry.example.com", &settings),
        "https://registry.example.com/"
    );
    assert_eq!(base("docker.io", &settings), "https://registry-1.docker.io/");
    settings.hosts.insert(
        "inside:80".into(),
        HostSettings {
            plain_http: true,
            ..HostSettings::default()
        },
    );
    assert_eq!(base("inside:80", &settings), "http://inside/");
}

#[test]
fn a_host_without_tls_reads_certificates_only_when_it_leads_to_tls() {
    let host = Host::new(
        "127.0.0.1:5000",
        &Settings::default(),
        Arc::new(Keyring::new(None)),
    )
    .unwrap();
    let made = || {
        host.clients
            .iter()
            .filter(|client| client.get().is_some())
            .count()
    };
    let reach = |url: &str| host.client(&url.parse().unwrap(), true).map(|_| ()).unwrap();
    reach("http://127.0.0.1:5000/v2/");
    reach("http://127.0.0.1:5000/v2/");
    assert_eq!(made(), 1);
    reach("https://cdn.example.com/x");
    assert_eq!(made(), 2);
}

#[test]
fn a_place_that_a_registry_leads_to_is_not_shown_its_client_certificate() {
    let mut settings = Settings::default();
    let of_host = HostSettings {
        // No such file: whoever is to show it fails.
        client_cert: Some("missing.pem".into()),
        ..HostSettings::default()
    };
    let name = "registry.example.com";
    settings.hosts.insert(name.to_owned(), of_host);
    let host = Host::new(name, &settings, Arc::new(Keyring::new(None))).unwrap();
    let client = |url: &str, ours| host.client(&url.parse().unwrap(), ours).map(|_| ());
    let error = client("https://registry.example.com/v2/", true).unwrap_err();
    assert!(error.to_string().contains("missing.pem"), "{error}");
    client("https://cdn.example.com/x", false).unwrap();
}

#[test]
fn what_began_with_tls_goes_on_with_tls() {
    let may = |from: &str, to: &str| {
        Host::new(from, &Settings::default(), Arc::new(Keyring::new(None)))
            .unwrap()
            .may_reach(&to.parse().unwrap())
    };
    assert!(may("registry.example.com", "https://cdn.example.com/x"));
    assert!(!may("registry.example.com", "http://cdn.example.com/x"));
    assert!(!may("registry.example.com", "file:///etc/passwd"));
    assert!(may("registry.example.com", "http://127.0.0.1:9/x"));
    assert!(may("localhost:5000", "http://localhost:5000/x"));
}
