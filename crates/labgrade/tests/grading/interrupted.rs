//! Grading that is interrupted or killed.

use crate::class::{Class, HANGING, SERVER, errors, screen, wait_until};
use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn goes_on_after_ctrl_c_and_leaves_nothing_behind() {
    let Some(class) = Class::new() else { return };
    class.with_python("anna", SERVER).with_python("berta", HANGING).with_python("clara", HANGING);
    let mut running = class.run_command(&["--jobs", "1"]).spawn().unwrap();
    // The second student's program hangs, so grading is in the middle of it.
    wait_until(|| {
        class.outcome("anna").is_some_and(|outcome| outcome.is_complete()) && class.processes() > 0
    });
    kill_process(Pid::from_child(&running), Signal::INT).unwrap();
    wait_until(|| running.try_wait().unwrap().is_some());
    let output = running.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", screen(&output));
    assert_eq!(
        errors(&output),
        "error: interrupted after 1 submission; the same command continues from there\n"
    );
    let page = class.page_head();
    let expected = "Interrupted: 2 of 3 submissions are incomplete</strong> (berta, clara).";
    assert!(page.contains(expected), "{page}");
    assert_eq!(class.processes(), 0);
    let berta = class.outcome("berta").unwrap();
    assert!(!berta.is_complete());
    // An unknown score is not 0.
    assert_eq!(berta.score(), None);
    let csv = fs::read_to_string(class.results().join("class.csv")).unwrap();
    assert!(csv.contains("\nanna,100,100,") && csv.contains("\nberta,,100,"), "{csv}");

    let first = class.outcome("anna").unwrap();
    let output = class.run(&[]);
    assert!(output.status.success(), "{}", screen(&output));
    assert!(screen(&output).contains("1 of 3 are already graded"), "{}", screen(&output));
    assert_eq!(class.outcome("anna").unwrap(), first);
    for student in ["berta", "clara"] {
        let outcome = class.outcome(student).unwrap();
        assert_eq!((outcome.is_complete(), outcome.score(), outcome.seed), (true, Some(0), first.seed));
    }

    // A submission that was graded before, and not yet again, keeps its result.
    let mut running = class.run_command(&["--jobs", "1", "--again"]).spawn().unwrap();
    wait_until(|| {
        class.outcome("berta").is_some_and(|outcome| !outcome.is_complete()) && class.processes() > 0
    });
    kill_process(Pid::from_child(&running), Signal::INT).unwrap();
    wait_until(|| running.try_wait().unwrap().is_some());
    let output = running.wait_with_output().unwrap();
    assert_eq!(
        errors(&output),
        "error: interrupted after 1 submission; without `--again`, the same command finishes what was begun\n"
    );
    let csv = fs::read_to_string(class.results().join("class.csv")).unwrap();
    assert!(csv.contains("\nberta,,100,") && csv.contains("\nclara,0,100,"), "{csv}");
}

#[test]
fn dies_with_all_it_started_when_it_is_killed() {
    let Some(class) = Class::new() else { return };
    class.with_python("anna", HANGING);
    let mut running = class.run_command(&[]).spawn().unwrap();
    wait_until(|| class.processes() > 0);
    running.kill().unwrap();
    running.wait().unwrap();
    wait_until(|| class.processes() == 0);
}

/// The scratch folders of labgrade in a folder for temporary files.
fn scratch(temporary: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(temporary).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("labgrade-")).collect()
}

#[test]
fn clears_away_what_a_killed_run_left() {
    let Some(class) = Class::new() else { return };
    class.with_python("anna", HANGING);
    let temporary = class.folder.join("tmp");
    fs::create_dir(&temporary).unwrap();
    let mut running = class.run_command(&[]).env("TMPDIR", &temporary).spawn().unwrap();
    wait_until(|| class.processes() > 0);
    kill_process(Pid::from_child(&running), Signal::STOP).unwrap();
    let used = scratch(&temporary);
    assert_eq!(used.len(), 1, "{used:?}");
    // A folder in use stays, even if its process belongs to another container and is not visible.
    let unseen = temporary.join("labgrade-4294967295-0");
    fs::create_dir(&unseen).unwrap();
    let lock = fs::File::create(unseen.join(".lock")).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    class.with_python("anna", SERVER);
    let beside = class
        .command(&["check", "tcp-echo"])
        .arg(class.students().join("anna"))
        .env("TMPDIR", &temporary)
        .output();
    assert!(beside.unwrap().status.success());
    assert!(used[0].exists() && unseen.exists(), "{:?}", scratch(&temporary));

    running.kill().unwrap();
    running.wait().unwrap();
    wait_until(|| class.processes() == 0);
    assert!(used[0].exists());
    drop(lock);
    let output = class.run_command(&[]).env("TMPDIR", &temporary).output().unwrap();
    assert!(output.status.success(), "{}", screen(&output));
    assert_eq!(scratch(&temporary), Vec::<PathBuf>::new());
}
