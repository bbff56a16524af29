//! The students' workspace is complete and unsolved, and contains nothing for staff.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use labgrade::solution_markers::{solution_lines, students_version};
use labgrade::starter;
use labrubric::{Question, Workspace};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use support::{Folder, copy};

const LABGRADE: &str = env!("CARGO_BIN_EXE_labgrade");

/// Shorter lines, like `let mut line = 0;`, give no solution away.
const LINE_CHARS_MIN: usize = 20;

fn workspace() -> Workspace {
    Workspace::around(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// Writes a starter into a new folder in `folder`, and returns its path.
fn starter(folder: &Folder) -> PathBuf {
    let out = folder.join("starter");
    starter::write(&workspace(), &out).unwrap();
    out
}

/// All files below a folder, with their contents.
fn files(top: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut files, mut folders) = (BTreeMap::new(), vec![top.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path.strip_prefix(top).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    files
}

fn labgrade(folder: &Path, args: &[&str]) -> Output {
    Command::new(LABGRADE).current_dir(folder).args(args).output().unwrap()
}

/// Runs cargo in a starter. All tests share one target folder, since compiling the dependencies takes most of the time.
fn cargo(starter: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(starter).args(args).env("RUSTFLAGS", "-Dwarnings").env("RUST_BACKTRACE", "0");
    command.env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("starter"));
    command.output().unwrap()
}

fn text(output: &Output) -> String {
    [&*output.stdout, &output.stderr].map(String::from_utf8_lossy).concat()
}

#[test]
fn is_the_same_twice() {
    let (first, second) = (Folder::new("first"), Folder::new("second"));
    let (first, second) = (files(&starter(&first)), files(&starter(&second)));
    assert_eq!(first, second);
    assert!(first.len() > 50, "{:?}", first.keys());
}

#[test]
fn contains_no_line_of_a_solution() {
    let (folder, workspace) = (Folder::new("lines"), workspace());
    let starter = starter(&folder);
    let mut left_out = 0;
    for (path, stub) in files(&starter) {
        if !(path.starts_with("labs") && path.extension().is_some_and(|extension| extension == "rs")) {
            continue;
        }
        let (stub, solution) =
            (String::from_utf8(stub).unwrap(), fs::read_to_string(workspace.top().join(&path)).unwrap());
        assert_eq!(students_version(&path, &solution).unwrap(), stub);
        for line in solution_lines(&path, &solution).unwrap() {
            let line = line.trim();
            // Imports reveal nothing, and a stub may need the same ones. A stub also says how to print.
            let is_shown = line.starts_with("use ") || line.starts_with("log.line(");
            if line.len() >= LINE_CHARS_MIN && !is_shown {
                assert!(!stub.lines().any(|other| other.trim() == line), "{}: {line}", path.display());
                left_out += 1;
            }
        }
    }
    assert!(left_out > 150, "{left_out}");
}

#[test]
fn has_stubs_in_every_lab() {
    let folder = Folder::new("stubs");
    let starter = starter(&folder);
    for lab in workspace().labs().unwrap() {
        let sources = files(&starter.join("labs").join(&lab).join("src"));
        let stubs = sources.values().map(|source| String::from_utf8_lossy(source).matches("todo!(").count());
        assert!(stubs.sum::<usize>() >= 2, "{lab}");
    }
}

#[test]
fn contains_nothing_for_staff() {
    let folder = Folder::new("staff");
    let starter = starter(&folder);
    for (path, bytes) in files(&starter) {
        let name = path.to_string_lossy();
        for word in ["labgrade", "labrubric", "labcapture", "labbench", "rubric", "hidden", "fuzz", "mutants"]
        {
            assert!(!name.contains(word), "{name}");
        }
        let is_reference = |part: &OsStr| part == "full" || part == "full.rs";
        assert!(!(path.starts_with("labs") && path.iter().any(is_reference)), "{name}");
        let Ok(text) = String::from_utf8(bytes) else { continue };
        for word in [
            "labgrade",
            "labrubric",
            "BEGIN SOLUTION",
            "END SOLUTION",
            "// STUB:",
            "BEGIN STAFF",
            "END STAFF",
        ] {
            let line = text.lines().find(|line| line.contains(word));
            assert_eq!(line, None, "{name}");
        }
        if !name.ends_with(".md") {
            continue;
        }
        // A link leads to a file of the starter or to another site.
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap();
            let there = starter.join(&path).parent().unwrap().join(target);
            assert!(link.contains("://") || target.is_empty() || there.exists(), "{name} links to {link}");
        }
    }
}

#[test]
fn has_an_answer_sheet_and_a_report_for_every_lab() {
    let folder = Folder::new("sheets");
    let starter = starter(&folder);
    let workspace = workspace();
    for lab in workspace.labs().unwrap() {
        let read = |name: &str| fs::read_to_string(starter.join("labs").join(&lab).join(name)).unwrap();
        let (sheet, report) = (read("answers.toml"), read("report.md"));
        for Question { number, model, .. } in Question::read(&workspace, &lab).unwrap() {
            assert!(sheet.contains(&format!("\n# Question {number} (")), "{lab}: {number}");
            assert!(report.contains(&format!("\n### Question {number} (")), "{lab}: {number}");
            let sentences = model.split(". ").filter(|part| part.len() > LINE_CHARS_MIN);
            for sentence in sentences {
                assert!(!sheet.contains(sentence) && !report.contains(sentence), "{lab}: {sentence}");
            }
        }
        assert!(report.contains("### Step 1\n") && report.contains("\n| 1 | "), "{lab}: {report}");
        let printed = |options: &[&str]| {
            let words = ["--workspace", workspace.top().to_str().unwrap(), "sheet", &lab];
            text(&labgrade(&folder, &[&words, options].concat()))
        };
        assert_eq!((printed(&[]), printed(&["--report"])), (sheet, report));
    }
}

#[test]
fn compiles_without_warnings_and_is_formatted() {
    let folder = Folder::new("compiles");
    let starter = starter(&folder);
    let checked = cargo(&starter, &["check", "--offline", "--locked", "--workspace", "--all-targets"]);
    assert!(checked.status.success(), "{}", text(&checked));
    let formatted = cargo(&starter, &["fmt", "--all", "--check"]);
    assert!(formatted.status.success(), "{}", text(&formatted));
}

#[test]
fn tells_a_student_what_to_write_first_whatever_state_other_labs_are_in() {
    let folder = Folder::new("loop");
    let starter = starter(&folder);
    fs::write(starter.join("labs/udp-echo/src/lib.rs"), "this is not Rust").unwrap();
    let tested =
        cargo(&starter, &["test", "--offline", "-p", "tcp-echo", "--no-fail-fast", "--test", "core"]);
    let told = text(&tested);
    assert!(!tested.status.success());
    assert!(told.contains("test result: FAILED. 0 passed; "), "{told}");
    // The server's first stub and the client's.
    let sources = files(&starter.join("labs/tcp-echo/src"));
    let sources: String = sources.values().map(|source| String::from_utf8_lossy(source)).collect();
    let stubs = sources.split("todo!(\"").skip(1).filter_map(|rest| rest.split('"').next());
    let reached = stubs.filter(|stub| told.contains(&format!("not yet implemented: {stub}\n"))).count();
    assert_eq!(reached, 2, "{told}");
}

#[test]
fn is_made_from_any_folder_of_the_workspace_and_for_a_new_folder_only() {
    let (folder, workspace) = (Folder::new("program"), workspace());
    let out = folder.join("made/here");
    let made =
        labgrade(&workspace.top().join("labs/udp-echo/src"), &["starter", "--out", out.to_str().unwrap()]);
    let expected = format!(
        "the students' workspace is in `{}`; hand it out as it is; its labs/README.md says how a student begins\n",
        out.display()
    );
    assert_eq!((text(&made), made.status.code()), (expected, Some(0)));
    assert!(out.join("labs/udp-echo/README.md").is_file() && out.join("labs/README.md").is_file());
    assert_eq!(fs::read_dir(out.parent().unwrap()).unwrap().count(), 1, "something is left beside it");

    let again = labgrade(workspace.top(), &["starter", "--out", out.to_str().unwrap()]);
    let expected = format!("error: `{}` is not empty; name a new folder, or empty this one\n", out.display());
    assert_eq!((text(&again), again.status.code()), (expected, Some(1)));

    let top = workspace.top().to_str().unwrap();
    let there = labgrade(&folder, &["starter", "--workspace", top, "--out", "there"]);
    assert!(there.status.success(), "{}", text(&there));
    let nowhere = labgrade(&folder, &["starter", "--out", "nowhere"]);
    assert!(text(&nowhere).ends_with("name one with `--workspace DIR`\n"), "{}", text(&nowhere));
    let inside = labgrade(workspace.top(), &["starter", "--out", "labs/udp-echo/src/new"]);
    assert!(text(&inside).contains("is inside a folder that students get"), "{}", text(&inside));
}

/// Writes a workspace for staff into `folder`: a starter, with the rubrics, questions and hidden tests that it lacks.
fn staff(folder: &Folder) -> PathBuf {
    let staff = folder.join("staff");
    copy(&starter(folder), &staff);
    for lab in workspace().labs().unwrap() {
        for part in ["rubric.toml", "questions.toml", "tests/hidden.rs"] {
            let (from, to) =
                (workspace().lab(&lab).unwrap().join(part), staff.join("labs").join(&lab).join(part));
            if from.exists() {
                fs::copy(from, to).unwrap();
            }
        }
    }
    staff
}

#[test]
fn leaves_out_the_reference_program_and_what_only_it_needs() {
    let folder = Folder::new("reference");
    let staff = staff(&folder);
    let lab = staff.join("labs/udp-echo");
    for part in ["src/full/main.rs", "tests/full/main.rs"] {
        fs::create_dir_all(lab.join(part).parent().unwrap()).unwrap();
        fs::write(lab.join(part), "fn main() {}\n").unwrap();
    }
    let manifest = fs::read_to_string(lab.join("Cargo.toml")).unwrap();
    let for_staff =
        "\n# BEGIN STAFF\n[[bin]]\nname = \"udp-echo-server\"\npath = \"src/full/main.rs\"\n# END STAFF\n";
    fs::write(lab.join("Cargo.toml"), manifest.clone() + for_staff).unwrap();
    let out = folder.join("students");
    starter::write(&Workspace::around(&staff).unwrap(), &out).unwrap();
    let lab = out.join("labs/udp-echo");
    assert_eq!(fs::read_to_string(lab.join("Cargo.toml")).unwrap(), manifest);
    assert!(!lab.join("src/full").exists() && !lab.join("tests/full").exists());
    assert!(lab.join("src/bin/udp-echo-server.rs").exists() && lab.join("tests/core.rs").exists());
}

#[test]
fn leaves_nothing_behind_if_a_marker_is_wrong() {
    let folder = Folder::new("wrong");
    let staff = staff(&folder);
    let library = staff.join("labs/udp-echo/src/lib.rs");
    let source = fs::read_to_string(&library).unwrap() + "// BEGIN SOLUTION\n";
    fs::write(&library, &source).unwrap();
    let out = folder.join("out/starter");
    let failed = labgrade(&staff, &["starter", "--out", out.to_str().unwrap()]);
    let line = source.lines().count();
    let expected = format!("error: labs/udp-echo/src/lib.rs:{line}: this part has no `// END SOLUTION`\n");
    assert_eq!((text(&failed), failed.status.code()), (expected, Some(1)));
    assert_eq!(fs::read_dir(out.parent().unwrap()).unwrap().count(), 0, "something is left");
}
