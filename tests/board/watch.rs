//! `windlass watch` and webhooks: each drift is posted once.

use serde_json::Value;
use windlass::domain::Digest;
use windlass::http::{SIGNATURE_HEADER, signature};

use crate::call::text;
use crate::drift::observed;
use crate::program::windlass;
use crate::receiver::Receiver;

#[tokio::test(flavor = "multi_thread")]
async fn a_drift_is_posted_to_the_webhook_signed_as_it_is_printed() {
    let (world, _, file) = observed().await;
    let foreign = Digest::of(b"foreign");
    std::fs::write(&file, foreign.to_string()).unwrap();
    let secret = world.folder.path().join("secret");
    std::fs::write(&secret, "hidden\n").unwrap();
    let receiver = Receiver::start(204).await;
    let url = format!("http://{}/hooks/{{environment}}/private", receiver.address);
    let secret = secret.display().to_string();
    let args = [
        "watch",
        "--once",
        "--json",
        "--webhook",
        &url,
        "--webhook-secret-file",
        &secret,
    ];
    let output = windlass(&world, &args).await;
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    let printed: Vec<Value> = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let path = "/hooks/prod/private";
    for (headers, body) in receiver.posted(path) {
        let signed = signature(&"hidden".to_owned().into(), &body);
        assert_eq!(headers[SIGNATURE_HEADER], signed);
    }
    let posted = receiver.documents(path);
    let printed: Vec<_> = printed
        .into_iter()
        .filter(|change| change["environment"] == "prod")
        .collect();
    assert_eq!(posted, printed);
    assert!(
        posted
            .iter()
            .any(|change| change.to_string().contains(foreign.hex())),
        "{posted:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_delivered_is_told_without_the_path_also_where_the_answer_repeats_it() {
    let (world, _, file) = observed().await;
    std::fs::write(&file, Digest::of(b"foreign").to_string()).unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = listener.local_addr().unwrap().to_string();
    drop(listener);
    let receiver = Receiver::start(404).await;
    for (address, why) in [
        (&receiver.address, "answers with status 404"),
        (&nobody, "cannot be reached"),
    ] {
        let url = format!("http://{address}/hooks/private");
        let output = windlass(&world, &["watch", "--once", "--webhook", &url]).await;
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{told}");
        assert!(told.contains("not delivered: ") && told.contains(why), "{told}");
        assert!(!told.contains("private"), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_is_posted_to_the_webhooks_of_the_configuration_that_are_told_of_drift() {
    let (world, _, file) = observed().await;
    let foreign = Digest::of(b"foreign");
    std::fs::write(&file, foreign.to_string()).unwrap();
    let receiver = Receiver::start(204).await;
    let path = world.folder.path().join("windlass.toml");
    let mut configuration = std::fs::read_to_string(&path).unwrap();
    for (at, rest) in [
        ("json", "on = [\"drift\"]\nenvironments = [\"prod\"]"),
        ("slack", "form = \"slack\"\nenvironments = [\"prod\"]"),
        ("runs", "on = [\"run\"]"),
        ("dev", "environments = [\"dev\"]"),
    ] {
        let address = receiver.address.as_str();
        let table = [
            "\n[[notify]]\nurl = \"http://",
            address,
            "/",
            at,
            "\"\n",
            rest,
            "\n",
        ];
        configuration.push_str(&table.concat());
    }
    std::fs::write(&path, configuration).unwrap();
    let output = windlass(&world, &["watch", "--once"]).await;
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    let posted = receiver.documents("/json");
    let told = posted
        .iter()
        .find(|told| told.to_string().contains(foreign.hex()));
    let told = told.unwrap();
    assert_eq!(told["event"], "drift", "{told:#}");
    assert_eq!(told["environment"], "prod", "{told:#}");
    let slack = receiver.documents("/slack");
    assert_eq!(slack.len(), posted.len());
    assert!(slack[0]["text"].as_str().unwrap().starts_with("✗ "), "{slack:?}");
    assert!(receiver.posted("/runs").is_empty() && receiver.posted("/dev").is_empty());
}
