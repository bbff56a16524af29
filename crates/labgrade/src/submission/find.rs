//! *Finding* what was handed in, however it was packed.

use super::run_file::{self, RunFile};
use crate::limits;
use anyhow::{Context, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// Names that an error lists of a folder in which nothing was found.
const NAMES_MAX: usize = 5;

/// Folders that a submission may be nested in, as archives unpack.
const NESTED_MAX: usize = 2;

/// What was handed in.
#[derive(Debug)]
pub enum Submission {
    /// The source of the lab's crate in Rust: the folder `src`.
    Source(PathBuf),
    /// Programs in any language: their folder, and the run file in it.
    Programs(PathBuf, RunFile),
}

impl Submission {
    /// Finds what was handed in for `lab`: a `run.toml`, a whole workspace, the lab's folder, or its `src`. It may be
    /// nested in up to two more folders.
    ///
    /// # Errors
    /// If nothing was found, or if the `run.toml` is not valid. If something cannot be read, the chain of errors has a
    /// [`std::io::Error`].
    pub fn find(folder: &Path, lab: &str) -> anyhow::Result<Submission> {
        fs::read_dir(folder).context("failed to read the submission's folder")?;
        let mut place = folder.to_owned();
        for _ in 0..=NESTED_MAX {
            let run_file = place.join(run_file::NAME);
            if is_file(&run_file) {
                let run_file = RunFile::read(&run_file)?;
                return Ok(Submission::Programs(place, run_file));
            }
            for folders in [&["labs", lab, "src"][..], &[lab, "src"], &["src"]] {
                if let Some(source) = below(&place, folders) {
                    return Ok(Submission::Source(source));
                }
            }
            if is_folder(&place.join("bin")) && is_file(&place.join("lib.rs")) {
                return Ok(Submission::Source(place));
            }
            match only_folder(&place) {
                Some(deeper) => place = deeper,
                None => break,
            }
        }
        bail!("it has neither `{}` nor `src/` nor `labs/{lab}/src/`{}", run_file::NAME, what_is_in(&place))
    }
}

fn is_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
}

fn is_file(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_file())
}

/// The last of `folders`, each in the one before. None of them may be a link: it could lead to another submission.
fn below(place: &Path, folders: &[&str]) -> Option<PathBuf> {
    folders.iter().try_fold(place.to_owned(), |place, folder| {
        let deeper = place.join(folder);
        is_folder(&deeper).then_some(deeper)
    })
}

/// The only folder in a folder.
fn only_folder(place: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(place).ok()?.take(limits::SUBMITTED_FILES_MAX);
    let mut folders = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| is_folder(path));
    let folder = folders.next()?;
    folders.next().is_none().then_some(folder)
}

/// The first few names in a folder, and what to do with an archive, for an error.
fn what_is_in(place: &Path) -> String {
    let entries = fs::read_dir(place).into_iter().flatten().take(limits::SUBMITTED_FILES_MAX);
    let mut names: Vec<String> =
        entries.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned())).collect();
    names.sort();
    let is_archive = |name: &String| {
        let name = name.to_lowercase();
        [".zip", ".tar", ".gz", ".tgz", ".xz", ".rar", ".7z"].iter().any(|end| name.ends_with(end))
    };
    let unpack = if names.iter().any(is_archive) { "; unpack it" } else { "" };
    names.truncate(NAMES_MAX);
    if names.is_empty() { String::new() } else { format!(", but `{}`{unpack}", names.join("`, `")) }
}

#[cfg(test)]
mod tests {
    use super::Submission;
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::{Path, PathBuf};
    use tempfile::tempdir;

    /// What is found in a folder, as a path relative to it.
    fn found(folder: &Path) -> Result<PathBuf, String> {
        let submission = Submission::find(folder, "tcp-echo").map_err(|error| format!("{error:#}"))?;
        let (Submission::Source(place) | Submission::Programs(place, _)) = submission;
        Ok(place.strip_prefix(folder).unwrap().to_owned())
    }

    #[test]
    fn finds_the_source_however_it_was_packed() {
        for path in ["src", "tcp-echo/src", "labs/tcp-echo/src", "my-archive/labs/tcp-echo/src"] {
            let folder = tempdir().unwrap();
            fs::create_dir_all(folder.path().join(path)).unwrap();
            assert_eq!(found(folder.path()), Ok(path.into()));
        }
    }

    #[test]
    fn follows_no_link_to_another_submission() {
        let folder = tempdir().unwrap();
        let (anna, berta) = (folder.path().join("anna"), folder.path().join("berta"));
        fs::create_dir_all(berta.join("tcp-echo/src")).unwrap();
        fs::write(berta.join("run.toml"), "server = \"x\"").unwrap();
        let nothing = "it has neither `run.toml` nor `src/` nor `labs/tcp-echo/src/`";
        for (link, to) in
            [("labs", "../berta"), ("tcp-echo", "../berta/tcp-echo"), ("run.toml", "../berta/run.toml")]
        {
            fs::create_dir_all(&anna).unwrap();
            symlink(to, anna.join(link)).unwrap();
            assert_eq!(found(&anna), Err(format!("{nothing}, but `{link}`")));
            fs::remove_dir_all(&anna).unwrap();
        }
    }
}
