//! What the cells of a row and of the ribbon say.

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use windlass::board::{Cell, DeployedImage, Facts, Place};
use windlass::demo::registry::{Auth, Credentials, Options};
use windlass::domain::SignatureForms;
use windlass::sign::{self, SigningKey};

use super::world::{World, take_down};
use crate::git::git;

async fn facts(world: &World, nth: usize) -> Facts {
    let source = world.source();
    source.facts(&world.commits[nth], Timestamp::now(), &|_| ()).await
}

fn place<'a>(facts: &'a Facts, environment: &str) -> &'a Place {
    let mut places = facts.places.iter();
    places
        .find(|place| place.environment.as_str() == environment)
        .unwrap()
}

#[tokio::test]
async fn a_missing_image_is_none_in_every_cell_and_nothing_failed() {
    let world = World::new(1).await;
    let facts = facts(&world, 0).await;
    let tag = format!("no image sha-{}", world.commits[0].short());
    assert_eq!(facts.image, Cell::None(tag));
    assert_eq!(facts.scan, Cell::None("no image".to_owned()));
    assert_eq!(place(&facts, "prod").there, Cell::None("no image".to_owned()));
    assert!(facts.failures().is_empty());
}

#[tokio::test]
async fn a_scan_is_none_or_ready_with_its_counts_or_stale_by_the_strictest_rule() {
    let world = World::new(3).await;
    let now = Timestamp::now();
    world.image("dev", 0).await;
    world
        .report(
            &world.image("dev", 1).await,
            now - SignedDuration::from_hours(1),
            2,
        )
        .await;
    world
        .report(
            &world.image("dev", 2).await,
            now - SignedDuration::from_hours(25),
            0,
        )
        .await;

    assert_eq!(facts(&world, 0).await.scan, Cell::None("no report".to_owned()));
    let Cell::Ready(scan) = facts(&world, 1).await.scan else {
        panic!("not ready")
    };
    assert_eq!(scan.counts.critical, 2);
    let Cell::Stale(scan) = facts(&world, 2).await.scan else {
        panic!("not stale")
    };
    assert_eq!(scan.counts.worst(), None);
}

#[tokio::test]
async fn a_moved_tag_tells_the_commit_that_its_image_is_of() {
    let world = World::new(2).await;
    let older = world.image("dev", 1).await;
    world
        .tag("dev", &older, &format!("sha-{}", world.commits[0].short()))
        .await;
    let moved = facts(&world, 0).await;
    assert_eq!(
        moved.image.value().unwrap().moved.as_ref(),
        Some(&world.commits[1])
    );
    let own = facts(&world, 1).await;
    assert_eq!(own.image.value().unwrap().moved, None);
}

#[tokio::test]
async fn the_places_are_those_of_the_digest_not_of_the_tag() {
    let world = World::new(2).await;
    world.image("dev", 0).await;
    world.image("prod", 0).await;
    let other = world.image("stage", 1).await;
    world
        .tag("stage", &other, &format!("sha-{}", world.commits[0].short()))
        .await;
    let facts = facts(&world, 0).await;
    let there = |environment| place(&facts, environment).there.clone();
    assert_eq!(
        [there("dev"), there("stage"), there("prod")],
        [Cell::Ready(true), Cell::Ready(false), Cell::Ready(true)]
    );
    assert_eq!(
        place(&facts, "dev").signed,
        Cell::None("no key configured".to_owned())
    );
    assert_eq!(place(&facts, "prod").signed, Cell::Ready(false));
}

#[tokio::test]
async fn an_image_that_dev_has_forgotten_is_found_where_it_was_promoted_to() {
    let world = World::new(1).await;
    let image = world.image("prod", 0).await;
    let facts = facts(&world, 0).await;
    let found = facts.image.value().unwrap();
    assert_eq!(
        (found.environment.as_str(), &found.digest),
        ("prod", &image.digest)
    );
    assert_eq!(place(&facts, "dev").there, Cell::Ready(false));
    assert_eq!(place(&facts, "prod").there, Cell::Ready(true));
}

#[tokio::test]
async fn a_registry_that_is_down_fails_its_own_cells_and_no_others() {
    let mut world = World::new(1).await;
    let image = world.image("dev", 0).await;
    world.report(&image, Timestamp::now(), 0).await;
    let host = world.production.host();
    take_down(&mut world.production).await;
    let facts = facts(&world, 0).await;
    assert!(matches!(facts.scan, Cell::Ready(_)), "{facts:?}");
    assert_eq!(place(&facts, "dev").there, Cell::Ready(true));
    let why = place(&facts, "prod").there.failure().unwrap();
    assert!(
        why.contains(&host) && why.contains("could not reach registry"),
        "{why}"
    );
    assert_eq!(facts.failures().into_iter().collect::<Vec<_>>(), [why]);
}

#[tokio::test]
async fn an_image_is_found_where_it_was_promoted_to_while_dev_does_not_answer() {
    let mut world = World::new(1).await;
    let image = world.image("prod", 0).await;
    take_down(&mut world.shared).await;
    let facts = facts(&world, 0).await;
    let found = facts.image.value().unwrap();
    assert_eq!(
        (found.environment.as_str(), &found.digest),
        ("prod", &image.digest)
    );
    assert!(place(&facts, "dev").there.failure().is_some(), "{facts:?}");
    assert_eq!(place(&facts, "prod").there, Cell::Ready(true));
}

#[tokio::test]
async fn an_own_image_does_not_count_while_the_rebuilt_one_cannot_be_looked_up() {
    let mut world = World::new(1).await;
    let short = world.commits[0].short().to_owned();
    world.image("prod", 0).await;
    git(
        world.folder.path(),
        &["branch", &format!("release/v1.0.0-sha-{short}"), "develop"],
    );
    let path = world.folder.path().join("windlass.toml");
    let config = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("[release]\nrebuild = true\n\n{config}")).unwrap();
    take_down(&mut world.shared).await;
    let why = facts(&world, 0).await.image.failure().map(str::to_owned);
    assert!(why.unwrap().contains("could not reach registry"));
}

#[tokio::test]
async fn what_hangs_on_an_image_that_could_not_be_looked_up_is_failed_not_none() {
    let mut world = World::new(1).await;
    take_down(&mut world.shared).await;
    let facts = facts(&world, 0).await;
    let why = facts.image.failure().unwrap();
    assert!(why.contains("could not reach registry"), "{why}");
    assert!(facts.scan.failure().is_some(), "{facts:?}");
    assert!(
        facts.places.iter().all(|place| place.there.failure().is_some()),
        "{facts:?}"
    );
}

#[tokio::test]
async fn a_registry_that_wants_credentials_says_so_in_its_cell() {
    let production = Options {
        auth: Auth::Basic(Credentials::new("ana", "secret")),
        ..Options::default()
    };
    let world = World::with(1, production).await;
    world.image("dev", 0).await;
    let facts = facts(&world, 0).await;
    let why = place(&facts, "prod").there.failure().unwrap();
    assert!(why.contains("requires credentials"), "{why}");
}

#[tokio::test]
async fn answers_are_told_one_by_one_and_the_image_first() {
    let world = World::new(1).await;
    world.image("dev", 0).await;
    let told = std::sync::Mutex::new(Vec::new());
    let tell = |facts: &Facts| told.lock().unwrap().push(facts.clone());
    let last = world
        .source()
        .facts(&world.commits[0], Timestamp::now(), &tell)
        .await;
    let told = told.into_inner().unwrap();
    assert!(told[0].image.value().is_some() && told[0].scan.is_loading());
    assert!(told[0].places.iter().all(|place| place.there.is_loading()));
    // The image, the scan, and three places.
    assert_eq!(told.len(), 5);
    assert_eq!(told.last(), Some(&last));
}

#[tokio::test]
async fn the_ribbon_tells_what_runs_where_since_when_and_whether_it_is_signed() {
    let world = World::new(3).await;
    world.tag("dev", &world.image("dev", 0).await, "latest").await;
    let old = world.image("prod", 2).await;
    world.tag("prod", &old, "deployed-20261001T080000Z").await;
    let new = world.image("prod", 1).await;
    world.tag("prod", &new, "deployed-20261101T080000Z").await;
    let branch = format!("release/v1.4.0-sha-{}", world.commits[1].short());
    git(
        world.folder.path(),
        &["branch", &branch, world.commits[1].as_str()],
    );
    let deployed = async || {
        let now = world.source().environments().await;
        now.into_iter().map(|there| there.deployed).collect::<Vec<_>>()
    };

    let [dev, stage, prod] = deployed().await.try_into().unwrap();
    let dev = dev.value().unwrap().clone();
    assert_eq!(dev.short.as_deref(), Some(world.commits[0].short()));
    assert_eq!((dev.since, dev.release), (None, None));
    assert_eq!(stage, Cell::None("nothing deployed yet".to_owned()));
    let expected = DeployedImage {
        digest: new.digest.clone(),
        since: Some("2026-11-01T08:00:00Z".parse().unwrap()),
        by: None,
        short: Some(world.commits[1].short().to_owned()),
        stands_for: None,
        release: Some("v1.4.0".to_owned()),
        signed: Cell::Ready(false),
        tag: prod.value().unwrap().tag.clone(),
    };
    assert_eq!(prod, Cell::Ready(expected));

    let password = SecretString::from("x");
    let path = world.folder.path().join("cosign.key");
    std::fs::write(&path, SigningKey::generate(&password).unwrap().private_pem).unwrap();
    let key = SigningKey::load(&path, &password).unwrap();
    sign::sign(&world.writer("prod"), &new, &key.into(), SignatureForms::Bundle)
        .await
        .unwrap();
    assert_eq!(deployed().await[2].value().unwrap().signed, Cell::Ready(true));
}

#[tokio::test]
async fn an_index_whose_images_name_different_commits_is_no_image_of_either() {
    let world = World::new(2).await;
    let name = world.image_of_two_commits().await;
    let facts = facts(&world, 0).await;
    let why = facts.image.failure().unwrap();
    let differs = format!("the platforms of {name} name different commits: ");
    assert!(why.starts_with(&differs), "{why}");
    assert!(
        world.commits.iter().all(|commit| why.contains(commit.short())),
        "{why}"
    );
}
