//! A copy that is killed, and then asked for again: it goes on where it was, in the middle of its layers.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::json;
use tokio::process::{Child, Command};
use windlass::domain::Digest;
use windlass::registry::Writer;

use crate::image::{manifest, put};
use crate::proxy::{Proxy, Traffic};
use crate::route::{Kind, Route, Side, Trip};
use crate::world::{INDEX, MANIFEST, blob};

/// How many copies are killed.
const KILLS: usize = 200;
/// How many of them run at once.
const AT_ONCE: usize = 4;
const LAYERS: usize = 36;
/// The most bytes that both runs may move, in hundredths of the image.
const MOST: u64 = 120;
/// Of how many copies the downloads alone, too, move no more than that. What has just arrived at a process when it is
/// killed is lost, and on a machine that gives it no time that is everything that the system keeps for it.
const NEARLY_ALL: usize = KILLS * 97 / 100;

/// An index of two platforms with different layers, of 256 to 676 KiB each.
async fn large_image(writer: &Writer) -> Digest {
    let mut entries = Vec::new();
    for (platform, architecture) in ["amd64", "arm64"].into_iter().enumerate() {
        let mut layers = Vec::new();
        for layer in (platform..LAYERS).step_by(2) {
            let word = format!("layer {layer}, ");
            let bytes = word.repeat((256 + layer * 12) * 1024 / word.len());
            layers.push(
                blob(
                    writer,
                    "application/vnd.oci.image.layer.v1.tar",
                    bytes.into_bytes(),
                )
                .await,
            );
        }
        let text = json!({"os": "linux", "architecture": architecture}).to_string();
        let config = blob(
            writer,
            "application/vnd.oci.image.config.v1+json",
            text.into_bytes(),
        )
        .await;
        let (digest, size) = put(writer, MANIFEST, manifest(&json!(config), &json!(layers))).await;
        entries.push(json!({
            "mediaType": MANIFEST, "digest": digest, "size": size,
            "platform": {"os": "linux", "architecture": architecture},
        }));
    }
    let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}).to_string();
    put(writer, INDEX, index).await.0
}

/// The program, as a person would start it who has nothing else on this machine.
fn copy(trip: &Trip<'_>, home: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_windlass"));
    command
        .env_clear()
        .arg("copy")
        .args(trip.names())
        .current_dir(home);
    for name in [
        "HOME",
        "XDG_STATE_HOME",
        "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
    ] {
        command.env(name, home);
    }
    command
        .env("DOCKER_CONFIG", trip.login.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// A moment of a copy.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// When so many hundredths of the bytes have passed there.
    Bytes(Side, u64),
    /// When so many hundredths of the requests have come there.
    Requests(Side, u64),
}

impl Moment {
    fn random(random: &mut StdRng) -> Self {
        let side = if random.random() {
            Side::Source
        } else {
            Side::Target
        };
        let part = random.random_range(0..100);
        if random.random() {
            Self::Bytes(side, part)
        } else {
            Self::Requests(side, part)
        }
    }

    /// Has everything stop then, on both sides: what would pass before the process is killed would be counted.
    fn hold<'a>(self, trip: &'a Trip<'_>, whole: Traffic) -> &'a Proxy {
        let (Self::Bytes(side, part) | Self::Requests(side, part)) = self;
        let (proxy, other) = match side {
            Side::Source => (trip.proxy(Side::Source), trip.proxy(Side::Target)),
            Side::Target => (trip.proxy(Side::Target), trip.proxy(Side::Source)),
        };
        let count = move |traffic: &Traffic| match self {
            Self::Bytes(..) => traffic.up + traffic.down,
            Self::Requests(..) => traffic.requests,
        };
        let least = (count(&whole) * part / 100).max(1);
        let brake = other.brake();
        proxy.hold(move |traffic| {
            let is_now = count(traffic) >= least;
            if is_now {
                brake();
            }
            is_now
        });
        proxy
    }
}

/// What one killed copy and the next one came to.
#[derive(Debug, Clone, Copy)]
struct Moved {
    down: u64,
    up: u64,
}

/// Kills a copy at a moment of it, and gives the same command again.
async fn killed(route: &Route, number: usize, moment: Moment, whole: [Traffic; 2]) -> Result<Moved, String> {
    let trip = route.trip(number).await;
    let home = tempfile::tempdir().unwrap();
    let of_side = match moment {
        Moment::Bytes(Side::Source, _) | Moment::Requests(Side::Source, _) => whole[0],
        _ => whole[1],
    };
    let held = moment.hold(&trip, of_side);
    let mut first = copy(&trip, home.path());
    tokio::select! {
        () = held.holds() => {}
        ended = first.wait() => return Err(format!("it ended before it was killed: {ended:?}")),
    }
    first.kill().await.unwrap();
    trip.proxy(Side::Source).release();
    trip.proxy(Side::Target).release();
    let torn = trip.torn().await;
    // What may be there is nothing that is half, or all of it.
    if !torn.is_empty() && !trip.missing().await.is_empty() {
        return Err(format!("killed, it left {torn:?}"));
    }
    let (status, said) = ended(copy(&trip, home.path())).await;
    if !status.success() {
        return Err(format!("given again, it ends with {status}: {said}"));
    }
    let missing = trip.missing().await;
    if !missing.is_empty() {
        return Err(format!("given again, it is called a success, but {missing:?}"));
    }
    Ok(Moved {
        down: trip.proxy(Side::Source).traffic().down,
        up: trip.proxy(Side::Target).traffic().up,
    })
}

async fn ended(copy: Child) -> (ExitStatus, String) {
    let output = copy.wait_with_output().await.unwrap();
    (
        output.status,
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_is_killed_at_any_moment_goes_on_where_it_was() {
    let route = Arc::new(Route::new(Kind::Open, large_image).await);
    let whole = {
        let trip = route.trip(0).await;
        let home = tempfile::tempdir().unwrap();
        let (status, said) = ended(copy(&trip, home.path())).await;
        assert!(status.success(), "{said}");
        assert_eq!(trip.missing().await, [""; 0]);
        [Side::Source, Side::Target].map(|side| trip.proxy(side).traffic())
    };
    let seed: u64 = rand::random();
    let mut random = StdRng::seed_from_u64(seed);
    let moments: Vec<_> = (1..=KILLS)
        .map(|number| (number, Moment::random(&mut random)))
        .collect();
    let killing = moments.into_iter().map(|(number, moment)| {
        let route = Arc::clone(&route);
        tokio::spawn(async move {
            let moved = killed(&route, number, moment, whole).await;
            moved.map_err(|why| format!("{moment:?}: {why}"))
        })
    });
    let done: Vec<_> = stream::iter(killing).buffer_unordered(AT_ONCE).collect().await;
    let (mut down, mut wrong) = (Vec::new(), Vec::new());
    let part = |bytes: u64| bytes * 100 / route.whole.bytes;
    for one in done {
        match one.unwrap() {
            Ok(moved) if part(moved.up) > MOST || part(moved.down + moved.up) > 2 * MOST => {
                wrong.push(format!("{} % down and {} % up", part(moved.down), part(moved.up)));
            }
            Ok(moved) => down.push(part(moved.down)),
            Err(why) => wrong.push(why),
        }
    }
    assert!(wrong.is_empty(), "with seed {seed}, of {KILLS}: {wrong:#?}");
    down.sort_unstable();
    assert!(down[NEARLY_ALL] <= MOST, "with seed {seed}, down: {down:?}");
}
