//! Grading of one submission and of a class, as staff see it: results, resuming, regrading, errors.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use labgrade::outcome::{Outcome, Status};
use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};
use support::Folder;

/// Far more than anything here takes; a run that hangs fails instead of standing still.
const PATIENCE: Duration = Duration::from_secs(300);

/// Answers in upper case, whatever comes.
const SERVER: &str = "import socket, sys
server = socket.create_server(('127.0.0.1', int(sys.argv[1])))
while True:
    connection, _ = server.accept()
    while data := connection.recv(1000):
        connection.sendall(data.upper())
    connection.close()
";

const HANGING: &str = "import time\ntime.sleep(100_000)\n";

/// Two checks, of which the second needs the first.
const RUBRIC: &str = r#"
[[check]]
test = "core::server_answers_in_upper_case"
kind = "core"
points = 60
shows = "It answers."
hint = "Answer."

[[check]]
test = "core::server_answers_clients_in_turn"
kind = "core"
points = 40
shows = "It goes on answering."
hint = "Go on."
needs = ["core::server_answers_in_upper_case"]
"#;

/// A folder for one test, with submissions to be graded.
struct Class {
    folder: Folder,
}

impl Class {
    fn new() -> Class {
        let folder = Folder::new("class");
        fs::create_dir_all(folder.join("students")).unwrap();
        fs::write(folder.join("rubric.toml"), RUBRIC).unwrap();
        Class { folder }
    }

    fn students(&self) -> PathBuf {
        self.folder.join("students")
    }

    fn results(&self) -> PathBuf {
        self.folder.join("results")
    }

    /// A word on the command line of everything that this class starts.
    fn mark(&self) -> String {
        self.folder.file_name().unwrap().to_str().unwrap().to_owned()
    }

    /// Adds a file to somebody's submission.
    fn with(&self, file: &str, text: &str) -> &Class {
        let path = self.students().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// Adds a submission in Python.
    fn with_python(&self, student: &str, server: &str) -> &Class {
        let run = format!("server = \"python3 server.py {{port}} {}\"\n", self.mark());
        self.with(&format!("{student}/server.py"), server).with(&format!("{student}/run.toml"), &run)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_labgrade"));
        command.args(["--workspace", concat!(env!("CARGO_MANIFEST_DIR"), "/../..")]).args(words);
        command.arg("--rubric").arg(self.folder.join("rubric.toml"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run_command(&self, words: &[&str]) -> Command {
        let mut command = self.command(&["run", "tcp-echo"]);
        command.arg(self.students()).arg("--out").arg(self.results()).args(words);
        command
    }

    fn run(&self, words: &[&str]) -> Output {
        self.run_command(words).output().unwrap()
    }

    fn check(&self, student: &str) -> String {
        let mut command = self.command(&["check", "tcp-echo"]);
        let output = command.arg(self.students().join(student)).output().unwrap();
        assert!(output.status.success(), "{}", words(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    fn outcome(&self, student: &str) -> Option<Outcome> {
        let text = fs::read_to_string(self.results().join(student).join("outcome.json")).ok()?;
        Some(serde_json::from_str(&text).expect("half an outcome"))
    }

    fn score(&self, student: &str) -> Option<u32> {
        self.outcome(student).unwrap().score()
    }

    /// A `PATH` to all programs of this machine but the one that makes sandboxes.
    fn path_without_sandbox(&self) -> PathBuf {
        let programs = self.folder.join("programs");
        fs::create_dir(&programs).unwrap();
        for folder in std::env::split_paths(&std::env::var_os("PATH").unwrap()) {
            for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
                if entry.file_name() != "bwrap" {
                    let _ = std::os::unix::fs::symlink(entry.path(), programs.join(entry.file_name()));
                }
            }
        }
        programs
    }

    /// The same in a container that allows no namespaces, so not even networks.
    fn path_without_namespaces(&self) -> PathBuf {
        let programs = self.path_without_sandbox();
        fs::remove_file(programs.join("unshare")).unwrap();
        std::os::unix::fs::symlink("/bin/false", programs.join("unshare")).unwrap();
        programs
    }

    /// The processes of this class that run.
    fn processes(&self) -> usize {
        let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
        let lines = entries.filter_map(|entry| fs::read_to_string(entry.path().join("cmdline")).ok());
        lines.filter(|line| line.contains("server.py\0") && line.contains(&self.mark())).count()
    }
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
fn wait_until(mut found: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !found() {
        assert!(Instant::now() < deadline, "it never came");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn grades_a_class_and_writes_all_reports() {
    if !support::can_grade() {
        return;
    }
    let class = Class::new();
    class.with_python("anna", SERVER).with_python("berta", HANGING).with("clara/notes.txt", "sorry");
    fs::create_dir(class.students().join("dora")).unwrap();
    class.with("emil.zip", "PK").with("__MACOSX/._emil", "");
    let output = class.run(&["--seed", "42"]);
    assert!(output.status.success(), "{}", words(&output));
    let warning = "warning: `emil.zip` is no folder, so nothing of it is graded; unpack or remove it\n";
    assert!(words(&output).contains(warning) && !words(&output).contains("__MACOSX"), "{}", words(&output));
    let page = fs::read_to_string(class.results().join("class.html")).unwrap();
    assert!(page.contains("Nothing was found to grade of 2 of 4 submissions"), "{page}");
    assert_eq!(
        (class.score("anna"), class.score("berta"), class.score("clara")),
        (Some(100), Some(0), Some(0))
    );
    for report in ["anna/feedback.md", "anna/results.json", "anna/junit.xml", "class.csv", "class.html"] {
        assert!(class.results().join(report).is_file(), "{report}");
    }
    let raw = fs::read_to_string(class.results().join("anna/nextest/nextest-1.xml")).unwrap();
    assert!(raw.contains("server_answers_in_upper_case"), "{raw}");
    let (anna, berta, clara) =
        (class.outcome("anna").unwrap(), class.outcome("berta").unwrap(), class.outcome("clara").unwrap());
    assert_eq!((anna.seed, anna.isolated, anna.is_complete()), (42, true, true));
    assert_eq!(berta.checks[0].status, Status::DidNotStart);
    assert!(berta.checks[0].report.contains("has no listening socket"), "{}", berta.checks[0].report);
    assert_eq!(berta.checks[1].status, Status::Skipped);
    assert!(berta.checks[1].report.contains("it needs `core::server_answers_in_upper_case`"));
    let nothing = "nothing was found to grade: it has neither `run.toml` nor `src/`";
    let remark = &clara.remarks[0];
    assert!(remark.starts_with(nothing) && remark.ends_with(", but `notes.txt`"), "{remark}");
    assert_eq!(clara.checks.iter().filter(|checked| checked.is_over()).count(), 2);
    let feedback = fs::read_to_string(class.results().join("clara/feedback.md")).unwrap();
    assert!(feedback.contains(nothing) && !feedback.contains("did not start"), "{feedback}");
    let nobody = class.outcome("dora").unwrap();
    assert_eq!((nobody.submitted, nobody.score()), (None, Some(0)));
    // Whoever does it again gets the same.
    let output = class.run(&["--seed", "42", "--again"]);
    assert!(output.status.success(), "{}", words(&output));
    assert_eq!(
        (class.score("anna"), class.score("berta"), class.score("clara")),
        (Some(100), Some(0), Some(0))
    );
}

#[test]
fn goes_on_after_ctrl_c_and_leaves_nothing_behind() {
    if !support::can_grade() {
        return;
    }
    let class = Class::new();
    class.with_python("anna", SERVER).with_python("berta", HANGING).with_python("clara", HANGING);
    let mut running = class.run_command(&["--jobs", "1"]).spawn().unwrap();
    // The second student's program hangs: grading is in the middle of it.
    wait_until(|| {
        class.outcome("anna").is_some_and(|outcome| outcome.is_complete()) && class.processes() > 0
    });
    kill_process(Pid::from_child(&running), Signal::INT).unwrap();
    wait_until(|| running.try_wait().unwrap().is_some());
    let output = running.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", words(&output));
    assert_eq!(
        errors(&output),
        "error: interrupted after 1 submission; the same command goes on from there\n"
    );
    let page = fs::read_to_string(class.results().join("class.html")).unwrap();
    assert!(
        page.contains("interrupted: 2 of 3 submissions are incomplete</strong> (berta, clara);"),
        "{page}"
    );
    assert_eq!(class.processes(), 0);
    let berta = class.outcome("berta").unwrap();
    assert!(!berta.is_complete());
    // What is not known is no zero.
    assert_eq!(berta.score(), None);
    let csv = fs::read_to_string(class.results().join("class.csv")).unwrap();
    assert!(csv.contains("\nanna,100,100,") && csv.contains("\nberta,,100,"), "{csv}");

    let first = class.outcome("anna").unwrap();
    let output = class.run(&[]);
    assert!(output.status.success(), "{}", words(&output));
    assert!(words(&output).contains("1 of 3 are graded already"), "{}", words(&output));
    assert_eq!(class.outcome("anna").unwrap(), first);
    for student in ["berta", "clara"] {
        let outcome = class.outcome(student).unwrap();
        assert_eq!((outcome.is_complete(), outcome.score(), outcome.seed), (true, Some(0), first.seed));
    }

    // Who was graded before, and not yet again, keeps that result.
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
    if !support::can_grade() {
        return;
    }
    let class = Class::new();
    class.with_python("anna", HANGING);
    let mut running = class.run_command(&[]).spawn().unwrap();
    wait_until(|| class.processes() > 0);
    running.kill().unwrap();
    running.wait().unwrap();
    wait_until(|| class.processes() == 0);
}

/// The folders of labgrade's runs in the folder for temporary files of this class.
fn scratch(temporary: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(temporary).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("labgrade-")).collect()
}

#[test]
fn clears_away_what_a_killed_run_left() {
    if !support::can_grade() {
        return;
    }
    let class = Class::new();
    class.with_python("anna", HANGING);
    let temporary = class.folder.join("tmp");
    fs::create_dir(&temporary).unwrap();
    let mut running = class.run_command(&[]).env("TMPDIR", &temporary).spawn().unwrap();
    wait_until(|| class.processes() > 0);
    kill_process(Pid::from_child(&running), Signal::STOP).unwrap();
    let used = scratch(&temporary);
    assert_eq!(used.len(), 1, "{used:?}");
    // What is in use stays, also where its process is not seen: another run in another container.
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
    assert!(output.status.success(), "{}", words(&output));
    assert_eq!(scratch(&temporary), Vec::<PathBuf>::new());
}

#[test]
fn keeps_the_time_of_handing_in_when_it_grades_again() {
    if !support::can_grade() {
        return;
    }
    let class = Class::new();
    class.with_python("anna", HANGING).with_python("berta", SERVER);
    let early = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    for file in ["server.py", "run.toml"] {
        let file = fs::File::options().write(true).open(class.students().join("anna").join(file)).unwrap();
        file.set_modified(early).unwrap();
    }
    assert!(class.run(&[]).status.success());
    let first = class.outcome("anna").unwrap();
    assert_eq!((first.score(), first.submitted.map(|time| time.timestamp())), (Some(0), Some(1_700_000_000)));
    let berta = class.outcome("berta").unwrap();
    // Staff mend a file for them.
    class.with_python("anna", SERVER);
    let told = words(&class.run(&[]));
    let results = format!("results in `{}`\n", class.results().join("class.html").display());
    let expected = "2 of 2 are graded already\n\
                    `anna` has changed since it was graded; to grade it again: --again anna\n";
    assert_eq!(told, format!("{expected}{results}"));
    let output = class.run(&["--again", "anna"]);
    assert!(output.status.success(), "{}", words(&output));
    let told = words(&class.run(&[]));
    assert_eq!(told, format!("2 of 2 are graded already\n{results}"));
    let second = class.outcome("anna").unwrap();
    assert_eq!((second.score(), second.submitted), (Some(100), first.submitted));
    let remarks = |outcome: &Outcome| {
        outcome.remarks.iter().any(|remark| remark.ends_with("is newer than what was graded first"))
    };
    assert_eq!((remarks(&first), remarks(&second)), (false, true), "{:?}", second.remarks);
    assert_eq!(class.outcome("berta").unwrap(), berta);
    // Nobody touched hers.
    assert!(class.run(&["--again", "berta"]).status.success());
    let again = class.outcome("berta").unwrap();
    assert_eq!((again.submitted, remarks(&again)), (berta.submitted, false), "{:?}", again.remarks);
    let output = class.run(&["--again", "nobody"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        errors(&output).starts_with("error: `nobody` of `--again` is no folder in `"),
        "{}",
        errors(&output)
    );
}

#[test]
fn one_run_at_a_time_writes_to_a_folder() {
    if !support::can_grade() {
        return;
    }
    let class = Class::new();
    class.with_python("anna", SERVER);
    fs::create_dir_all(class.results()).unwrap();
    let lock = fs::File::create(class.results().join(".lock")).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    let output = class.run(&[]);
    assert_eq!(output.status.code(), Some(1));
    let expected = format!(
        "error: another `labgrade run` is writing to `{}`; wait for its end\n",
        class.results().display()
    );
    assert_eq!(errors(&output), expected);
}

#[test]
fn builds_from_the_submission_however_old_its_files_are() {
    if !support::can_grade() {
        return;
    }
    let class = Class::new();
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../labs/tcp-echo/src");
    for (student, lib) in [("right", None), ("wrong", Some("fn main() {}\n"))] {
        for file in ["lib.rs", "bin/tcp-echo-server.rs", "bin/tcp-echo-client.rs"] {
            let text = match lib {
                Some(text) if file != "lib.rs" => text.to_owned(),
                _ => fs::read_to_string(reference.join(file)).unwrap(),
            };
            let name = format!("{student}/src/{file}");
            class.with(&name, &text);
            // Older than anything that was ever built: Cargo takes such a file for one that it has built already.
            let file = fs::File::options().write(true).open(class.students().join(name)).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1)).unwrap();
        }
    }
    let output = class.run(&["--jobs", "1"]);
    assert!(output.status.success(), "{}", words(&output));
    assert_eq!((class.score("right"), class.score("wrong")), (Some(100), Some(0)));
    assert!(class.outcome("right").unwrap().build.unwrap().ok);
}

#[test]
fn leaves_out_links_and_says_so() {
    if !support::can_grade() {
        return;
    }
    let class = Class::new();
    class.with_python("anna", SERVER);
    std::os::unix::fs::symlink("/etc/passwd", class.students().join("anna/secret")).unwrap();
    let screen = class.check("anna");
    assert!(screen.contains("`secret` is a link: it was left out"), "{screen}");
    assert!(screen.contains("100 of 100"), "{screen}");
}

#[test]
fn prints_one_submission_as_it_goes() {
    if !support::can_grade() {
        return;
    }
    let class = Class::new();
    class.with_python("anna", HANGING);
    let screen = class.check("anna");
    let line =
        screen.lines().find(|line| line.starts_with("did not start: core::server_answers_in_upper_case in "));
    assert!(line.is_some(), "{screen}");
    assert_eq!(screen.lines().last(), Some("score: 0 of 100"), "{screen}");
}

#[test]
fn takes_programs_with_address_port_and_names_in_their_code() {
    if !support::can_grade() {
        return;
    }
    let class = Class::new();
    let server = "import socket
server = socket.create_server(('10.0.3.1', 12000))
while True:
    connection, _ = server.accept()
    connection.sendall(connection.recv(1000).upper())
    connection.close()
";
    let client = "import socket
client = socket.create_connection(('serverName', 12000))
client.sendall(input('? ').encode())
print(client.recv(1000).decode())
";
    let run = "server = \"python3 server.py\"\nclient = \"python3 client.py\"\nport = 12000\n\
               address = \"10.0.3.1\"\nhosts = [\"serverName\"]\n";
    // Side by side, on the same port.
    for student in ["anna", "berta"] {
        class.with(&format!("{student}/server.py"), server);
        class.with(&format!("{student}/client.py"), client);
        class.with(&format!("{student}/run.toml"), run);
    }
    let rubric = RUBRIC.replace("server_answers_clients_in_turn", "client_sends_a_line_and_shows_the_reply");
    fs::write(class.folder.join("rubric.toml"), rubric).unwrap();
    let output = class.run(&["--jobs", "2"]);
    assert!(output.status.success(), "{}", words(&output));
    assert_eq!((class.score("anna"), class.score("berta")), (Some(100), Some(100)));
}

#[test]
fn tells_in_one_paragraph_what_was_not_tried() {
    if !support::can_grade() {
        return;
    }
    let class = Class::new();
    class.with_python("anna", SERVER);
    let mut rubric = RUBRIC.to_owned();
    for (test, shows) in [
        // One with options beside the address that `run.toml` has a place for, and one with words of its own.
        ("server::closes_after_the_first_line_with_once", "It closes"),
        ("server::listens_on_ipv6", "It listens"),
        // The same of a client, which is not there.
        ("core::client_sends_a_line_and_shows_the_reply", "It sends"),
        ("client::sends_a_line_and_prints_the_reply", "It prints"),
    ] {
        rubric += &format!(
            "[[check]]\ntest = \"{test}\"\nkind = \"robust\"\npoints = 1\nshows = \"{shows}.\"\nhint = \"x\"\n"
        );
    }
    fs::write(class.folder.join("rubric.toml"), rubric).unwrap();
    let output = class.run(&[]);
    assert!(output.status.success(), "{}", words(&output));
    assert_eq!(class.score("anna"), Some(100));
    let feedback = fs::read_to_string(class.results().join("anna/feedback.md")).unwrap();
    let expected = "\nNot tried: the command line in `run.toml` does not end with `{args}`, so neither options nor \
                    another address can be given. These checks, 2 points in all: It closes; It listens.\n";
    assert!(feedback.contains(expected), "{feedback}");
    let expected =
        "\nNot tried: `run.toml` names no `client`. These checks, 2 points in all: It sends; It prints.\n";
    assert!(feedback.contains(expected), "{feedback}");
}

#[test]
fn keeps_programs_from_the_terminal_of_whoever_grades() {
    if !support::can_grade() || !labtest::has_tool("script") {
        return;
    }
    let class = Class::new();
    class.with_python("anna", &format!("open('/dev/tty', 'w').write('all is right')\n{SERVER}"));
    let run = class.run_command(&[]);
    let words: Vec<String> = std::iter::once(run.get_program())
        .chain(run.get_args())
        .map(|word| format!("'{}'", word.to_str().unwrap()))
        .collect();
    // On a terminal of its own.
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--command", &words.join(" "), "/dev/null"]);
    let output = command.stdin(Stdio::null()).output().unwrap();
    let screen = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && !screen.contains("all is right"), "{screen}");
    let outcome = class.outcome("anna").unwrap();
    assert_eq!((outcome.score(), outcome.checks[0].status), (Some(0), Status::DidNotStart));
}

#[test]
fn builds_what_must_be_built_before() {
    if !support::can_grade() {
        return;
    }
    let class = Class::new();
    class.with("anna/template.py", SERVER);
    class.with("anna/run.toml", "server = \"python3 made.py {port}\"\nbuild = \"cp template.py made.py\"\n");
    class.with(
        "berta/run.toml",
        "server = \"python3 made.py {port}\"\nbuild = \"echo no such thing; exit 3\"\n",
    );
    let output = class.run(&[]);
    assert!(output.status.success(), "{}", words(&output));
    assert_eq!((class.score("anna"), class.score("berta")), (Some(100), Some(0)));
    assert_eq!(class.outcome("berta").unwrap().build.unwrap().output, "no such thing\n");
    let feedback = fs::read_to_string(class.results().join("berta/feedback.md")).unwrap();
    let expected = "\nNot tried: the program could not be built. This check, 60 points: It answers.\n";
    assert!(feedback.contains(expected), "{feedback}");
    assert!(!class.students().join("anna/made.py").exists());
}

#[test]
fn grades_without_a_sandbox_and_says_so() {
    if !support::can_grade() {
        return;
    }
    let class = Class::new();
    class.with_python("anna", SERVER);
    class.with("berta/run.toml", "server = \"true\"\nbuild = \"id -u; exit 3\"\n");
    let run = "server = \"python3 server.py 12000\"\nport = 12000\n";
    class.with("fritz/server.py", SERVER).with("fritz/run.toml", run);
    class.with("greta/server.py", SERVER).with("greta/run.toml", &format!("{run}address = \"10.0.3.1\"\n"));
    let output = class.run_command(&[]).env("PATH", class.path_without_sandbox()).output().unwrap();
    assert!(output.status.success(), "{}", words(&output));
    // Each check has its own network all the same.
    assert_eq!((class.score("fritz"), class.score("greta")), (Some(100), Some(100)));
    assert!(
        words(&output).contains(
            "warning: without a sandbox: `bwrap` is not installed; install the package `bubblewrap`"
        )
    );
    let outcome = class.outcome("anna").unwrap();
    assert!(
        !outcome.isolated && outcome.remarks[0].starts_with("graded without a sandbox: "),
        "{:?}",
        outcome.remarks
    );
    assert_eq!(outcome.score(), Some(100));
    assert_eq!(class.processes(), 0);
    // Nothing of a submission ever has root's rights.
    let user: u32 = class.outcome("berta").unwrap().build.unwrap().output.trim().parse().unwrap();
    assert_ne!(user, 0);
}

#[test]
fn takes_no_points_for_a_port_or_an_address_that_only_a_sandbox_has() {
    if !support::can_grade() {
        return;
    }
    let class = Class::new();
    // Somebody else has the port.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let run = format!("server = \"python3 server.py {port}\"\nport = {port}\n");
    class.with("anna/server.py", SERVER).with("anna/run.toml", &run);
    class.with_python("berta", SERVER);
    class.with("berta/run.toml", "server = \"python3 server.py {port}\"\naddress = \"192.0.2.1\"\n");
    let path = class.path_without_namespaces();
    let output = class.run_command(&[]).env("PATH", path).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", words(&output));
    for (student, why) in [
        ("anna", "its port was in use on this machine, which has no sandbox:\n"),
        (
            "berta",
            "`run.toml` names the address 192.0.2.1, which only a sandbox has here; install `bubblewrap`",
        ),
    ] {
        let outcome = class.outcome(student).unwrap();
        assert_eq!(outcome.score(), None, "{student}");
        assert_eq!(outcome.checks[0].status, Status::GraderError, "{:?}", outcome.checks[0]);
        assert!(outcome.checks[0].report.starts_with(why), "{}", outcome.checks[0].report);
    }
}

#[test]
fn blames_itself_where_loopback_is_down() {
    if !support::can_grade() {
        return;
    }
    let class = Class::new();
    class.with_python("anna", SERVER);
    let run = class.run_command(&[]);
    // In a network of its own, which begins with nothing.
    let mut command = Command::new("/usr/bin/unshare"); // which this `PATH` does not lead to
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-current-user"]);
    }
    command.arg("--net").arg(run.get_program()).args(run.get_args());
    let output = command.env("PATH", class.path_without_namespaces()).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", words(&output));
    assert_eq!(errors(&output), "error: the grader failed in a check of `anna`; grade it again\n");
    let outcome = class.outcome("anna").unwrap();
    assert_eq!(outcome.score(), None);
    assert_eq!(outcome.checks[0].status, Status::GraderError);
    assert!(outcome.checks[0].report.contains("loopback does not work"), "{}", outcome.checks[0].report);
}

#[test]
fn says_in_one_line_what_is_wrong() {
    if !support::can_grade() {
        return;
    }
    let class = Class::new();
    let output = class.run(&[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        errors(&output).ends_with(
            "has no folders; it must have one per student; for one submission: `labgrade check`\n"
        ),
        "{}",
        errors(&output)
    );
    class.with_python("anna\u{1b}[2J", SERVER);
    let inside = class.students().join("results");
    let output = class.command(&["run", "tcp-echo"]).arg(class.students()).arg("--out").arg(&inside).output();
    let expected = format!(
        "error: `{}` lies in the folder of the submissions; take another one for the results\n",
        inside.display()
    );
    assert_eq!(errors(&output.unwrap()), expected);
    assert!(!inside.exists());
    // A name is no command for the terminal. Later, points have changed.
    assert!(words(&class.run(&[])).contains("1 of 1: `anna\\u{1b}[2J` 100 of 100 in "));
    fs::write(class.folder.join("rubric.toml"), RUBRIC.replace("60", "50").replace("40", "50")).unwrap();
    let output = words(&class.run(&[]));
    let expected = format!(
        "1 of 1 are graded already\nwarning: 1 of them by another rubric; `--again` grades all by this one\n\
         results in `{}`\n",
        class.results().join("class.html").display()
    );
    assert_eq!(output, expected);
    let output = class.command(&["check", "tcp-ecko", "."]).output().unwrap();
    assert!(errors(&output).starts_with("error: `tcp-ecko` is no lab; the labs are "), "{}", errors(&output));
    let output = class.command(&["check", "tcp-echo", "no-such-folder"]).output().unwrap();
    assert_eq!(errors(&output), "error: `no-such-folder` is no folder; name the folder of a submission\n");
    let output = class.command(&["check", "no-such-folder", "tcp-echo"]).output().unwrap();
    assert_eq!(
        errors(&output),
        "error: `no-such-folder` is no lab; the lab comes first: `labgrade check tcp-echo no-such-folder`\n"
    );
    let output = class.command(&["run", "tcp-echo", "no-such-folder", "--out", "results"]).output().unwrap();
    assert_eq!(
        errors(&output),
        "error: `no-such-folder` is no folder; give the folder that has one folder per student\n"
    );
    let output = class.command(&["check"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}
