//! *Mistakes* in a rubric: contradictions within it, and differences from the lab's tests, handout and stubs.

use crate::rubric::{CORE_POINTS, Kind, Rubric};
use crate::steps;
use crate::suite::test_files;
use crate::workspace::Workspace;
use std::collections::{BTreeSet, HashSet};

impl Rubric {
    /// Lists the mistakes in the rubric of a lab: contradictions within it, and differences from the lab's tests,
    /// handout and stubs.
    ///
    /// # Errors
    /// If the rubric, the tests, the handout or the source cannot be read.
    pub fn mistakes(workspace: &Workspace, lab: &str) -> anyhow::Result<Vec<String>> {
        let rubric = Rubric::read(workspace, lab)?;
        let files = test_files(&workspace.lab(lab)?)?;
        let mut mistakes = rubric.own_mistakes();
        mistakes.extend(steps::mistakes(&rubric, &workspace.lab(lab)?)?);
        let tests: BTreeSet<&str> = files.iter().flat_map(|file| &file.tests).map(String::as_str).collect();
        mistakes.extend(rubric.mistakes_against(&tests));
        for file in &files {
            let rows = || rubric.checks.iter().filter(|check| file.tests.contains(&check.test));
            if rows().any(|check| check.hidden) && !rows().all(|check| check.hidden) {
                let name = file.path.file_name().unwrap_or_default().to_string_lossy();
                mistakes.push(format!(
                    "tests/{name} has both hidden and visible tests; move the hidden ones to a file of their own"
                ));
            }
        }
        Ok(mistakes.into_iter().map(|mistake| format!("labs/{lab}/rubric.toml: {mistake}")).collect())
    }

    fn own_mistakes(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        let all: HashSet<&str> = self.checks.iter().map(|check| &*check.test).collect();
        let mut before = HashSet::new();
        for (check, number) in self.checks.iter().zip(1..) {
            let mut add =
                |mistake: String| mistakes.push(format!("row {number}, `{}`: {mistake}", check.test));
            if before.contains(&*check.test) {
                add("this test already has a row".to_owned());
            }
            for needed in &check.needs {
                if *needed == check.test {
                    add("it needs itself".to_owned());
                } else if !all.contains(&**needed) {
                    add(format!("it needs `{needed}`, which has no row"));
                } else if !before.contains(&**needed) {
                    add(format!("it needs `{needed}`, whose row comes later; move that row up"));
                }
            }
            match check.kind {
                Kind::Extra if check.points > 0 => add("extra checks are worth no points".to_owned()),
                Kind::Core | Kind::Robust if check.points == 0 => {
                    add("it has no points; give it some, or make it extra".to_owned());
                }
                _ => {}
            }
            if check.shows.trim().is_empty() || check.hint.trim().is_empty() {
                add("`shows` and `hint` must not be empty".to_owned());
            }
            before.insert(&*check.test);
        }
        let core: u32 = self.stages().map(|check| check.points).sum();
        if core != CORE_POINTS {
            mistakes.push(format!("the core checks add up to {core} points, not to {CORE_POINTS}"));
        }
        mistakes
    }

    fn mistakes_against(&self, tests: &BTreeSet<&str>) -> Vec<String> {
        let rows: BTreeSet<&str> = self.checks.iter().map(|check| &*check.test).collect();
        let without_test = self.checks.iter().zip(1..).filter(|(check, _)| !tests.contains(&*check.test));
        let without_row = tests.difference(&rows);
        without_test
            .map(|(check, number)| format!("row {number}, `{}`: there is no such test", check.test))
            .chain(without_row.map(|test| format!("the test `{test}` has no row")))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::rubric::Rubric;
    use std::collections::BTreeSet;

    fn rubric(rows: &[&str]) -> Rubric {
        let text: String = rows
            .iter()
            .map(|row| format!("[[check]]\nshows = \"x\"\nhint = \"y\"\n{}\n", row.replace("; ", "\n")))
            .collect();
        toml::from_str(&text).unwrap()
    }

    #[track_caller]
    fn check(rows: &[&str], expected: &[&str]) {
        assert_eq!(rubric(rows).own_mistakes(), expected);
    }

    const RIGHT: &str = "test = 'a::a'; kind = 'core'; points = 100";

    #[test]
    fn accepts_a_correct_rubric() {
        check(
            &[
                RIGHT,
                "test = 'a::b'; kind = 'robust'; points = 3; needs = ['a::a']",
                "test = 'a::c'; kind = 'extra'",
            ],
            &[],
        );
    }

    #[test]
    fn finds_mistakes_in_a_row() {
        check(
            &[RIGHT, "test = 'a::b'; kind = 'extra'; points = 1"],
            &["row 2, `a::b`: extra checks are worth no points"],
        );
        check(
            &[RIGHT, "test = 'a::b'; kind = 'robust'"],
            &["row 2, `a::b`: it has no points; give it some, or make it extra"],
        );
        check(&[RIGHT, "test = 'a::a'; kind = 'extra'"], &["row 2, `a::a`: this test already has a row"]);
        check(
            &["test = 'a::a'; kind = 'core'; points = 99"],
            &["the core checks add up to 99 points, not to 100"],
        );
    }

    #[test]
    fn finds_mistakes_in_needs() {
        let needs =
            |test: &str, needed: &str| format!("test = '{test}'; kind = 'extra'; needs = ['{needed}']");
        check(&[RIGHT, &needs("a::b", "a::x")], &["row 2, `a::b`: it needs `a::x`, which has no row"]);
        check(&[RIGHT, &needs("a::b", "a::b")], &["row 2, `a::b`: it needs itself"]);
        // Of checks that need each other, one always comes too late.
        check(
            &[RIGHT, &needs("a::b", "a::c"), &needs("a::c", "a::b")],
            &["row 2, `a::b`: it needs `a::c`, whose row comes later; move that row up"],
        );
    }

    #[test]
    fn finds_tests_without_rows_and_rows_without_tests() {
        let rubric = rubric(&[RIGHT, "test = 'a::b'; kind = 'extra'"]);
        assert_eq!(
            rubric.mistakes_against(&BTreeSet::from(["a::a", "c::d"])),
            ["row 2, `a::b`: there is no such test", "the test `c::d` has no row"]
        );
    }
}
