//! The sandbox of a *program* under test.

use super::system::{SCRATCH, USER_NAME, base_options, environment_options, etc_options, size_options};
use crate::limits;
use shell_words::quote;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The `PATH` of a program under test: the system's folders, and no user's.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The path of [`ProgramSandbox::files`] inside the sandbox.
const FILES: &str = "/submission";

/// Runs inside the sandbox: enters the folder `$1`, and replaces itself by the program.
///
/// `$2` is the folder with the submission's files. A word of the command line that names one of these files becomes the
/// file's path. `LAB_LIMIT`, if set, is the beginning of a command that sets one more limit and runs the program.
const START: &str = r#"cd "$1" || exit 1
files=$2 first=1
shift 2
for word; do
    [ "$first" ] && set -- && first=
    case $word in
    '' | . | .. | /* | -*) ;;
    *) [ -e "$files/$word" ] && [ "$files" != "$PWD" ] && word=$files/$word ;;
    esac
    set -- "$@" "$word"
done
limit=${LAB_LIMIT:-exec}
unset LAB_LIMIT
eval "$limit \"\$@\""
"#;

/// The sandbox that the programs of one submission run in.
pub struct ProgramSandbox {
    /// The `etc` folder that [`write_etc`](super::write_etc) wrote.
    pub etc: PathBuf,
    /// The submission's files, or its compiled programs.
    pub files: PathBuf,
    /// True if the scratch folder begins as a copy of `files`. Otherwise the files are read-only.
    pub copies_files: bool,
    /// The folder in which tests start programs, unless they need a certain one. It becomes the scratch folder.
    pub usual_folder: PathBuf,
    /// False if this machine has no sandbox. Then only the limits hold.
    pub isolated: bool,
    /// True if programs run as a user of their own. Without a sandbox, any other user already has too many processes
    /// for a limit.
    pub own_user: bool,
}

impl ProgramSandbox {
    /// The path of a compiled program, as seen from inside the sandbox.
    pub fn program(&self, name: &str) -> PathBuf {
        if self.isolated { Path::new(FILES).join(name) } else { self.files.join(name) }
    }

    /// The text of a shell script that starts a program in this sandbox. The program's command line is `words`, then the
    /// script's own arguments.
    ///
    /// A word that names a file of the submission means that file, in whichever folder the program starts.
    pub fn script(&self, words: &[&str]) -> String {
        let usual = quoted_path(&self.usual_folder);
        let limits = self.limits();
        let words = shell_words::join(words);
        let mut script =
            "#!/bin/sh\n# Starts a program of a submission where it can do no harm.\nfolder=$PWD\n"
                .to_owned();
        if !self.isolated {
            let scratch = if self.copies_files { &self.files } else { Path::new("/tmp") };
            script.push_str(&format!(
                "export PATH={PATH}\ncase $folder in {usual} | {usual}/*) folder={scratch} ;; esac\n\
                 exec {limits} {start} sh \"$folder\" {files} {words} \"$@\"\n",
                scratch = quoted_path(scratch),
                start = quote(START),
                files = quoted_path(&self.files),
            ));
            return script;
        }
        let copy = if self.copies_files { format!("cp -R {FILES}/. {SCRATCH} && ") } else { String::new() };
        let files = if self.copies_files { SCRATCH } else { FILES };
        // A process of bubblewrap runs in the sandbox too, and its environment is readable there. It must not be the
        // grader's.
        script.push_str(&format!(
            "case $folder in {usual} | {usual}/*) folder={SCRATCH} ;; esac\n\
             exec env -i PATH=\"$PATH\" bwrap {options} ${{LAB_TWO_HOSTS:+--ro-bind {etc}/hosts-\"$LAB_TWO_HOSTS\" /etc/hosts}} --ro-bind \"$LAB_TMP\" \"$LAB_TMP\" --setenv LAB_LIMIT \"$LAB_LIMIT\" --remount-ro / \\\n  \
             -- {limits} {start} sh \"$folder\" {files} {words} \"$@\"\n",
            options = shell_words::join(self.options().iter().map(|word| word.to_string_lossy())),
            start = quote(&format!("{copy}{START}")),
            etc = quoted_path(&self.etc),
        ));
        script
    }

    /// The command that sets the limits, and starts the shell that runs [`START`].
    fn limits(&self) -> String {
        let mut words = vec![
            "prlimit".to_owned(),
            format!("--data={}", limits::PROCESS_BYTES_MAX),
            format!("--stack={}", limits::STACK_BYTES),
            format!("--nofile={}", limits::OPEN_FILES_MAX),
            format!("--fsize={}", limits::SCRATCH_BYTES_MAX),
        ];
        if self.isolated || self.own_user {
            words.push(format!("--nproc={}", limits::PROCESSES_MAX));
        }
        words.extend(["--core=0", "--", "/bin/sh", "-c"].map(str::to_owned));
        shell_words::join(words)
    }

    fn options(&self) -> Vec<OsString> {
        let mut options = base_options();
        options.extend(etc_options(&self.etc));
        options.extend(["--ro-bind".into(), self.files.clone().into(), FILES.into()]);
        for folder in ["/tmp", SCRATCH] {
            options.extend(size_options(limits::SCRATCH_BYTES_MAX));
            options.extend(["--tmpfs", folder].map(OsString::from));
        }
        options.extend(environment_options(&[
            ("HOME", SCRATCH),
            ("USER", USER_NAME),
            ("LANG", "C.UTF-8"),
            ("PATH", PATH),
            ("PYTHONUNBUFFERED", "1"),
            ("PYTHONDONTWRITEBYTECODE", "1"),
        ]));
        options
    }
}

fn quoted_path(path: &Path) -> String {
    quote(&path.to_string_lossy()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::ProgramSandbox;
    use std::path::PathBuf;

    #[test]
    fn limits_the_processes_of_a_submission_only() {
        let is_limited = |isolated, own_user| {
            let [etc, files, usual_folder] = ["etc", "files", "tree"].map(PathBuf::from);
            let sandbox =
                ProgramSandbox { etc, files, copies_files: false, usual_folder, isolated, own_user };
            sandbox.script(&[]).contains("--nproc=")
        };
        assert!(is_limited(true, false) && is_limited(false, true));
        // A desktop has thousands of threads, and a limit for its user would keep every program from starting.
        assert!(!is_limited(false, false));
    }
}
