//! The console on a real pseudo-terminal, on the sample world: what a person sees, from the first frame to the shell prompt.

use crate::session::Session;
use portable_pty::{CommandBuilder, PtySize};

use crate::git::git;

#[test]
fn a_candidate_is_promoted_by_keys_and_the_terminal_is_given_back() {
    let mut session = Session::demo(120, 40);
    session.see("Ready for stage");
    session.press("p");
    session.see("Nothing is changed before you press Enter");
    session.press("\r");
    session.see("promote to stage is done");
    session.press("\x1b");
    session.see("Ready for prod");
    session.press("p");
    session.see("To continue, type");
    session.press("\x1b");
    // Together with the next key, Esc would be read as Alt.
    session.wait("the dialog to close", |seen| {
        !seen.parser.screen().contents().contains("To continue, type")
    });
    session.press("q");
    assert_eq!(session.end(), (0, true));
}

#[test]
fn a_resize_is_followed_and_a_termination_gives_the_terminal_back() {
    let session = Session::demo(120, 40);
    session.see("COMMIT");
    session
        .seen
        .0
        .lock()
        .unwrap()
        .parser
        .screen_mut()
        .set_size(5.try_into().unwrap(), 20.try_into().unwrap());
    let size = PtySize {
        rows: 5,
        cols: 20,
        pixel_width: 0,
        pixel_height: 0,
    };
    session.master.as_ref().unwrap().resize(size).unwrap();
    session.see("windlass requires");
    let process = session.child.process_id().unwrap().cast_signed();
    let process = rustix::process::Pid::from_raw(process).unwrap();
    rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
    assert_eq!(session.end(), (130, true));
}

#[test]
fn a_console_at_the_root_of_several_services_lists_them_and_in_the_folder_of_one_opens_its_board() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("repository");
    std::fs::create_dir_all(root.join("services/web")).unwrap();
    let service = |name| format!("[[service]]\nname = \"{name}\"\npath = \"services/{name}\"\n");
    let text = format!(
        "[git]\nrelease_branch = \"release/{{service}}/v{{version}}-sha-{{short}}\"\nhotfix_branch = \"hotfix/{{service}}/v{{version}}\"\n\
         release_tag = \"{{service}}/v{{version}}\"\n{}{}[[environment]]\nname = \"dev\"\nimage = \"127.0.0.1:1/{{service}}\"\n",
        service("api"),
        service("web")
    );
    std::fs::write(root.join("windlass.toml"), text).unwrap();
    git(&root, &["init", "-q", "-b", "develop"]);
    git(&root, &["commit", "-q", "--allow-empty", "-m", "first"]);
    let open = |at: &std::path::Path| {
        let state = tempfile::tempdir().unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_windlass"));
        command.cwd(at);
        command.env("XDG_STATE_HOME", state.path());
        Session::open(command, 100, 30, state)
    };
    let mut session = open(&root);
    session.see("fleet · repository");
    session.see("api");
    session.press("j\r");
    session.see("windlass · web");
    // Nothing was ever committed there.
    session.see("develop has no folder services/web");
    session.press("\x1b");
    session.see("fleet · repository");
    session.press("q");
    session.end();
    let mut session = open(&root.join("services/web"));
    session.see("windlass · web");
    session.press("q");
    session.end();
}

/// A service with one environment, whose registry is at `host`.
fn service_at(host: &str) -> (tempfile::TempDir, CommandBuilder) {
    let folder = tempfile::tempdir().unwrap();
    let text =
        format!("[[service]]\nname = \"app\"\n[[environment]]\nname = \"dev\"\nimage = \"{host}/app\"\n");
    std::fs::write(folder.path().join("windlass.toml"), text).unwrap();
    git(folder.path(), &["init", "-q", "-b", "develop"]);
    git(folder.path(), &["commit", "-q", "--allow-empty", "-m", "first"]);
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_windlass"));
    command.cwd(folder.path());
    command.env("XDG_STATE_HOME", folder.path().join("state"));
    (folder, command)
}

#[test]
fn something_is_on_the_screen_while_a_registry_does_not_answer() {
    // It takes what it is sent and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (folder, mut command) = service_at(&silent.local_addr().unwrap().to_string());
    command.arg("status");
    let mut session = Session::open(command, 100, 30, folder);
    session.see("querying git and the registries");
    session.press("\x03");
    assert_eq!(session.end().0, 130);
}
