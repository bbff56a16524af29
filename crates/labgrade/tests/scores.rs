//! Every lab's solution has 100 points, and its starter has none.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use labgrade::outcome::{Outcome, Status};
use labgrade::starter;
use labrubric::{Kind, Rubric, Workspace};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use support::{Folder, copy};

/// The grader judges both by the core checks. It recognises a stub at once: no check waits until its time is up.
#[test]
fn scores_0_where_the_solution_scores_100() {
    if !labtest::has_tool("cargo-nextest") {
        return;
    }
    let workspace = Workspace::around(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let folder = Folder::new("scores");
    let starter = folder.join("starter");
    starter::write(&workspace, &starter).unwrap();
    for lab in workspace.labs().unwrap() {
        let core = folder.join(format!("{lab}.toml"));
        let rows = Rubric::read(&workspace, &lab).unwrap();
        let rows: Vec<_> = rows.of_kind(Kind::Core).cloned().collect();
        fs::write(&core, toml::to_string(&BTreeMap::from([("check", rows)])).unwrap()).unwrap();
        let class = folder.join(&lab);
        for (name, from) in [("solution", workspace.top()), ("stub", &*starter)] {
            copy(&from.join("labs").join(&lab).join("src"), &class.join(name).join("src"));
        }
        // The solution is the exercise's. The reference program is judged by its own tests.
        let _ = fs::remove_dir_all(class.join("solution/src/full"));
        let results = folder.join(format!("{lab}-results"));
        let words = ["run", &lab, class.to_str().unwrap(), "--out", results.to_str().unwrap(), "--seed", "1"];
        let mut command = Command::new(env!("CARGO_BIN_EXE_labgrade"));
        command.current_dir(workspace.top()).args(words).arg("--rubric").arg(&core);
        let graded = command.output().unwrap();
        assert!(graded.status.success(), "{lab}: {}", String::from_utf8_lossy(&graded.stderr));
        for (name, score) in [("solution", 100), ("stub", 0)] {
            let outcome = fs::read_to_string(results.join(name).join("outcome.json")).unwrap();
            let outcome: Outcome = serde_json::from_str(&outcome).unwrap();
            assert_eq!(outcome.score(), Some(score), "{lab}, {name}: {outcome:#?}");
            assert!(
                outcome.build.as_ref().is_some_and(|build| build.ok),
                "{lab}, {name}: {:?}",
                outcome.build
            );
            for checked in &outcome.checks {
                assert_ne!(checked.status, Status::Timeout, "{lab}, {name}: {checked:#?}");
            }
        }
    }
}
