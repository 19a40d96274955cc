//! The sample world as a thing that is built, kept and found again.

#![expect(clippy::unwrap_used, reason = "what a test relies on fails it by panicking")]

#[path = "support/call.rs"]
mod call;
#[path = "support/place.rs"]
mod place;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;

use windlass::demo::{World, WorldError, WorldOptions};
use windlass::domain::{Digest, Exit, Target, WriteAccess};

use place::reader;

async fn open(folder: &Path, now: jiff::Timestamp) -> Result<World, WorldError> {
    let options = WorldOptions {
        folder: Some(folder.to_owned()),
        now,
    };
    World::open(options, WriteAccess::unless_read_only(false).unwrap()).await
}

/// Each `sha-` tag of an environment with its digest, in the order of the tags.
async fn images(world: &World, environment: &str) -> Vec<(String, Digest)> {
    let reader = reader(&world.engine().unwrap(), environment);
    let mut images = Vec::new();
    for tag in reader.tags().await.unwrap() {
        if tag.as_str().starts_with("sha-") {
            let image = reader.resolve(&Target::Tag(tag.clone())).await.unwrap().unwrap();
            images.push((tag.to_string(), image.digest));
        }
    }
    images.sort();
    images
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_moment_makes_the_same_commits_and_images() {
    let folder = tempfile::tempdir().unwrap();
    let now = jiff::Timestamp::now();
    let one = open(&folder.path().join("one"), now).await.unwrap();
    let two = open(&folder.path().join("two"), now).await.unwrap();
    let first = images(&one, "dev").await;
    assert!(first.len() > 40, "{}", first.len());
    assert_eq!(first, images(&two, "dev").await);
    assert_eq!(images(&one, "prod").await, images(&two, "prod").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_world_is_found_again_whole_when_a_port_is_taken_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let now = jiff::Timestamp::now();
    let first = open(folder.path(), now).await.unwrap();
    let host = first.shared_host();
    let before = images(&first, "stage").await;
    first.close().await;
    let _squatter = TcpListener::bind(&host).unwrap();
    let second = open(folder.path(), now).await.unwrap();
    assert_ne!(second.shared_host(), host);
    assert!(!before.is_empty());
    assert_eq!(images(&second, "stage").await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_building_that_was_broken_off_is_begun_anew_and_leaves_other_things_alone() {
    let folder = tempfile::tempdir().unwrap();
    let now = jiff::Timestamp::now();
    let whole = open(folder.path(), now).await.unwrap();
    let expected = images(&whole, "dev").await;
    whole.close().await;
    // What a kill leaves behind: the mark of an unfinished world, and parts that are not whole.
    let path = |name: &str| folder.path().join(name);
    std::fs::rename(path("world-built-at"), path("world-unfinished")).unwrap();
    std::fs::remove_dir_all(path("origin.git")).unwrap();
    std::fs::write(path("registries/production/registry.ndjson"), "{").unwrap();
    std::fs::write(path("notes.txt"), "mine").unwrap();
    let again = open(folder.path(), now).await.unwrap();
    assert_eq!(images(&again, "dev").await, expected);
    assert!(path("origin.git/HEAD").is_file() && path("world-built-at").is_file());
    assert_eq!(std::fs::read_to_string(path("notes.txt")).unwrap(), "mine");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_do_not_build_in_one_folder_and_nothing_of_strangers_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let now = jiff::Timestamp::now();
    let mark = std::fs::File::create(folder.path().join("world-unfinished")).unwrap();
    mark.lock().unwrap();
    std::fs::write(folder.path().join("deploy.sh"), "theirs").unwrap();
    let busy = open(folder.path(), now).await.err().unwrap();
    assert_eq!(busy.exit(), Exit::Conflict, "{busy}");
    assert_eq!(
        std::fs::read_to_string(folder.path().join("deploy.sh")).unwrap(),
        "theirs"
    );
    drop(mark);
    std::fs::remove_file(folder.path().join("world-unfinished")).unwrap();
    let occupied = open(folder.path(), now).await.err().unwrap();
    assert_eq!(occupied.exit(), Exit::Usage, "{occupied}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journey_that_was_played_in_a_folder_begins_afresh_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let play = async || {
        let args = ["demo", "--headless", "--dir", "world"];
        call::program(folder.path(), &folder.path().join("state"), &args)
            .output()
            .await
            .unwrap()
    };
    for is_again in [false, true] {
        let played = play().await;
        let (out, err) = (call::text(&played.stdout), call::text(&played.stderr));
        assert_eq!(played.status.code(), Some(0), "{out}{err}");
        assert_eq!(
            err.contains("was already played: starting afresh"),
            is_again,
            "{err}"
        );
    }
}

/// What answers at a port of this machine; nothing where nobody does.
fn answer(port: u16) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    Some(text)
}

#[test]
fn what_is_deployed_runs_serves_its_digest_and_ends_with_the_demo_however_that_ends() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let mut demo = call::program(folder.path(), &state, &["demo", "--dir", "world"]).into_std();
    let mut demo = demo.stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(demo.stdout.take().unwrap()).lines();
    let told: Vec<_> = lines
        .map(Result::unwrap)
        .take_while(|line| !line.starts_with("pipeline"))
        .filter_map(|line| {
            Some((
                line.split_once("runs at http://127.0.0.1:")?.1.parse().ok()?,
                line,
            ))
        })
        .collect();
    let environments: Vec<_> = told
        .iter()
        .map(|(_, line)| line.split(' ').next().unwrap())
        .collect();
    assert_eq!(environments, ["stage", "prod"], "{told:?}");
    for (port, line) in &told {
        let digest = answer(*port).unwrap();
        let digest = digest.split_once("\"digest\":\"sha256:").unwrap().1;
        assert!(
            line.contains(&format!("sha256:{}", &digest[..4])),
            "{line}: {digest}"
        );
    }
    // A demo that is killed says goodbye to nobody.
    demo.kill().unwrap();
    demo.wait().unwrap();
    let limit = std::time::Instant::now() + std::time::Duration::from_mins(1);
    while told.iter().any(|(port, _)| answer(*port).is_some()) {
        assert!(std::time::Instant::now() < limit, "something still runs");
        std::thread::yield_now();
    }
}
