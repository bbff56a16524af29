//! A class to grade, for one test.

use crate::support::{self, Folder, labgrade};
use labgrade::outcome::Outcome;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Far more than anything here takes. A run that hangs fails the test.
const PATIENCE: Duration = Duration::from_secs(300);

/// A server that answers in upper case.
pub const SERVER: &str = "import socket, sys
server = socket.create_server(('127.0.0.1', int(sys.argv[1])))
while True:
    connection, _ = server.accept()
    while data := connection.recv(1000):
        connection.sendall(data.upper())
    connection.close()
";

/// A program that does nothing, and does not end. It takes as long as a check waits for a program to start.
pub const HANGING: &str = "import time\ntime.sleep(100_000)\n";

/// A program that does nothing, and ends.
pub const ENDING: &str = "";

/// Two checks. The second one needs the first.
pub const RUBRIC: &str = r#"
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

/// A folder with submissions, their results, and a rubric.
pub struct Class {
    pub folder: Folder,
}

impl Class {
    /// An empty class. `None` where this machine cannot grade.
    pub fn new() -> Option<Class> {
        if !support::can_grade() {
            return None;
        }
        let folder = Folder::new("class");
        fs::create_dir_all(folder.join("students")).unwrap();
        fs::write(folder.join("rubric.toml"), RUBRIC).unwrap();
        Some(Class { folder })
    }

    pub fn students(&self) -> PathBuf {
        self.folder.join("students")
    }

    pub fn results(&self) -> PathBuf {
        self.folder.join("results")
    }

    /// A word on the command line of every server of this class.
    fn mark(&self) -> String {
        self.folder.file_name().unwrap().to_str().unwrap().to_owned()
    }

    /// Adds a file to a submission.
    pub fn with(&self, file: &str, text: &str) -> &Class {
        let path = self.students().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// Adds a submission in Python.
    pub fn with_python(&self, student: &str, server: &str) -> &Class {
        let run = format!("server = \"python3 server.py {{port}} {}\"\n", self.mark());
        self.with(&format!("{student}/server.py"), server).with(&format!("{student}/run.toml"), &run)
    }

    /// `labgrade` with the rubric of this class.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = labgrade();
        command.args(words).arg("--rubric").arg(self.folder.join("rubric.toml"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn run_command(&self, words: &[&str]) -> Command {
        let mut command = self.command(&["run", "tcp-echo"]);
        command.arg(self.students()).arg("--out").arg(self.results()).args(words);
        command
    }

    pub fn run(&self, words: &[&str]) -> Output {
        self.run_command(words).output().unwrap()
    }

    /// Grades one submission, and returns what is printed.
    pub fn check(&self, student: &str) -> String {
        let mut command = self.command(&["check", "tcp-echo"]);
        let output = command.arg(self.students().join(student)).output().unwrap();
        assert!(output.status.success(), "{}", screen(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn outcome(&self, student: &str) -> Option<Outcome> {
        support::outcome(&self.results(), student)
    }

    pub fn score(&self, student: &str) -> Option<u32> {
        self.outcome(student).unwrap().score()
    }

    /// The beginning of the class page, above the first drawing.
    pub fn page_head(&self) -> String {
        let page = fs::read_to_string(self.results().join("class.html")).unwrap();
        let (_, body) = page.split_once("<body>").unwrap();
        body.split("<svg").next().unwrap().to_owned()
    }

    pub fn feedback(&self, student: &str) -> String {
        fs::read_to_string(self.results().join(student).join("feedback.md")).unwrap()
    }

    /// A `PATH` to all programs of this machine except bubblewrap.
    pub fn path_without_sandbox(&self) -> PathBuf {
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

    /// The same in a container that does not allow namespaces, so that there are no networks for checks either.
    pub fn path_without_namespaces(&self) -> PathBuf {
        let programs = self.path_without_sandbox();
        fs::remove_file(programs.join("unshare")).unwrap();
        std::os::unix::fs::symlink("/bin/false", programs.join("unshare")).unwrap();
        programs
    }

    /// How many servers of this class are running.
    pub fn processes(&self) -> usize {
        let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
        let lines = entries.filter_map(|entry| fs::read_to_string(entry.path().join("cmdline")).ok());
        lines.filter(|line| line.contains("server.py\0") && line.contains(&self.mark())).count()
    }
}

/// Everything that a command printed.
pub fn screen(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &errors(output)
}

/// What a command printed as errors.
pub fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
pub fn wait_until(mut found: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !found() {
        assert!(Instant::now() < deadline, "it never happened");
        thread::sleep(Duration::from_millis(20));
    }
}
