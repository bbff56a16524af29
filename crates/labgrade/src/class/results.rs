//! The folder of *results* of a class.

use crate::explained_file::{BYTES_MAX, EXPLAINED, ExplainedFile};
use crate::outcome::{FORMAT, Outcome};
use crate::reports::{self, explain_page};
use crate::write::write_atomically;
use anyhow::{Context, bail, ensure};
use labrubric::Question;
use rustix::fs::{FlockOperation, flock};
use serde::Deserialize;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// The file with a submission's outcome, in its folder of results.
const OUTCOME: &str = "outcome.json";

/// The field that every format of an outcome has.
#[derive(Deserialize)]
struct Version {
    format: u32,
}

/// The folder of results, for this run alone.
pub(super) struct Results<'a> {
    folder: &'a Path,
    lab: &'a str,
    _lock: File,
}

impl<'a> Results<'a> {
    /// Creates the folder if needed, and locks it.
    ///
    /// # Errors
    /// If it is among the submissions, or if another run uses it.
    pub(super) fn open(folder: &'a Path, lab: &'a str, submissions: &Path) -> anyhow::Result<Results<'a>> {
        fs::create_dir_all(folder).with_context(|| format!("failed to create `{}`", folder.display()))?;
        ensure_apart(folder, submissions)?;
        Ok(Results { folder, lab, _lock: lock(folder)? })
    }

    /// The folder of one submission.
    fn of(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The page that shows the whole class.
    pub(super) fn page(&self) -> PathBuf {
        self.folder.join("class.html")
    }

    /// The folder for nextest's own reports on one submission, without those of an earlier run.
    pub(super) fn new_raw_folder(&self, name: &str) -> PathBuf {
        let raw = self.of(name).join("nextest");
        let _ = fs::remove_dir_all(&raw);
        raw
    }

    /// Reads the outcome of an earlier run, complete or not.
    pub(super) fn read(&self, name: &str) -> anyhow::Result<Option<Outcome>> {
        let path = self.of(name).join(OUTCOME);
        let Ok(text) = fs::read_to_string(&path) else { return Ok(None) };
        let unreadable =
            || format!("`{}` is not an outcome of this version; delete it to grade again", path.display());
        let Version { format } = serde_json::from_str(&text).with_context(unreadable)?;
        ensure!(
            format == FORMAT,
            "`{}` is from another version (format {format}, not {FORMAT}); use another folder for the results, or delete \
             this file to grade `{name}` again",
            path.display()
        );
        let outcome: Outcome = serde_json::from_str(&text).with_context(unreadable)?;
        ensure!(
            outcome.lab == self.lab,
            "`{}` has results of `{}`; use another folder for `{}`",
            self.folder.display(),
            outcome.lab,
            self.lab
        );
        Ok(Some(outcome))
    }

    /// Writes the outcome of one submission.
    pub(super) fn write_outcome(&self, outcome: &Outcome) -> anyhow::Result<()> {
        let folder = self.of(&outcome.submission);
        fs::create_dir_all(&folder).with_context(|| format!("failed to create `{}`", folder.display()))?;
        let text = serde_json::to_string_pretty(outcome).context("failed to write JSON")?;
        write_atomically(&folder.join(OUTCOME), &(text + "\n"))
    }

    /// Writes the reports on one submission.
    pub(super) fn write_reports(&self, outcome: &Outcome) -> anyhow::Result<()> {
        for (name, text) in reports::of_submission(outcome) {
            write_atomically(&self.of(&outcome.submission).join(name), &text)?;
        }
        Ok(())
    }

    /// Reads the points for explanations. `None` if there is no file.
    ///
    /// # Errors
    /// If the file cannot be read, or is not an `explained.toml` of this lab.
    pub(super) fn explained(&self) -> anyhow::Result<Option<ExplainedFile>> {
        let path = self.folder.join(EXPLAINED);
        let failed = || format!("failed to read `{}`", path.display());
        let mut text = String::new();
        match File::open(&path) {
            Ok(file) => file.take(BYTES_MAX + 1).read_to_string(&mut text).with_context(failed)?,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(failed),
        };
        ensure!(text.len() as u64 <= BYTES_MAX, "`{}` has more than {BYTES_MAX} bytes", path.display());
        ExplainedFile::parse(&text, self.lab).map(Some).with_context(|| format!("`{}`", path.display()))
    }

    /// Adds the points for explanations to the outcomes, and writes those again that change by it. Returns a line for
    /// each entry that cannot be added.
    pub(super) fn add_explained(
        &self,
        outcomes: &mut [Outcome],
        not_begun: &[&str],
    ) -> anyhow::Result<Vec<String>> {
        let before: Vec<_> = outcomes.iter().map(|outcome| outcome.answers.clone()).collect();
        let notes = match self.explained()? {
            Some(file) => file.add_to(outcomes, not_begun),
            None => {
                let answers = outcomes.iter_mut().filter_map(|outcome| outcome.answers.as_mut());
                answers
                    .flat_map(|answers| &mut answers.explained)
                    .for_each(|explained| explained.graded = None);
                Vec::new()
            }
        };
        for (outcome, before) in outcomes.iter().zip(before) {
            if outcome.answers != before {
                self.write_outcome(outcome)?;
                self.write_reports(outcome)?;
            }
        }
        Ok(notes)
    }

    /// Writes the page to grade explanations on, if there are any. Returns its path.
    pub(super) fn write_explain_page(
        &self,
        outcomes: &[Outcome],
        questions: &[Question],
    ) -> anyhow::Result<Option<PathBuf>> {
        let path = self.folder.join(explain_page::NAME);
        let folder = self.folder.canonicalize().unwrap_or_else(|_| self.folder.to_owned());
        let Some(text) = explain_page::text_of(self.lab, &folder.to_string_lossy(), questions, outcomes)
        else {
            let _ = fs::remove_file(&path);
            return Ok(None);
        };
        write_atomically(&path, &text)?;
        Ok(Some(path))
    }

    /// Writes the reports on the class. `not_begun` are submissions without an outcome.
    pub(super) fn write_class(&self, outcomes: &[Outcome], not_begun: &[&str]) -> anyhow::Result<()> {
        for (name, text) in reports::of_class(outcomes, not_begun) {
            write_atomically(&self.folder.join(name), &text)?;
        }
        Ok(())
    }
}

/// An error if the results are among the submissions, where the next run would take them for a student's.
fn ensure_apart(out: &Path, submissions: &Path) -> anyhow::Result<()> {
    let whole =
        |path: &Path| path.canonicalize().with_context(|| format!("failed to find `{}`", path.display()));
    if whole(out)?.starts_with(whole(submissions)?) {
        // It may have been created just now.
        let _ = fs::remove_dir(out);
        bail!(
            "`{}` is inside the folder of the submissions; use another folder for the results",
            out.display()
        );
    }
    Ok(())
}

/// Locks the folder of results.
fn lock(folder: &Path) -> anyhow::Result<File> {
    let path = folder.join(".lock");
    let file = File::create(&path).with_context(|| format!("failed to write `{}`", path.display()))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(_) => {
            bail!("another `labgrade run` is writing to `{}`; wait until it has ended", folder.display())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Results;
    use std::fs;
    use tempfile::tempdir;

    #[test]
    fn refuses_an_outcome_of_another_format() {
        let folder = tempdir().unwrap();
        let [results, students] = ["results", "students"].map(|name| folder.path().join(name));
        let path = results.join("anna/outcome.json");
        fs::create_dir_all(results.join("anna")).unwrap();
        fs::create_dir(&students).unwrap();
        // In format 1, `skipped` also meant that a check had not run.
        let fields = r#""lab": "tcp-echo", "submission": "anna", "graded": "2026-03-01T12:00:00Z", "seed": 7,
            "isolated": true, "remarks": [], "checks": [], "seconds": 1.0"#;
        let results = Results::open(&results, "tcp-echo", &students).unwrap();
        let read = |format: u32| {
            fs::write(&path, format!("{{ \"format\": {format}, {fields} }}")).unwrap();
            results.read("anna").map(|outcome| outcome.is_some()).map_err(|error| error.to_string())
        };
        assert_eq!(read(2), Ok(true));
        let expected = format!(
            "`{}` is from another version (format 1, not 2); use another folder for the results, or delete this file to \
             grade `anna` again",
            path.display()
        );
        assert_eq!(read(1), Err(expected));
    }
}
