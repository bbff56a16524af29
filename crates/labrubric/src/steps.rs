//! The *steps* of an exercise: the rubric, the handout and the stubs must number them in the same way.
//!
//! A step is a heading `### Step 2: …` in the lab's `README.md`, one stub or several (`todo!("step 2: …")`) in its `src/`,
//! and the rows of the rubric with `step = 2`. Its core checks fail before the step and pass after it. A step that only
//! robust checks belong to extends the exercise, and needs no stub.

use crate::rubric::{Kind, Rubric};
use anyhow::Context;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// How deep the folders of a lab's source may be nested.
const DEPTH_MAX: usize = 8;

/// The folder of the reference program, which students do not get.
const REFERENCE: &str = "full";

/// Lists what is wrong with the steps of the lab in `folder`. A lab without any `step` in its rubric has no mistakes.
///
/// # Errors
/// If the handout or the source cannot be read.
pub(crate) fn mistakes(rubric: &Rubric, folder: &Path) -> anyhow::Result<Vec<String>> {
    if rubric.checks.iter().all(|check| check.step.is_none()) {
        return Ok(Vec::new());
    }
    let handout = folder.join("README.md");
    let handout =
        fs::read_to_string(&handout).with_context(|| format!("failed to read `{}`", handout.display()))?;
    let mut source = String::new();
    read_source(&folder.join("src"), DEPTH_MAX, &mut source)?;
    let mut mistakes = mistakes_in_rows(rubric);
    mistakes.extend(differences(rubric, &numbers_after(&handout, "\n### Step "), &stubs(&source)));
    Ok(mistakes)
}

fn read_source(folder: &Path, depth: usize, source: &mut String) -> anyhow::Result<()> {
    let failed = || format!("failed to read `{}`", folder.display());
    for entry in fs::read_dir(folder).with_context(failed)? {
        let path = entry.with_context(failed)?.path();
        if path.is_dir() && depth > 0 && !path.ends_with(REFERENCE) {
            read_source(&path, depth - 1, source)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            *source +=
                &fs::read_to_string(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
        }
    }
    Ok(())
}

/// The numbers of the steps that have a stub.
fn stubs(source: &str) -> BTreeSet<u32> {
    numbers_after(source, "todo!(\"step ")
}

/// The numbers that follow `words` in a text.
fn numbers_after(text: &str, words: &str) -> BTreeSet<u32> {
    let number = |rest: &str| {
        let end = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
        rest[..end].parse().ok()
    };
    text.split(words).skip(1).filter_map(number).collect()
}

/// Mistakes that the rows alone show.
fn mistakes_in_rows(rubric: &Rubric) -> Vec<String> {
    let (mut mistakes, mut newest) = (Vec::new(), 0);
    for (check, number) in rubric.checks.iter().zip(1..) {
        let mut add = |mistake: String| mistakes.push(format!("row {number}, `{}`: {mistake}", check.test));
        match (check.kind, check.step) {
            (Kind::Extra, Some(_)) => add("extra checks belong to no step".to_owned()),
            (Kind::Core, None) if !check.hidden => add("it has no step".to_owned()),
            (Kind::Core, Some(step)) if !check.hidden && step < newest => {
                add(format!("its step {step} comes after step {newest}; sort the core rows by their steps"));
            }
            (Kind::Core, Some(step)) if !check.hidden => newest = step,
            _ => {}
        }
    }
    let steps = steps_of(rubric, |_| true);
    let last = steps.last().copied().unwrap_or(0);
    let gaps = (1..=last).filter(|step| !steps.contains(step));
    mistakes.extend(gaps.map(|step| format!("no row has step {step}")));
    if steps.contains(&0) {
        mistakes.push("the first step is 1, not 0".to_owned());
    }
    mistakes
}

fn steps_of(rubric: &Rubric, is_meant: impl Fn(Kind) -> bool) -> BTreeSet<u32> {
    rubric.checks.iter().filter(|check| is_meant(check.kind)).filter_map(|check| check.step).collect()
}

/// Differences between the rubric, the headings of the handout and the stubs.
fn differences(rubric: &Rubric, headings: &BTreeSet<u32>, stubs: &BTreeSet<u32>) -> Vec<String> {
    let (all, core) = (steps_of(rubric, |_| true), steps_of(rubric, |kind| kind == Kind::Core));
    let without_heading = all.difference(headings);
    let without_stub = core.difference(stubs);
    let mut mistakes: Vec<String> = without_heading
        .map(|step| format!("step {step} has no heading `### Step {step}: …` in README.md"))
        .chain(
            without_stub.map(|step| format!("step {step} has no stub `todo!(\"step {step}: …\")` in src/")),
        )
        .collect();
    mistakes.extend(
        headings
            .difference(&all)
            .map(|step| format!("README.md has a step {step}, and no row has `step = {step}`")),
    );
    mistakes.extend(
        stubs
            .difference(&all)
            .map(|step| format!("src/ has a stub for step {step}, and no row has `step = {step}`")),
    );
    mistakes
}

#[cfg(test)]
mod tests {
    use super::{differences, mistakes, mistakes_in_rows, numbers_after, stubs};
    use crate::rubric::Rubric;
    use std::collections::BTreeSet;
    use std::fs;

    /// A rubric with rows such as `core 1`, `robust` or `hidden`.
    fn rubric(rows: &[&str]) -> Rubric {
        let text: String = rows
            .iter()
            .zip(1..)
            .map(|(row, number)| {
                let (kind, step) = row.split_once(' ').unwrap_or((row, ""));
                let step = if step.is_empty() { String::new() } else { format!("step = {step}\n") };
                let (kind, hidden) = if kind == "hidden" { ("core", true) } else { (kind, false) };
                format!(
                    "[[check]]\ntest = \"a::t{number}\"\nkind = \"{kind}\"\nshows = \"x\"\nhint = \"y\"\n\
                     hidden = {hidden}\n{step}"
                )
            })
            .collect();
        toml::from_str(&text).unwrap()
    }

    #[track_caller]
    fn check(rows: &[&str], expected: &[&str]) {
        assert_eq!(mistakes_in_rows(&rubric(rows)), expected);
    }

    #[test]
    fn accepts_steps_in_order() {
        check(&["core 1", "hidden", "core 1", "core 2", "robust 1", "robust", "robust 3", "extra"], &[]);
    }

    #[test]
    fn finds_mistakes_in_rows() {
        check(&["core 1", "core", "hidden"], &["row 2, `a::t2`: it has no step"]);
        check(
            &["core 1", "core 2", "core 1"],
            &["row 3, `a::t3`: its step 1 comes after step 2; sort the core rows by their steps"],
        );
        check(&["core 2", "core 4"], &["no row has step 1", "no row has step 3"]);
        check(&["core 0", "core 1"], &["the first step is 1, not 0"]);
        check(&["core 1", "extra 1"], &["row 2, `a::t2`: extra checks belong to no step"]);
    }

    #[test]
    fn finds_differences_to_the_handout_and_the_stubs() {
        let rubric = rubric(&["core 1", "core 2", "robust 3"]);
        let set = |steps: &[u32]| steps.iter().copied().collect::<BTreeSet<u32>>();
        assert!(differences(&rubric, &set(&[1, 2, 3]), &set(&[1, 2])).is_empty());
        assert_eq!(
            differences(&rubric, &set(&[1, 2, 4]), &set(&[1, 5])),
            [
                "step 3 has no heading `### Step 3: …` in README.md",
                "step 2 has no stub `todo!(\"step 2: …\")` in src/",
                "README.md has a step 4, and no row has `step = 4`",
                "src/ has a stub for step 5, and no row has `step = 5`",
            ]
        );
    }

    #[test]
    fn finds_headings_and_stubs() {
        assert_eq!(
            numbers_after("# a\n### Step 1: b\n\n### Step 12: c\n#### Step 3\n", "\n### Step "),
            [1, 12].into()
        );
        assert_eq!(stubs("// STUB: todo!(\"step 2: a\")\ntodo!(\"step 1\") todo!(\"later\")"), [1, 2].into());
    }

    #[test]
    fn reads_the_lab_apart_from_the_reference_program() {
        let lab = tempfile::tempdir().unwrap();
        fs::create_dir_all(lab.path().join("src/bin")).unwrap();
        fs::create_dir_all(lab.path().join("src/full")).unwrap();
        fs::write(lab.path().join("README.md"), "# Lab\n\n### Step 1: begin\n").unwrap();
        fs::write(lab.path().join("src/bin/a.rs"), "fn main() { todo!(\"step 1: begin\") }\n").unwrap();
        fs::write(lab.path().join("src/full/a.rs"), "fn a() { todo!(\"step 2: not here\") }\n").unwrap();
        assert!(mistakes(&rubric(&["core 1"]), lab.path()).unwrap().is_empty());
        // A lab that has no steps yet.
        assert!(mistakes(&rubric(&["core", "robust"]), lab.path()).unwrap().is_empty());
        let found = mistakes(&rubric(&["core 2"]), lab.path()).unwrap();
        assert_eq!(found.len(), 5, "{found:?}");
    }
}
