//! The *students* of a class: the folders in a folder.

use super::screen::print_line;
use anyhow::{Context, bail, ensure};
use std::fs;
use std::path::Path;

/// Students of one class.
const STUDENTS_MAX: usize = 10_000;

/// Files beside the students' folders that are named in warnings.
const OTHERS_NAMED_MAX: usize = 10;

/// What is in the folder of a class.
pub(super) struct Students {
    /// The names of the folders, sorted.
    pub(super) names: Vec<String>,
    /// The names of everything else, sorted.
    others: Vec<String>,
}

impl Students {
    /// Reads the folder of a class. Names that begin with a dot, and what a Mac adds to an archive, do not count.
    pub(super) fn read(folder: &Path) -> anyhow::Result<Students> {
        ensure!(
            folder.is_dir(),
            "`{}` is not a folder; name the folder that has one folder per student",
            folder.display()
        );
        let failed = || format!("failed to read `{}`", folder.display());
        let (mut names, mut others) = (Vec::new(), Vec::new());
        for entry in fs::read_dir(folder).with_context(failed)? {
            let entry = entry.with_context(failed)?;
            let Ok(name) = entry.file_name().into_string() else {
                bail!("`{}` is not UTF-8; rename it", entry.path().display());
            };
            if name.starts_with('.') || name == "__MACOSX" {
                continue;
            }
            let is_folder = entry.file_type().with_context(failed)?.is_dir();
            if is_folder { &mut names } else { &mut others }.push(name);
            ensure!(
                names.len() <= STUDENTS_MAX,
                "`{}` has more than {STUDENTS_MAX} folders",
                folder.display()
            );
        }
        ensure!(
            !names.is_empty(),
            "`{}` has no folders; it must have one per student; for one submission: `labgrade check`",
            folder.display()
        );
        names.sort();
        others.sort();
        Ok(Students { names, others })
    }

    /// Prints a warning for each file beside the folders.
    pub(super) fn warn_of_others(&self) {
        for name in self.others.iter().take(OTHERS_NAMED_MAX) {
            print_line(&format!(
                "warning: `{name}` is not a folder, so it is not graded; unpack or remove it"
            ));
        }
        if self.others.len() > OTHERS_NAMED_MAX {
            let more = self.others.len() - OTHERS_NAMED_MAX;
            print_line(&format!("warning: {more} more files are not folders"));
        }
    }
}
