//! What deployments cost: `cargo bench --bench deploy`. From the moment the API reports the last pod as ready, a run is to say
//! so within 250 ms; watching 50 workloads takes at most 60 MB, and no request while nothing changes; a values file of 10,000
//! lines is edited within 50 ms.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and may fail by panic"
)]

mod api;
#[path = "../measure/memory.rs"]
mod memory;
#[path = "../measure/time.rs"]
mod time;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use api::{Api, COUNTS};
use memory::peak;
use time::ms;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_util::sync::CancellationToken;
use windlass::deploy::yaml::{YamlEdit, YamlFile, path_of};
use windlass::deploy::{DeployProgress, Deployer, Deployment, KubernetesDeployer};
use windlass::domain::{
    DeployTarget, Digest, ImageReference, KubernetesSettings, WorkloadChoice, WriteAccess,
};

const ROUNDS: usize = 15;
const WORKLOADS: usize = 50;
/// What is watched for each of them: the deployment, its replica sets, its pods, and the warnings.
const WATCHES: u64 = 4;
/// How long nothing changes.
const QUIET: Duration = Duration::from_secs(5);
/// Names the API for the process that measures its memory.
const HOST: &str = "WINDLASS_BENCH_API";

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    // In a process of its own: the API is none of what watching costs.
    if let Ok(host) = std::env::var(HOST) {
        return runtime.block_on(watched(&host));
    }
    let mut times: Vec<_> = (0..ROUNDS).map(|_| runtime.block_on(reported())).collect();
    times.sort_unstable();
    println!(
        "from the last pod ready to the run that says so: median {:.1} ms, {:.1}–{:.1} (target: 250)",
        ms(times[ROUNDS / 2]),
        ms(times[0]),
        ms(times[ROUNDS - 1])
    );
    runtime.block_on(async {
        let api = Api::start(WORKLOADS, None).await;
        let child = tokio::process::Command::new(std::env::current_exe().unwrap())
            .env(HOST, &api.host)
            .status()
            .await;
        assert!(child.unwrap().success());
    });
    let text = values();
    let mut times: Vec<_> = (0..ROUNDS).map(|_| edited(&text)).collect();
    times.sort_unstable();
    println!(
        "a values file of {} lines edited: median {:.1} ms, {:.1}–{:.1} (target: 50)",
        text.lines().count(),
        ms(times[ROUNDS / 2]),
        ms(times[0]),
        ms(times[ROUNDS - 1])
    );
}

fn image() -> ImageReference {
    format!("registry.example.com/app@{}", Digest::of(b"image"))
        .parse()
        .unwrap()
}

fn kubeconfig(folder: &Path, host: &str) -> std::path::PathBuf {
    let file = folder.join("kubeconfig");
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: bench\n\
         contexts: [{{ name: bench, context: {{ cluster: bench, user: bench, namespace: shop }} }}]\n\
         clusters: [{{ name: bench, cluster: {{ server: \"http://{host}\" }} }}]\nusers: [{{ name: bench, user: {{}} }}]\n"
    );
    std::fs::write(&file, text).unwrap();
    file
}

fn deployer(kubeconfig: &Path) -> Deployer {
    Deployer::Kubernetes(KubernetesDeployer::new(KubernetesSettings {
        context: None,
        kubeconfig: Some(kubeconfig.to_owned()),
        namespace: Some("shop".to_owned()),
        workloads: WorkloadChoice::Named(vec!["deployment/{service}".parse().unwrap()]),
        container: Some("app".to_owned()),
        timeout: jiff::SignedDuration::from_mins(5),
        rollback: false,
        only_observe: false,
        observe_for: jiff::SignedDuration::from_mins(1),
    }))
}

fn deployment(nth: usize) -> Deployment {
    let image = image();
    Deployment {
        service: format!("app-{nth}").parse().unwrap(),
        environment: "prod".parse().unwrap(),
        digest: Digest::of(b"image"),
        image,
        tag: None,
        commit: None,
        release: None,
        previous: None,
        key: nth.to_string(),
        access: WriteAccess::unless_read_only(false).unwrap(),
    }
}

async fn target(deployer: &Deployer, deployment: &Deployment) -> DeployTarget {
    let cancel = CancellationToken::new();
    deployer.resolve(&deployment.subject(), &cancel).await.unwrap()
}

/// How long after the API has written that the last pod is ready a deployment ends.
async fn reported() -> Duration {
    let folder = tempfile::tempdir().unwrap();
    let api = Api::start(1, Some(Duration::from_millis(300))).await;
    let (deployer, deployment) = (deployer(&kubeconfig(folder.path(), &api.host)), deployment(0));
    let target = target(&deployer, &deployment).await;
    let cancel = CancellationToken::new();
    let ended = deployer.apply(&target, &deployment, &|_| (), &cancel).await;
    let now = Instant::now();
    ended.unwrap();
    let ready = api.ready.lock().unwrap().unwrap();
    now.saturating_duration_since(ready)
}

/// Follows 50 rollouts that do not end, and prints what that takes.
async fn watched(host: &str) {
    let folder = tempfile::tempdir().unwrap();
    let deployer = Arc::new(deployer(&kubeconfig(folder.path(), host)));
    let before = peak();
    let cancel = CancellationToken::new();
    let tasks: Vec<_> = (0..WORKLOADS)
        .map(|nth| {
            let (deployer, cancel) = (Arc::clone(&deployer), cancel.clone());
            tokio::spawn(async move {
                let deployment = deployment(nth);
                let target = target(&deployer, &deployment).await;
                let tell = |_: DeployProgress| ();
                deployer.apply(&target, &deployment, &tell, &cancel).await
            })
        })
        .collect();
    let all = [
        ("change", WORKLOADS as u64),
        ("watch", WATCHES * WORKLOADS as u64),
    ];
    let begun = Instant::now();
    let at_first = loop {
        let counts = counts(host).await;
        if all.iter().all(|(what, count)| counts[*what] == *count) {
            break counts;
        }
        assert!(begun.elapsed() < Duration::from_mins(2), "{counts}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    tokio::time::sleep(QUIET).await;
    let later = counts(host).await;
    println!("{WORKLOADS} workloads: {at_first}");
    println!("the same {} s later: {later} (target: the same)", QUIET.as_secs());
    println!("peak memory {} MB, {before} before (target: 60)", peak());
    assert_eq!(at_first, later, "something is polled");
    cancel.cancel();
    for task in tasks {
        assert!(task.await.unwrap().is_err());
    }
}

async fn counts(host: &str) -> serde_json::Value {
    let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
    let request = format!("GET {COUNTS} HTTP/1.1\r\nhost: {host}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

/// Values of a chart with many parts, as large ones are: comments, nested mappings, lists, texts in quotes.
fn values() -> String {
    use std::fmt::Write as _;

    let mut text = String::from("# Values of prod.\nimage:\n  repository: registry.example.com/app\n");
    text.push_str("  tag: \"sha-0000000\" # the commit\n  digest: sha256:before\n");
    for nth in 0..1000 {
        write!(
            text,
            "part{nth}:\n  enabled: true\n  # How many.\n  replicas: {nth}\n  env:\n    - name: LEVEL\n      value: 'info'\n  \
             resources:\n    limits: {{ cpu: 100m, memory: 128Mi }}\n    note: \"part {nth}\"\n"
        )
        .unwrap();
    }
    text
}

fn edited(text: &str) -> Duration {
    let value = |path: &str, value: &str| YamlEdit::Value {
        path: path_of(path),
        value: value.to_owned(),
    };
    let edits = [
        value("image.tag", "sha-2b2e927"),
        value("image.digest", &Digest::of(b"image").to_string()),
    ];
    let begun = Instant::now();
    let edited = YamlFile::read(text).unwrap().edit(&edits).unwrap();
    let time = begun.elapsed();
    assert_eq!(edited.values.len(), 2);
    assert_eq!(edited.text.lines().count(), text.lines().count());
    time
}
