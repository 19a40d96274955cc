use super::version::LATEST;
use super::*;
use std::fs::OpenOptions;

use crate::domain::{Exit, Plan, PlannedStep, StepId, StepKind, StepList};
use crate::engine::run::event::{StepOutcome, Unit};

fn access() -> WriteAccess {
    WriteAccess::unless_read_only(false).unwrap()
}

fn event(run: &RunId, happening: EventKind) -> Event {
    Event {
        run: run.clone(),
        at: Timestamp::now(),
        happening,
    }
}

fn step() -> StepId {
    let mut list = StepList::default();
    list.add(StepKind::Copy, "3 blobs")
}

fn log(run: &RunId, line: &str) -> Event {
    event(
        run,
        EventKind::Log {
            step: Some(step()),
            level: Level::Info,
            line: line.into(),
        },
    )
}

fn written() -> (tempfile::TempDir, Journals, RunId, Vec<Event>) {
    let folder = tempfile::tempdir().unwrap();
    let journals = Journals::at(folder.path().join("runs"));
    let run = RunId::fresh();
    let mut journal = journals.begin(&run, access()).unwrap();
    let ended = EventKind::StepEnded {
        step: step(),
        outcome: StepOutcome::Done("3 blobs".into()),
    };
    let events = vec![log(&run, "one"), log(&run, "two"), event(&run, ended)];
    for event in &events {
        journal.append(event).unwrap();
    }
    let moved = EventKind::ItemMoved {
        step: step(),
        item: "a blob".to_owned(),
        done: 1,
    };
    journal.append(&event(&run, moved)).unwrap();
    (folder, journals, run, events)
}

#[test]
fn what_was_written_is_read_back_without_the_progress() {
    let (_folder, journals, run, events) = written();
    assert_eq!(journals.read(&run).unwrap(), events);
    assert_eq!(journals.runs().unwrap(), [run]);
}

#[test]
fn a_line_that_a_crash_cut_off_is_left_out() {
    let (_folder, journals, run, events) = written();
    let path = journals.path(&run);
    let text = std::fs::read(&path).unwrap();
    std::fs::write(&path, &text[..text.len() - 5]).unwrap();
    assert_eq!(journals.read(&run).unwrap(), events[..2]);
}

#[test]
fn a_line_that_was_changed_is_found_out() {
    let (_folder, journals, run, _) = written();
    let path = journals.path(&run);
    let text = std::fs::read_to_string(&path)
        .unwrap()
        .replace("\"one\"", "\"eno\"");
    std::fs::write(&path, text).unwrap();
    let error = journals.read(&run).unwrap_err().to_string();
    assert!(error.starts_with("line 1 of the journal"), "{error}");
}

#[test]
fn a_byte_that_was_changed_anywhere_is_found_out_in_the_last_line_too() {
    let (_folder, journals, run, events) = written();
    let path = journals.path(&run);
    let whole = std::fs::read(&path).unwrap();
    // The end of the last line alone says nothing: without it, that line was cut off.
    for at in 0..whole.len() - 1 {
        let mut text = whole.clone();
        text[at] ^= 1;
        std::fs::write(&path, text).unwrap();
        let read = journals.read(&run);
        assert!(read.is_err(), "byte {at}: {read:?}");
    }
    std::fs::write(&path, whole).unwrap();
    assert_eq!(journals.read(&run).unwrap(), events);
}

#[test]
fn a_line_that_was_taken_out_or_exchanged_is_found_out() {
    let (_folder, journals, run, _) = written();
    let path = journals.path(&run);
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = text.lines().collect();
    for (kept, first_wrong) in [([1, 2], 1), ([0, 2], 2), ([1, 0], 1)] {
        let left: Vec<_> = kept.iter().map(|at| lines[*at]).collect();
        std::fs::write(&path, left.join("\n") + "\n").unwrap();
        let error = journals.read(&run).unwrap_err();
        assert!(
            matches!(&error, JournalError::Broken { line, .. } if *line == first_wrong),
            "{kept:?}: {error}"
        );
    }
}

#[test]
fn a_full_disk_stops_the_run_before_it_begins_or_at_the_next_step() {
    let run = RunId::fresh();
    // A file stands where the folder should be: nothing can be created there.
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = Journals::at(file.path().join("runs"))
        .begin(&run, access())
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("could not create the journal"), "{error}");
    // /dev/full accepts an open and refuses every write, as a full disk does.
    if let Ok(full) = OpenOptions::new().append(true).open("/dev/full") {
        let mut journal = Journal {
            file: full,
            path: "/dev/full".into(),
            chain: HashChain::default(),
            logged: 0,
            dropped: 0,
            is_broken: false,
        };
        let error = journal.append(&log(&run, "lost")).unwrap_err().to_string();
        assert!(error.contains("could not write the journal"), "{error}");
    }
}

#[test]
fn a_flood_of_output_does_not_fill_the_disk_and_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let journals = Journals::at(folder.path().to_owned());
    let run = RunId::fresh();
    let mut journal = journals.begin(&run, access()).unwrap();
    let line = "x".repeat(64 * 1024);
    for _ in 0..200 {
        journal.append(&log(&run, &line)).unwrap();
    }
    let step = step();
    let outcome = StepOutcome::Done(String::new());
    journal
        .append(&event(&run, EventKind::StepEnded { step, outcome }))
        .unwrap();
    let size = std::fs::metadata(journals.path(&run)).unwrap().len();
    assert!(size < MAX_LOGGED + 1024 * 1024, "{size}");
    let events = journals.read(&run).unwrap();
    let note = &events[events.len() - 2].happening;
    assert!(
        matches!(note, EventKind::Log { line, .. } if line == "72 more lines were dropped from this journal"),
        "{note:?}"
    );
    let (first, last) = journals.ends(&run).unwrap().unwrap();
    assert_eq!((&first, &last), (&events[0], &events[events.len() - 1]));
}

#[test]
fn a_journal_of_a_newer_version_is_said_to_be_newer() {
    let folder = tempfile::tempdir().unwrap();
    let journals = Journals::at(folder.path().to_owned());
    let run = RunId::fresh();
    let text = format!(
        "{{\"version\":{},\"event\":\"what-is-not-known-yet\"}}\n",
        LATEST + 1
    );
    std::fs::write(journals.path(&run), text).unwrap();
    for error in [journals.read(&run).unwrap_err(), journals.ends(&run).unwrap_err()] {
        assert!(matches!(error, JournalError::Newer { .. }), "{error}");
        assert!(error.to_string().contains("newer windlass"), "{error}");
    }
}

#[test]
fn old_journals_and_those_that_are_too_much_go_oldest_first() {
    let folder = tempfile::tempdir().unwrap();
    let journals = Journals::at(folder.path().to_owned());
    let runs: Vec<_> = (0..4)
        .map(|hours| {
            let run = RunId::fresh();
            std::fs::write(journals.path(&run), vec![b'x'; 100]).unwrap();
            let time = std::time::SystemTime::now() - std::time::Duration::from_mins(570 - 60 * hours);
            File::options()
                .write(true)
                .open(journals.path(&run))
                .unwrap()
                .set_modified(time)
                .unwrap();
            run
        })
        .collect();
    let prune = |hours, max_bytes| {
        let max_age = SignedDuration::from_hours(hours);
        journals
            .prune(Retention { max_age, max_bytes }, Timestamp::now(), access())
            .unwrap()
    };
    assert_eq!(prune(100, 1000), 0);
    assert_eq!(prune(9, 1000), 1);
    assert_eq!(prune(100, 250), 1);
    let left = journals.runs().unwrap();
    assert_eq!(left, [runs[3].clone(), runs[2].clone()]);
}

#[test]
fn a_last_line_that_cannot_be_read_is_named_by_its_number() {
    let (_folder, journals, run, events) = written();
    let mut file = OpenOptions::new().append(true).open(journals.path(&run)).unwrap();
    file.write_all(b"nonsense\n").unwrap();
    let error = journals.ends(&run).unwrap_err();
    let expected = events.len() + 1;
    assert!(
        matches!(&error, JournalError::Broken { line, .. } if *line == expected),
        "{error}"
    );
}

#[test]
fn every_project_has_its_own_runs_and_those_of_the_first_edition_are_still_listed() {
    let state = tempfile::tempdir().unwrap();
    let id = |address| crate::domain::ProjectId::new(address, "");
    let (one, other) = (id("https://one.example/app"), id("https://two.example/app"));
    let of = |project| Journals::of_project(&state::folder_of_project(state.path(), project));
    let (first, second, old) = (RunId::fresh(), RunId::fresh(), RunId::fresh());
    of(&one).begin(&first, access()).unwrap();
    of(&other).begin(&second, access()).unwrap();
    Journals::at(state.path().join("runs"))
        .begin(&old, access())
        .unwrap();
    assert_eq!(of(&one).runs().unwrap(), std::slice::from_ref(&first));
    let all = Journals::of_all_projects(state.path()).unwrap();
    let mut runs: Vec<_> = all.iter().flat_map(|journals| journals.runs().unwrap()).collect();
    runs.sort();
    assert_eq!(runs, [first, second, old]);
}

/// A journal that was written by an older windlass, as it stands in the fixtures; its lines are chained here.
fn older(name: &str) -> (tempfile::TempDir, Journals, RunId) {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/journals");
    let lines = std::fs::read_to_string(fixtures.join(name)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let journals = Journals::at(folder.path().to_owned());
    let run = RunId::parse("0193abcd0193abcd0193abcd0193abcd").unwrap();
    std::fs::write(journals.path(&run), lines).unwrap();
    (folder, journals, run)
}

/// What both older forms tell of the same run.
fn is_read_as_it_was(name: &str) {
    let (_folder, journals, run) = older(name);
    let events = journals.read(&run).unwrap();
    let EventKind::RunStarted { plan, .. } = &events[0].happening else {
        panic!("{:?}", events[0]);
    };
    let plan: &Plan = plan;
    assert_eq!(plan.operation.title(), "promote to stage");
    let copy: &PlannedStep = plan
        .steps
        .iter()
        .find(|step| step.kind == StepKind::Copy)
        .unwrap();
    assert_eq!(
        copy.title,
        "11 blobs and 2 referrers, 39 MB to copy (3 already present)"
    );
    assert!(plan.gates[0].way_out.is_some(), "{:?}", plan.gates);
    let of_copy = |event: &&Event| match &event.happening {
        EventKind::ItemStarted {
            step, total, unit, ..
        } => *step == copy.id && *total == 2_048 && *unit == Unit::Bytes,
        EventKind::ItemDone { step, result, .. } => *step == copy.id && result == "copied",
        EventKind::Log { step, .. } => *step == Some(copy.id),
        EventKind::StepEnded { step, outcome } => {
            *step == copy.id && *outcome == StepOutcome::Nothing("all of it was there".to_owned())
        }
        _ => false,
    };
    assert_eq!(events.iter().filter(of_copy).count(), 4, "{events:#?}");
    let EventKind::RunEnded { exit, places, .. } = &events.last().unwrap().happening else {
        panic!("{events:#?}");
    };
    assert_eq!((*exit, places.len()), (Exit::Done, 1));
    let (first, last) = journals.ends(&run).unwrap().unwrap();
    assert_eq!((&first, &last), (&events[0], events.last().unwrap()));
}

#[test]
fn a_journal_of_the_first_edition_is_listed_and_shown() {
    is_read_as_it_was("first-edition.ndjson");
}

#[test]
fn a_journal_without_ids_of_steps_is_listed_and_shown() {
    is_read_as_it_was("version-1.ndjson");
}

#[test]
fn a_journal_whose_lines_name_the_hash_before_them_is_listed_and_shown() {
    is_read_as_it_was("version-2.ndjson");
}

#[test]
fn an_older_line_that_was_changed_is_found_out_all_the_same() {
    let (_folder, journals, run) = older("version-1.ndjson");
    let path = journals.path(&run);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("2048", "2049")).unwrap();
    let error = journals.read(&run).unwrap_err();
    assert!(matches!(error, JournalError::Broken { .. }), "{error}");
}
