//! Drift: what runs, the tag and the signature against what is deployed.

use windlass::board::{Cell, EnvironmentNow};
use windlass::domain::{Digest, Drift};

use crate::call::text;
use crate::program::windlass;
use crate::world::World;

/// A world whose prod has deployed the second commit after the third, and reads what runs from a file; and that file.
pub async fn observed() -> (World, [Digest; 2], std::path::PathBuf) {
    let world = World::new(3).await;
    let old = world.image("prod", 2).await;
    world.tag("prod", &old, "deployed-20261001T080000Z").await;
    let new = world.image("prod", 1).await;
    world.tag("prod", &new, "deployed-20261101T080000Z").await;
    let file = world.folder.path().join("running");
    let path = world.folder.path().join("windlass.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let deploy = format!(
        "name = \"prod\"\ndeploy = {{ kind = \"command\", program = \"true\", running = [\"cat\", \"{}\"] }}\n",
        file.display()
    );
    assert!(text.contains("name = \"prod\"\n"), "{text}");
    std::fs::write(&path, text.replace("name = \"prod\"\n", &deploy)).unwrap();
    (world, [old.digest, new.digest], file)
}

async fn prod(world: &World) -> EnvironmentNow {
    world.source().environments().await.pop().unwrap()
}

/// The drift of what runs: that of the signature is told in the world's other tests.
fn of_running(there: &EnvironmentNow) -> Vec<&Drift> {
    there.drift.iter().filter(|drift| drift.is_of_running()).collect()
}

#[tokio::test]
async fn something_else_that_runs_is_drift_and_says_whether_it_was_ever_deployed() {
    let (world, [old, new], file) = observed().await;
    std::fs::write(&file, format!("{{\"digest\": \"{new}\", \"healthy\": false}}")).unwrap();
    let there = prod(&world).await;
    assert!(of_running(&there).is_empty() && there.is_unhealthy());

    std::fs::write(&file, old.to_string()).unwrap();
    let there = prod(&world).await;
    let expected = Drift::Earlier {
        running: old,
        deployed: new.clone(),
    };
    assert_eq!(of_running(&there), [&expected]);
    assert!(there.has_loud_drift() && there.failure().is_none());

    let foreign = Digest::of(b"foreign");
    std::fs::write(&file, foreign.to_string()).unwrap();
    let expected = Drift::NeverDeployed {
        running: foreign,
        deployed: Some(new),
    };
    assert_eq!(of_running(&prod(&world).await), [&expected]);
}

#[tokio::test]
async fn what_cannot_be_observed_is_unknown_and_no_drift_and_nothing_observes_the_others() {
    let (world, _, file) = observed().await;
    let there = prod(&world).await;
    assert!(of_running(&there).is_empty());
    assert!(
        there.failure().unwrap().contains("`cat` failed"),
        "{:?}",
        there.running
    );
    std::fs::write(&file, "nonsense").unwrap();
    assert!(prod(&world).await.failure().unwrap().contains("not a digest"));
    let dev = world.source().environments().await.remove(0);
    assert_eq!(dev.running, Cell::None("not observed".to_owned()));
}

#[tokio::test]
async fn an_immutable_tag_that_names_something_else_is_drift() {
    let (world, [_, new], file) = observed().await;
    std::fs::write(&file, new.to_string()).unwrap();
    let tag = prod(&world).await.deployed.value().unwrap().tag.clone().unwrap();
    let other = world.image("prod", 0).await;
    world.tag("prod", &other, tag.as_str()).await;
    let there = prod(&world).await;
    let expected = Drift::TagMoved {
        tag: tag.to_string(),
        deployed: new,
        found: other.digest,
    };
    assert!(there.drift.contains(&expected), "{:?}", there.drift);
}

#[tokio::test]
async fn status_tells_drift_first_and_its_check_refuses_drift_and_what_is_unknown() {
    let (world, [old, new], file) = observed().await;
    let path = world.folder.path().join("windlass.toml");
    let text_of_config = std::fs::read_to_string(&path).unwrap();
    let unsigned = text_of_config.replace("verify = { key = \"cosign.pub\" }\n", "");
    std::fs::write(&path, unsigned).unwrap();
    let exits = async || {
        let told = windlass(&world, &["status"]).await;
        let checked = windlass(&world, &["status", "--check"]).await;
        assert_eq!(told.stdout, checked.stdout);
        (
            text(&told.stdout),
            told.status.code().unwrap(),
            checked.status.code().unwrap(),
        )
    };
    std::fs::write(&file, new.to_string()).unwrap();
    let (out, told, checked) = exits().await;
    assert_eq!((told, checked), (0, 0), "{out}");
    assert!(!out.contains("drift"), "{out}");

    std::fs::write(&file, old.to_string()).unwrap();
    let (out, told, checked) = exits().await;
    assert_eq!((told, checked), (0, 3), "{out}");
    assert!(
        out.lines().nth(1).unwrap().starts_with("✗ drift in prod: "),
        "{out}"
    );

    std::fs::remove_file(&file).unwrap();
    let (out, told, checked) = exits().await;
    assert_eq!((told, checked), (1, 3), "{out}");
}
