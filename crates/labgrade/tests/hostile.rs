//! Hostile submissions: they loop, flood, fork, kill, delete and lie. Each gets its results within the limits, and leaves
//! nothing behind.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod support;

use labgrade::limits;
use labgrade::outcome::{Checked, Outcome, Status};
use labrubric::Kind;
use std::collections::BTreeMap;
use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use support::corpus;
use support::{Folder, copy_changed, labgrade, outcome};

const LAB: &str = "tcp-echo";

/// Enough for a correct program, and too little for one that never finishes compiling.
const BUILD_LIMIT: Duration = Duration::from_secs(20);

/// How far a limit may be exceeded while something is being ended.
const GRACE: Duration = Duration::from_secs(5);

/// The contents of all files below a folder.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(contents(&path));
        } else {
            files.insert(path.clone(), fs::read(path).unwrap());
        }
    }
    files
}

/// The processes with `mark` on their command line.
fn processes(mark: &str) -> Vec<String> {
    let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let lines = entries.filter_map(|entry| fs::read_to_string(entry.path().join("cmdline")).ok());
    lines.filter(|line| line.contains(mark)).map(|line| line.replace('\0', " ")).collect()
}

#[test]
fn hostile_submissions_get_results_and_leave_nothing() {
    if !support::can_grade() {
        return;
    }
    let mark = format!("hostile-{}", std::process::id());
    let secret = format!("secret-of-the-grader-{}", std::process::id());
    let folder = Folder::new("hostile");
    let submissions = folder.join("submissions");
    copy_changed(&corpus::folder("hostile"), &submissions, &|_, text| {
        Some(String::from_utf8(text).unwrap().replace("MARK", &mark).into_bytes())
    });
    // Listeners on the machine's own loopback, which no submission may reach.
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let udp = UdpSocket::bind(("127.0.0.1", tcp.local_addr().unwrap().port())).unwrap();
    tcp.set_nonblocking(true).unwrap();
    udp.set_nonblocking(true).unwrap();
    fs::write(submissions.join("uses-the-network/listeners.txt"), tcp.local_addr().unwrap().to_string())
        .unwrap();
    // A file that a program with the rights of this user could delete.
    let canary = Folder::new("canary");
    fs::write(canary.join("canary"), "alive").unwrap();
    let before = contents(&submissions);

    let results = folder.join("results");
    let started = Instant::now();
    let output = labgrade()
        .args(["run", LAB])
        .arg(&submissions)
        .arg("--out")
        .arg(&results)
        .env("GRADER_SECRET", &secret)
        .args(["--seed", "7", "--jobs", "2", "--build-limit", &BUILD_LIMIT.as_secs().to_string()])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}{}", String::from_utf8_lossy(&output.stdout));
    println!("all graded in {:.1} s", started.elapsed().as_secs_f64());

    assert_eq!(processes(&mark), Vec::<String>::new(), "processes are left");
    assert!(contents(&submissions) == before, "a submission's folder was changed");
    assert_eq!(contents(&canary).into_values().collect::<Vec<_>>(), [b"alive"]);
    for folder in [std::env::temp_dir(), "/var/tmp".into(), "/dev/shm".into(), "/".into()] {
        assert!(!folder.join(&mark).exists(), "a file is left in `{}`", folder.display());
    }
    assert!(tcp.accept().is_err(), "a submission reached this machine's network");
    assert!(udp.recv(&mut [0; 100]).is_err(), "a submission reached this machine's network");

    let outcomes: BTreeMap<String, Outcome> = fs::read_dir(&submissions)
        .unwrap()
        .map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            for report in ["feedback.md", "results.json", "junit.xml"] {
                assert!(results.join(&name).join(report).is_file(), "`{name}` has no {report}");
            }
            let outcome = outcome(&results, &name).unwrap();
            (name, outcome)
        })
        .collect();
    assert!(outcomes.len() >= 22, "{:?}", outcomes.keys());
    for (name, outcome) in &outcomes {
        println!("{name}: {:?} in {:.1} s {:?}", outcome.score(), outcome.seconds, outcome.remarks);
        check_complete(name, outcome);
    }

    // A program that also answers gets the points: the sandbox holds, and the rest does no harm.
    for name in ["setsid-escape", "fork-storm", "kills-everybody", "deletes-files", "uses-the-network"] {
        assert!(passed(&outcomes[name], "core::server_answers_in_upper_case"), "{name}");
    }
    for name in [
        "infinite-loop",
        "never-listens",
        "memory-hog",
        "prints-success",
        "panics",
        "panics-in-rust",
        "compile-error",
        "endless-compile",
        "edits-tests",
        "reads-passwd",
        "shares-memory",
        "fills-dev-shm",
        "fills-the-disk",
        "reads-the-tests",
        "resets-at-once",
        "prints-our-sentences",
    ] {
        assert_eq!(outcomes[name].score(), Some(0), "{name}");
    }
    let status = |name: &str| first(&outcomes[name]);
    assert_eq!(status("infinite-loop"), Status::Timeout);
    assert_eq!(status("never-listens"), Status::DidNotStart);
    assert_eq!(status("prints-success"), Status::DidNotStart);
    assert_eq!(status("panics"), Status::Crash);
    // What a program prints is never taken for a verdict.
    let outcome = &outcomes["prints-our-sentences"];
    assert_eq!(status("prints-our-sentences"), Status::Fail);
    let is_tried = |checked: &Checked| checked.not_tried().is_none() || checked.check.kind != Kind::Core;
    assert!(outcome.checks.iter().all(is_tried));
    assert_eq!(outcome.nothing_found, None);
    assert_eq!(status("panics-in-rust"), Status::DidNotStart);
    for name in ["compile-error", "endless-compile"] {
        assert_eq!(status(name), Status::DidNotStart);
        let build = outcomes[name].build.as_ref().unwrap();
        assert!(
            !build.ok && build.seconds < (BUILD_LIMIT + GRACE).as_secs_f64(),
            "{name}: {} s",
            build.seconds
        );
    }
    let built = |name: &str| &*outcomes[name].build.as_ref().unwrap().output;
    assert!(built("compile-error").contains("error:"));
    assert!(built("endless-compile").contains("took longer than 20 s"));
    assert!(built("fills-the-disk").contains("wrote more than 1024 MiB"), "{}", built("fills-the-disk"));
    assert!(!built("reads-the-tests").contains("server_answers"), "{}", built("reads-the-tests"));
    // On a busy machine its time may be up before it exceeds the memory limit.
    assert!(matches!(status("shares-memory"), Status::Crash | Status::Timeout));
    assert_eq!(status("fills-dev-shm"), Status::DidNotStart);
    let remarks = outcomes["edits-tests"].remarks.join("\n");
    for file in ["tests/core.rs", "build.rs", "Cargo.toml", ".cargo/config.toml"] {
        assert!(remarks.contains(&format!("`{file}` was changed")), "{file}: {remarks}");
    }
    assert!(!outcomes["edits-tests"].build.as_ref().unwrap().output.contains(&mark), "its build.rs was run");
    no_user_is_known(&results.join("reads-passwd"));
    // Its build and its programs printed the environment of every process in their sandboxes.
    let printed = contents(&results.join("reads-passwd"));
    for text in printed.values().map(|bytes| String::from_utf8_lossy(bytes)) {
        assert!(!text.contains(&secret) && !text.contains("LAB_SEED"), "{text}");
    }
    assert!(built("reads-passwd").contains("CARGO_HOME=/cargo"), "{}", built("reads-passwd"));
    // It printed what it could read: the only user of its sandbox.
    let outcome = fs::read_to_string(results.join("reads-passwd/outcome.json")).unwrap();
    assert!(outcome.contains("student:x:1000"), "{outcome}");
}

/// Every check has a status within its time, and no failure of the grader.
fn check_complete(name: &str, outcome: &Outcome) {
    assert!(outcome.is_complete(), "{name}");
    assert!(outcome.isolated, "{name}: {:?}", outcome.remarks);
    assert!(!outcome.checks.is_empty());
    for checked in &outcome.checks {
        let test = &checked.check.test;
        assert_ne!(checked.status, Status::GraderError, "{name}, {test}: {:?}", checked.explanation);
        let most = limits::CHECK + GRACE;
        assert!(checked.seconds < most.as_secs_f64(), "{name}, {test}: {} s", checked.seconds);
    }
    let most = limits::SUBMISSION + limits::BUILD + GRACE;
    assert!(outcome.seconds < most.as_secs_f64(), "{name}: {} s", outcome.seconds);
}

fn passed(outcome: &Outcome, test: &str) -> bool {
    outcome.checks.iter().any(|checked| checked.check.test == test && checked.status == Status::Pass)
}

/// The status of the first check, which most others need.
fn first(outcome: &Outcome) -> Status {
    outcome
        .checks
        .iter()
        .find(|checked| checked.check.test == "core::server_answers_in_upper_case")
        .unwrap()
        .status
}

/// Nothing in the results names a user of this machine.
fn no_user_is_known(results: &Path) {
    let passwd = fs::read_to_string("/etc/passwd").unwrap();
    let lines: Vec<&str> = passwd.lines().filter(|line| !line.starts_with("root:")).collect();
    assert!(!lines.is_empty());
    for (path, text) in contents(results) {
        let text = String::from_utf8_lossy(&text).into_owned();
        for line in &lines {
            assert!(!text.contains(line), "{} has `{line}`", path.display());
        }
    }
}
