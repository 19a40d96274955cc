//! The matrix: every fault, on either side, at each request of a copy in turn.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use windlass::domain::Exit;

use crate::image::image;
use crate::kinds::{self, Place, Wrong};
use crate::route::{Kind, Route, Side, Trip};

/// Copies under way at once. Most of them wait: for a host that asked for it, or for their patience to end.
const AT_ONCE: usize = 10;
/// Long enough for a busy machine.
const PATIENT: Duration = Duration::from_secs(20);
const IMPATIENT: Duration = Duration::from_millis(300);
/// What no copy takes that has an end.
const FOREVER: Duration = Duration::from_mins(1);

/// One cell of the matrix.
struct Case {
    number: usize,
    wrong: Wrong,
    place: Place,
}

async fn cases(route: &Route) -> Vec<Case> {
    let trip = route.trip(0).await;
    trip.copy(PATIENT).await.unwrap();
    assert_eq!(trip.missing().await, [""; 0]);
    let sides: &[Side] = match route.kind {
        Kind::One => &[Side::Target],
        Kind::Open | Kind::Guarded => &[Side::Source, Side::Target],
    };
    let mut cases = Vec::new();
    for side in sides {
        let places = Place::all(route.kind, *side, &trip.proxy(*side).requests());
        assert!(!places.is_empty());
        for wrong in kinds::all() {
            let concerned = places.iter().filter(|place| wrong.concerns(place));
            cases.extend(concerned.map(|place| Case {
                number: 0,
                wrong: wrong.clone(),
                place: place.clone(),
            }));
        }
    }
    for (number, case) in cases.iter_mut().enumerate() {
        case.number = number + 1;
    }
    cases
}

/// What is not as it must be in this case.
async fn judge(case: &Case, route: &Route) -> Result<(), String> {
    let trip = route.trip(case.number).await;
    let proxy = trip.proxy(case.place.side);
    for fault in case.wrong.faults(&case.place) {
        proxy.inject(fault);
    }
    let patience = if case.wrong.stalls() { IMPATIENT } else { PATIENT };
    let copied = tokio::time::timeout(FOREVER, trip.copy(patience));
    let copied = copied.await.map_err(|_| "it never ends")?;
    let struck = trip
        .proxy(case.place.side)
        .requests()
        .iter()
        .any(|one| one.struck);
    let has_failed = copied.is_err();
    match copied {
        _ if !struck => return Err("no request was struck".to_owned()),
        Ok(()) => is_whole(&trip).await?,
        Err(error) if case.wrong.must_be_borne(&case.place) => return Err(format!("not borne: {error}")),
        Err(error) => {
            if !matches!(
                error.exit(),
                Exit::Failed | Exit::Incomplete | Exit::NotAuthorised
            ) {
                return Err(format!("ends with {:?}: {error}", error.exit()));
            }
            let torn = trip.torn().await;
            if !torn.is_empty() {
                return Err(format!("failed ({error}) and left {torn:?}"));
            }
        }
    }
    proxy.heal();
    let again = trip.copy(PATIENT).await;
    again.map_err(|error| format!("once more, nothing is wrong, and yet: {error}"))?;
    // What is whole stays so: a copy deletes nothing.
    if has_failed { is_whole(&trip).await } else { Ok(()) }
}

async fn is_whole(trip: &Trip<'_>) -> Result<(), String> {
    let missing = trip.missing().await;
    if missing.is_empty() {
        Ok(())
    } else {
        Err(format!("called a success, but {missing:?}"))
    }
}

/// Judges all cases of a route; how many they are.
async fn judge_all(kind: Kind) -> usize {
    let route = Arc::new(Route::new(kind, image).await);
    let cases = cases(&route).await;
    let count = cases.len();
    let judging = cases.into_iter().map(|case| {
        let route = Arc::clone(&route);
        tokio::spawn(async move {
            let judged = judge(&case, &route).await;
            judged
                .err()
                .map(|why| (case.wrong.name, format!("{}: {why}", case.place)))
        })
    });
    let mut found = BTreeMap::<_, Vec<_>>::new();
    // Spawned one by one, as places become free.
    let mut judged = stream::iter(judging).buffer_unordered(AT_ONCE);
    while let Some(one) = judged.next().await {
        if let Some((name, why)) = one.unwrap() {
            found.entry(name).or_default().push(why);
        }
    }
    assert!(found.is_empty(), "of {count} cases these are wrong: {found:#?}");
    count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn between_two_open_registries_every_fault_is_borne_or_told_and_none_leaves_a_tag() {
    assert!(judge_all(Kind::Open).await > 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn between_two_registries_that_want_tokens_every_fault_is_borne_or_told_and_none_leaves_a_tag() {
    assert!(judge_all(Kind::Guarded).await > 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn within_one_registry_every_fault_is_borne_or_told_and_none_leaves_a_tag() {
    assert!(judge_all(Kind::One).await > 100);
}
