//! The sample world with its repository on the fake.

use std::sync::Arc;

use windlass::demo::World;
use windlass::engine::Engine;

use super::fake::{Fake, TOKEN};

/// The world's engine, with its repository on the fake.
pub fn engine(world: &World, fake: &Fake, more: &str) -> Arc<Engine> {
    let path = world.repository().join("windlass.toml");
    let token = world.folder().join("github.token");
    std::fs::write(&token, format!("{TOKEN}\n")).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let plain = text
        .split_once("# end of github\n")
        .map_or(text.as_str(), |(_, rest)| rest);
    let github = format!(
        "[github]\napi = \"{}\"\nrepository = \"acme/app\"\ntoken_file = \"{}\"\n{more}\n# end of github\n",
        fake.address,
        token.display()
    );
    std::fs::write(&path, github + plain).unwrap();
    world.engine().unwrap()
}

/// The same, where promotions to stage run on GitHub, which is asked very often.
pub fn engine_with_runner(world: &World, fake: &Fake) -> Arc<Engine> {
    let path = world.repository().join("windlass.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let stage = "name = \"stage\"\n";
    assert!(text.contains(stage), "{text}");
    let text = text.replace(stage, &format!("{stage}runner = \"github\"\n"));
    std::fs::write(&path, text).unwrap();
    engine(world, fake, "poll = \"20ms\"")
}
