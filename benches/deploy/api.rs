//! The part of a Kubernetes API that a rollout of a Deployment needs: lists, watches and the change of an image. It counts what
//! it is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;

const NAMESPACE: &str = "/namespaces/shop/";
const REPLICAS: usize = 3;
/// Who asks this is not counted.
pub const COUNTS: &str = "/counts";

/// A change of an object: the collection it is in, and the object.
type Change = (&'static str, Value);

/// All changes until now, for watches that begin after a list: they get what came after its version.
#[derive(Clone)]
struct Changes {
    past: Arc<Mutex<Vec<Change>>>,
    sender: broadcast::Sender<Change>,
}

impl Changes {
    fn tell(&self, change: Change) {
        self.past.lock().unwrap().push(change.clone());
        // Nobody may watch.
        let _ = self.sender.send(change);
    }
}

fn version_of(object: &Value) -> u64 {
    object["metadata"]["resourceVersion"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap()
}

/// The API, and what it holds.
pub struct Api {
    pub host: String,
    objects: Mutex<BTreeMap<(&'static str, String), Value>>,
    changes: Changes,
    version: AtomicU64,
    /// How often it was asked for one object, for a list, for a watch, and to change something.
    pub counts: Mutex<BTreeMap<&'static str, u64>>,
    /// How long a rollout takes; none if it never ends.
    rollout: Option<Duration>,
    /// When the last pod of a rollout was reported as ready.
    pub ready: Mutex<Option<Instant>>,
}

impl Api {
    /// An API with so many deployments, `app-0` and so on.
    pub async fn start(deployments: usize, rollout: Option<Duration>) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let api = Arc::new(Self {
            host: listener.local_addr().unwrap().to_string(),
            objects: Mutex::default(),
            changes: Changes {
                past: Arc::default(),
                sender: broadcast::channel(4096).0,
            },
            version: AtomicU64::new(1),
            counts: Mutex::default(),
            rollout,
            ready: Mutex::default(),
        });
        for nth in 0..deployments {
            let name = format!("app-{nth}");
            api.set(
                "deployments",
                deployment(&name, "registry.example.com/app:before", 1, REPLICAS),
            );
            api.roll_out(&name, 1, REPLICAS);
        }
        let serving = Arc::clone(&api);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let api = Arc::clone(&serving);
                tokio::spawn(async move {
                    // Whoever asks may go in the middle.
                    let _ = api.serve(stream).await;
                });
            }
        });
        api
    }

    fn set(&self, collection: &'static str, mut object: Value) {
        let version = self.version.fetch_add(1, Ordering::SeqCst) + 1;
        object["metadata"]["resourceVersion"] = version.to_string().into();
        let name = object["metadata"]["name"].as_str().unwrap().to_owned();
        self.objects
            .lock()
            .unwrap()
            .insert((collection, name), object.clone());
        self.changes.tell((collection, object));
    }

    /// The replica set of a revision and its pods, of which so many are ready.
    fn roll_out(&self, name: &str, revision: u64, ready: usize) {
        self.set("replicasets", replica_set(name, revision));
        for nth in 0..REPLICAS {
            self.set("pods", pod(name, revision, nth, nth < ready));
        }
    }

    async fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let (reader, mut writer) = stream.into_split();
        let mut reader = BufReader::new(reader);
        loop {
            let mut first = String::new();
            if reader.read_line(&mut first).await? == 0 {
                return Ok(());
            }
            let mut length = 0;
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).await?;
                let Some((name, value)) = line.trim_end().split_once(": ") else {
                    break;
                };
                if name.eq_ignore_ascii_case("content-length") {
                    length = value.parse().unwrap();
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).await?;
            let mut words = first.split(' ');
            let (method, target) = (words.next().unwrap(), words.next().unwrap());
            let (path, query) = target.split_once('?').unwrap_or((target, ""));
            if query.contains("watch=true") {
                self.count("watch");
                return self.watch(path, query, &mut writer).await;
            }
            let document = self.answer(method, path, query, &body).to_string();
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                document.len()
            );
            writer.write_all(head.as_bytes()).await?;
            writer.write_all(document.as_bytes()).await?;
        }
    }

    fn count(&self, what: &'static str) {
        *self.counts.lock().unwrap().entry(what).or_default() += 1;
    }

    fn answer(&self, method: &str, path: &str, query: &str, body: &[u8]) -> Value {
        if path == COUNTS {
            return json!(*self.counts.lock().unwrap());
        }
        let (collection, name) = parts(path);
        match (method, name) {
            ("GET", Some(name)) => {
                self.count("get");
                self.objects.lock().unwrap()[&(collection, name.to_owned())].clone()
            }
            ("GET", None) => {
                self.count("list");
                let objects = self.objects.lock().unwrap();
                let items: Vec<_> = objects
                    .iter()
                    .filter(|((of, _), object)| *of == collection && is_asked_for(object, query))
                    .map(|(_, object)| object)
                    .collect();
                let version = self.version.load(Ordering::SeqCst).to_string();
                json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": version}, "items": items})
            }
            ("PATCH", Some(name)) => {
                self.count("change");
                self.change(name, &serde_json::from_slice(body).unwrap())
            }
            other => panic!("{other:?} {path}"),
        }
    }

    /// The image of a deployment is set; its rollout goes on without whoever asked.
    fn change(&self, name: &str, patch: &Value) -> Value {
        let image = patch["spec"]["template"]["spec"]["containers"][0]["image"]
            .as_str()
            .unwrap();
        let changed = deployment(name, image, 2, 0);
        self.set("deployments", changed.clone());
        self.roll_out(name, 2, 0);
        if let Some(time) = self.rollout {
            let (name, image) = (name.to_owned(), image.to_owned());
            let telling = self.changes.clone();
            let version = self.version.fetch_add(2 + REPLICAS as u64, Ordering::SeqCst) + 1;
            let begun = Instant::now();
            let events = (0..REPLICAS).map(|nth| ("pods", pod(&name, 2, nth, true)));
            let events: Vec<Change> = events
                .chain([("deployments", deployment(&name, &image, 2, REPLICAS))])
                .collect();
            tokio::spawn(async move {
                tokio::time::sleep(time.saturating_sub(begun.elapsed())).await;
                for (nth, (collection, mut object)) in (0..).zip(events) {
                    object["metadata"]["resourceVersion"] = (version + nth).to_string().into();
                    telling.tell((collection, object));
                }
            });
        }
        changed
    }

    async fn watch(&self, path: &str, query: &str, writer: &mut OwnedWriteHalf) -> std::io::Result<()> {
        let (collection, _) = parts(path);
        let mut changes = self.changes.sender.subscribe();
        let since = query
            .split_once("resourceVersion=")
            .map_or(0, |(_, rest)| rest.split('&').next().unwrap().parse().unwrap());
        let is_after = |(_, object): &&Change| version_of(object) > since;
        let past: Vec<Change> = self
            .changes
            .past
            .lock()
            .unwrap()
            .iter()
            .filter(is_after)
            .cloned()
            .collect();
        let told: BTreeSet<u64> = past.iter().map(|(_, object)| version_of(object)).collect();
        let mut past = past.into_iter();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
        writer.write_all(head.as_bytes()).await?;
        loop {
            let (of, object) = match past.next() {
                Some(change) => change,
                None => match changes.recv().await {
                    Ok((_, object)) if told.contains(&version_of(&object)) => continue,
                    Ok(change) => change,
                    Err(_) => return Ok(()),
                },
            };
            if of != collection || !is_asked_for(&object, query) {
                continue;
            }
            let is_ready_now = of == "pods"
                && object["status"]["phase"] == "Running"
                && object["metadata"]["generation"] == 2;
            let line = format!("{}\n", json!({"type": "MODIFIED", "object": object}));
            writer
                .write_all(format!("{:x}\r\n{line}\r\n", line.len()).as_bytes())
                .await?;
            if is_ready_now {
                *self.ready.lock().unwrap() = Some(Instant::now());
            }
        }
    }
}

/// The collection of a path, and the name in it.
fn parts(path: &str) -> (&'static str, Option<&str>) {
    let rest = path.split_once(NAMESPACE).unwrap().1;
    let (collection, name) = rest
        .split_once('/')
        .map_or((rest, None), |(of, name)| (of, Some(name)));
    let known = ["deployments", "replicasets", "pods", "events"];
    (
        known.into_iter().find(|known| *known == collection).unwrap(),
        name,
    )
}

/// Whether a list or a watch with this query has an object: by its name, or by its label.
fn is_asked_for(object: &Value, query: &str) -> bool {
    let value = |key: &str| {
        query
            .split_once(&format!("{key}%3D"))
            .map(|(_, rest)| rest.split('&').next().unwrap())
    };
    let is = |asked: Option<&str>, found: &Value| asked.is_none_or(|asked| found == asked);
    is(value("metadata.name"), &object["metadata"]["name"])
        && is(value("=app"), &object["metadata"]["labels"]["app"])
}

fn template(name: &str, image: &str) -> Value {
    json!({
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{"name": "app", "image": image}, {"name": "proxy", "image": "registry.example.com/proxy:1"}]}
    })
}

fn deployment(name: &str, image: &str, revision: u64, ready: usize) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {
            "name": name, "namespace": "shop", "uid": name, "generation": revision, "labels": {"app": name},
            "annotations": {"deployment.kubernetes.io/revision": revision.to_string()}
        },
        "spec": {"replicas": REPLICAS, "selector": {"matchLabels": {"app": name}}, "template": template(name, image)},
        "status": {
            "observedGeneration": revision, "replicas": REPLICAS, "updatedReplicas": REPLICAS, "readyReplicas": ready,
            "availableReplicas": ready
        }
    })
}

fn replica_set(name: &str, revision: u64) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "name": format!("{name}-{revision}"), "uid": format!("{name}-{revision}"), "labels": {"app": name},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": name, "uid": name, "controller": true}],
            "annotations": {"deployment.kubernetes.io/revision": revision.to_string()}
        },
        "spec": {"selector": {"matchLabels": {"app": name}}, "template": template(name, &image_of(revision))}
    })
}

fn image_of(revision: u64) -> String {
    if revision == 1 {
        "registry.example.com/app:before".to_owned()
    } else {
        super::image().to_string()
    }
}

/// A pod as kubelets report them: most of its size is of no use here.
fn pod(name: &str, revision: u64, nth: usize, ready: bool) -> Value {
    let (phase, word) = if ready {
        ("Running", "True")
    } else {
        ("Pending", "False")
    };
    let state = if ready {
        json!({"running": {"startedAt": "2026-11-27T12:00:00Z"}})
    } else {
        json!({"waiting": {"reason": "ContainerCreating"}})
    };
    let status = |container: &str| {
        json!({
            "name": container, "image": image_of(revision), "imageID": image_of(revision), "ready": ready,
            "restartCount": 0, "state": state
        })
    };
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": format!("{name}-{revision}-{nth}"), "uid": format!("{name}-{revision}-{nth}"), "generation": revision,
            "labels": {"app": name}, "annotations": {"note": "x".repeat(2000)},
            "ownerReferences": [{
                "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": format!("{name}-{revision}"),
                "uid": format!("{name}-{revision}"), "controller": true
            }]
        },
        "spec": template(name, &image_of(revision))["spec"],
        "status": {
            "phase": phase,
            "conditions": [{"type": "Ready", "status": word}, {"type": "ContainersReady", "status": word}],
            "containerStatuses": [status("app"), status("proxy")]
        }
    })
}
