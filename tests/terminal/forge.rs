//! The demo with its forge: a promotion to prod waits there for an approval, which is given in the console.

use std::path::Path;

use portable_pty::CommandBuilder;
use serde_json::Value;

use crate::session::Session;

/// What runs in an environment of the demo, as its service notes it.
fn running(world: &Path, environment: &str) -> Value {
    let path = world.join(format!("services/payment-svc-{environment}.json"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The text that the plan asks to be typed.
fn asked_for(session: &Session) -> String {
    let screen = session.seen.0.lock().unwrap().parser.screen().contents();
    let after = screen.split_once("To continue, type").unwrap().1;
    after.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_promotion_to_prod_waits_on_the_forge_is_approved_in_the_console_and_its_log_shows_what_ran() {
    let folder = tempfile::tempdir().unwrap();
    let world = folder.path().join("world");
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_windlass"));
    command.args(["demo", "--dir"]);
    command.arg(&world);
    command.env("XDG_STATE_HOME", folder.path().join("state"));
    command.env("XDG_CONFIG_HOME", folder.path().join("config"));
    let mut session = Session::open(command, 140, 50, folder);
    session.see("Ready for stage");
    session.press("p");
    session.see("Nothing is changed before you press Enter");
    session.press("\r");
    session.see("promote to stage is done");
    let digest = running(&world, "stage")["digest"].clone();
    assert_ne!(running(&world, "prod")["digest"], digest);

    session.press("\x1b");
    session.see("Ready for prod");
    session.press("p");
    session.see("To continue, type");
    session.see("promote-prod.yml of example/payment-svc at develop");
    let typed = asked_for(&session);
    session.press(&typed);
    session.see("press Enter");
    session.press("\r");
    session.see("waits for prod");
    assert_ne!(
        running(&world, "prod")["digest"],
        digest,
        "nothing is deployed before it is approved"
    );

    session.press("a");
    session.see("Review the deployment to prod");
    session.see(digest.as_str().unwrap());
    session.press("tested on stage\r");
    session.see("promote to prod is done in run 5001 on GitHub");
    assert_eq!(running(&world, "prod")["digest"], digest);
    // Below the run itself stands its job, whose log is that of the program in it.
    session.press("gj");
    session.see("pushed manifest sha256:");
    session.press("\tg");
    session.see("Run windlass promote");
    session.press("W");
    session.see("requests left this hour");
    session.see("approve the deployment to prod in run 5001");
    session.press("q");
    assert_eq!(session.end(), (0, true));
}
