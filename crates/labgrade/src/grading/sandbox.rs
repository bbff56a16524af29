//! The *sandbox*: what a program of a submission sees of this machine, and what it may do.
//!
//! There are two layers. A check has a network of its own, in which the test and the program meet. Within it, each
//! program under test is started by bubblewrap: with its own processes, its own root folder of read-only system files,
//! and a scratch folder in memory. The test stays outside of that layer.

use super::limits;
use anyhow::Context;
use rustix::fs::{FlockOperation, flock};
use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Folders and files of the system that every program gets, where they exist.
const SYSTEM: [&str; 12] = [
    "/etc/alternatives",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/protocols",
    "/etc/services",
    "/etc/ssl/certs",
    "/etc/java-17-openjdk",
    "/etc/java-21-openjdk",
    "/opt",
];

/// The name of the only user in a sandbox.
const USER: &str = "student";

/// Where a program under test finds others: where the system has them, not where some user does.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Where a program under test finds its scratch folder, with the submission's files in it.
pub const SCRATCH: &str = "/work";

/// Who runs what is not trusted.
#[derive(Clone, Copy, Debug)]
pub struct Runner {
    /// The user that root becomes; `None` for an ordinary user, who stays the same.
    drop_to: Option<u32>,
}

impl Runner {
    /// An ordinary user runs programs as itself. Root takes a user number that nobody has: limits on processes do not
    /// hold for root, and what belongs to root is then out of reach.
    pub fn of_this_run() -> Runner {
        let is_root = rustix::process::geteuid().is_root();
        // The range that service managers hand out for a while, too.
        Runner { drop_to: is_root.then(|| 61_184 + std::process::id() % 4_000) }
    }

    /// The same user as this program, root or not: for what is trusted.
    pub fn unchanged() -> Runner {
        Runner { drop_to: None }
    }

    /// The user that another process of this run has dropped to.
    pub fn with_user(drop_to: Option<u32>) -> Runner {
        Runner { drop_to }
    }

    /// The user's number, if root drops to one.
    pub fn user(self) -> Option<u32> {
        self.drop_to
    }

    /// The beginning of a command line that becomes this user and dies with its parent.
    pub fn words(self) -> Vec<String> {
        let mut words = vec!["setpriv".to_owned()];
        if let Some(user) = self.drop_to {
            words.extend([format!("--reuid={user}"), format!("--regid={user}"), "--clear-groups".to_owned()]);
        }
        words.extend(["--pdeathsig=KILL".to_owned(), "--".to_owned()]);
        words
    }

    /// Gives a file or folder, and all in it, to this user.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn give(self, path: &Path) -> anyhow::Result<()> {
        let Some(user) = self.drop_to else { return Ok(()) };
        chown(path, Some(user), Some(user))
            .with_context(|| format!("failed to give `{}` to user {user}", path.display()))?;
        if path.is_dir() && !path.is_symlink() {
            for entry in fs::read_dir(path).with_context(|| format!("failed to read `{}`", path.display()))? {
                let path = entry?.path();
                if !path.is_symlink() {
                    self.give(&path)?;
                }
            }
        }
        Ok(())
    }

    /// Makes a folder that this user may enter and, without `writable`, not change.
    ///
    /// # Errors
    /// If it can't be made.
    pub fn folder(self, path: &Path, writable: bool) -> anyhow::Result<()> {
        let failed = || format!("failed to create `{}`", path.display());
        fs::create_dir_all(path).with_context(failed)?;
        match self.drop_to {
            Some(_) if writable => self.give(path)?,
            Some(user) => {
                chown(path, None, Some(user)).with_context(failed)?;
                fs::set_permissions(path, fs::Permissions::from_mode(0o750)).with_context(failed)?;
            }
            None => fs::set_permissions(path, fs::Permissions::from_mode(0o700)).with_context(failed)?,
        }
        Ok(())
    }
}

/// True if this machine can make both layers; else why not, in one line.
///
/// # Errors
/// With the reason, and what to do about it.
pub fn available(runner: Runner) -> Result<(), String> {
    if !is_installed("bwrap") {
        return Err("`bwrap` is not installed; install the package `bubblewrap`".to_owned());
    }
    let mut words = runner.words();
    words.extend(outer_layer(None).into_iter().map(str::to_owned));
    words.extend(["bwrap".to_owned()]);
    words.extend(base().into_iter().filter_map(|word| word.into_string().ok()));
    words.extend(["--".to_owned(), "/bin/true".to_owned()]);
    let output = Command::new(&words[0]).args(&words[1..]).stdin(Stdio::null()).output();
    match output {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let why = String::from_utf8_lossy(&output.stderr);
            let why = why.lines().next().unwrap_or("no reason given");
            Err(format!(
                "this machine allows no sandbox: {why}; user namespaces must be allowed, in a container too"
            ))
        }
        Err(error) => Err(format!("`setpriv` can't be started: {error}; install the package `util-linux`")),
    }
}

/// True if this machine can make the outer layer at least: a network for each check.
pub fn networks_available(runner: Runner) -> bool {
    let mut words = runner.words();
    words.extend(outer_layer(None).into_iter().map(str::to_owned));
    words.push("true".to_owned());
    let status = Command::new(&words[0])
        .args(&words[1..])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

/// True if a program of this name is on the `PATH`.
pub fn is_installed(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

/// The words that make a network with nothing but loopback, `address` on it, and run what follows in there.
///
/// Whoever is in it may listen on port 80.
pub fn outer_layer(address: Option<&str>) -> Vec<&str> {
    const SCRIPT: &str = "ip link set lo up && { [ -z \"$1\" ] || ip address add \"$1\" dev lo; } \
        && echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start && shift && exec \"$@\"";
    vec![
        "unshare",
        "--user",
        "--map-root-user",
        "--net",
        "sh",
        "-c",
        SCRIPT,
        "sh",
        address.unwrap_or_default(),
    ]
}

/// Options of bubblewrap for every sandbox: no namespace is shared but the network, and the system's programs are there.
fn base() -> Vec<OsString> {
    let mut options: Vec<OsString> = [
        "--unshare-user",
        "--unshare-pid",
        "--unshare-ipc",
        "--unshare-uts",
        "--unshare-cgroup-try",
        "--die-with-parent",
        // Without it, `/dev/tty` is the terminal of whoever grades.
        "--new-session",
        "--hostname",
        "lab",
        "--uid",
        "1000",
        "--gid",
        "1000",
        "--ro-bind",
        "/usr",
        "/usr",
        "--dev",
        "/dev",
        "--proc",
        "/proc",
    ]
    .map(OsString::from)
    .to_vec();
    // Files in there are memory.
    options.extend(size(limits::SCRATCH_BYTES_MAX));
    options.extend(["--tmpfs", "/dev/shm", "--remount-ro", "/dev"].map(OsString::from));
    for folder in ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"] {
        match fs::read_link(folder) {
            Ok(target) => options.extend(["--symlink".into(), target.into(), folder.into()]),
            Err(_) => options.extend(["--ro-bind-try".into(), folder.into(), folder.into()]),
        }
    }
    for path in SYSTEM {
        options.extend(["--ro-bind-try", path, path].map(OsString::from));
    }
    options
}

/// Writes the few files of `/etc` that a program may ask for, with nothing of this machine in them.
///
/// # Errors
/// If the folder can't be written.
pub fn write_etc(folder: &Path, runner: Runner, names: &[(String, String)]) -> anyhow::Result<()> {
    runner.folder(folder, false)?;
    let mut hosts = "127.0.0.1 localhost lab\n::1 localhost ip6-localhost\n".to_owned();
    for (address, name) in names {
        hosts.push_str(&format!("{address} {name}\n"));
    }
    let files = [
        ("passwd", format!("root:x:0:0:root:/root:/bin/sh\n{USER}:x:1000:1000:{USER}:{SCRATCH}:/bin/sh\n")),
        ("group", format!("root:x:0:\n{USER}:x:1000:\n")),
        ("nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n".to_owned()),
        ("resolv.conf", String::new()),
        ("hosts", hosts),
    ];
    for (name, text) in files {
        let path = folder.join(name);
        fs::write(&path, text)
            .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(0o644)))
            .with_context(|| format!("failed to write `{}`", path.display()))?;
    }
    Ok(())
}

fn etc_options(folder: &Path) -> Vec<OsString> {
    let mut options = Vec::new();
    for name in ["passwd", "group", "nsswitch.conf", "resolv.conf", "hosts"] {
        options.extend(["--ro-bind".into(), folder.join(name).into(), format!("/etc/{name}").into()]);
    }
    options
}

fn size(bytes: u64) -> [OsString; 2] {
    ["--size".into(), bytes.to_string().into()]
}

fn environment(pairs: &[(&str, &str)]) -> Vec<OsString> {
    let mut options = vec!["--clearenv".into()];
    for (name, value) in pairs {
        options.extend(["--setenv", name, value].map(OsString::from));
    }
    options
}

/// What a program under test is started with.
pub struct Place<'a> {
    /// The `etc` folder from [`write_etc`].
    pub etc: &'a Path,
    /// A folder of the submission's: its files, or its built programs. It is copied to [`SCRATCH`] or shown read-only.
    pub files: &'a Path,
    /// True if [`SCRATCH`] begins as a copy of `files`.
    pub copy: bool,
    /// The folder that tests start programs in when they do not care where: it becomes [`SCRATCH`].
    pub usual_folder: &'a Path,
    /// False where there is no sandbox: then it runs with its limits only.
    pub isolated: bool,
    /// True if it runs as a user of its own. Without a sandbox, the processes of any other user are too many already.
    pub own_user: bool,
}

/// Where a sandbox shows the files of [`Place`].
const FILES: &str = "/submission";

impl Place<'_> {
    /// The script that starts a program in this place: its words are the script's arguments after `before`.
    ///
    /// A word that names a file of the submission means that file, wherever the program is started.
    pub fn script(&self, before: &[&str]) -> String {
        let mut script =
            "#!/bin/sh\n# Starts a program of a submission where it can do no harm.\n".to_owned();
        let quoted = |words: &[OsString]| {
            words.iter().map(|word| quote(&word.to_string_lossy())).collect::<Vec<_>>().join(" ")
        };
        let mut limits = vec![
            "prlimit".to_owned(),
            format!("--data={}", limits::PROCESS_BYTES_MAX),
            format!("--stack={}", limits::STACK_BYTES),
            format!("--nofile={}", limits::OPEN_FILES_MAX),
            format!("--fsize={}", limits::SCRATCH_BYTES_MAX),
        ];
        if self.isolated || self.own_user {
            limits.push(format!("--nproc={}", limits::PROCESSES_MAX));
        }
        limits.extend(["--core=0", "--", "/bin/sh", "-c"].map(str::to_owned));
        let limits: Vec<OsString> = limits.into_iter().map(OsString::from).collect();
        let limits = quoted(&limits);
        let before: Vec<OsString> = before.iter().map(OsString::from).collect();
        if !self.isolated {
            let scratch = if self.copy { self.files } else { Path::new("/tmp") };
            script.push_str(&format!(
                "export PATH={PATH}\nfolder=$PWD\ncase $folder in {usual} | {usual}/*) folder={scratch} ;; esac\n\
                 exec {limits} {start} sh \"$folder\" {files} {before} \"$@\"\n",
                usual = quote(&self.usual_folder.to_string_lossy()),
                scratch = quote(&scratch.to_string_lossy()),
                start = quote(START),
                files = quote(&self.files.to_string_lossy()),
                before = quoted(&before),
            ));
            return script;
        }
        let mut options = base();
        options.extend(etc_options(self.etc));
        options.extend(["--ro-bind".into(), self.files.into(), FILES.into()]);
        options.extend(size(limits::SCRATCH_BYTES_MAX));
        options.extend(["--tmpfs", "/tmp"].map(OsString::from));
        options.extend(size(limits::SCRATCH_BYTES_MAX));
        options.extend(["--tmpfs", SCRATCH].map(OsString::from));
        options.extend(environment(&[
            ("HOME", SCRATCH),
            ("USER", USER),
            ("LANG", "C.UTF-8"),
            ("PATH", PATH),
            ("PYTHONUNBUFFERED", "1"),
            ("PYTHONDONTWRITEBYTECODE", "1"),
        ]));
        let copy = if self.copy { format!("cp -R {FILES}/. {SCRATCH} && ") } else { String::new() };
        let files = if self.copy { SCRATCH } else { FILES };
        script.push_str(&format!(
            "folder=$PWD\ncase $folder in {usual} | {usual}/*) folder={SCRATCH} ;; esac\n\
             exec bwrap {options} --ro-bind \"$LAB_TMP\" \"$LAB_TMP\" --setenv LAB_LIMIT \"$LAB_LIMIT\" --remount-ro / \\\n  \
             -- {limits} {start} sh \"$folder\" {files} {before} \"$@\"\n",
            usual = quote(&self.usual_folder.to_string_lossy()),
            options = quoted(&options),
            start = quote(&format!("{copy}{START}")),
            before = quoted(&before),
        ));
        script
    }
}

/// Inside: enters the folder, finds the submission's files wherever that is, and becomes the program.
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

/// A word in a shell script.
pub fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// What a build finds where.
pub struct BuildPlace<'a> {
    /// The `etc` folder from [`write_etc`].
    pub etc: &'a Path,
    /// The workspace, shown read-only as `/build`.
    pub tree: &'a Path,
    /// The lab: of its folder there, only what a build needs is shown, neither tests nor rubric.
    pub lab: &'a str,
    /// What lies in the place of its `src`.
    pub source: Option<&'a Path>,
    /// The folder for what is built, shown as `/target`.
    pub target: Option<&'a Path>,
    /// A folder of the submission's that is built in place, shown as [`SCRATCH`].
    pub folder: Option<&'a Path>,
    /// Rust's own files (`rustc --print sysroot`), shown as `/toolchain`.
    pub toolchain: &'a Path,
    /// Downloaded packages, shown as those of Cargo.
    pub registry: &'a Path,
}

impl BuildPlace<'_> {
    /// The command that runs `words` there, by `runner`: with limits, without a network.
    ///
    /// `mounts` are two folders on which root, who may not be followed into its home, shows toolchain and packages.
    pub fn command(&self, runner: Runner, mounts: [PathBuf; 2], words: &[&str]) -> Command {
        let mut command;
        let (toolchain, registry): (&Path, &Path);
        if runner.user().is_some() {
            const SHOW: &str =
                "mount --bind \"$1\" \"$2\" && mount --bind \"$3\" \"$4\" && shift 4 && exec \"$@\"";
            command = Command::new("unshare");
            command.args(["--mount", "--propagation=private", "sh", "-c", SHOW, "sh"]);
            command.arg(self.toolchain).arg(&mounts[0]).arg(self.registry).arg(&mounts[1]);
            command.args(runner.words());
            (toolchain, registry) = (&mounts[0], &mounts[1]);
        } else {
            let runner = runner.words();
            command = Command::new(&runner[0]);
            command.args(&runner[1..]);
            (toolchain, registry) = (self.toolchain, self.registry);
        }
        command.arg("bwrap").args(base()).arg("--unshare-net").args(etc_options(self.etc));
        command.arg("--ro-bind").arg(self.tree).arg("/build");
        command.arg("--ro-bind").arg(toolchain).arg("/toolchain");
        command.args(size(limits::BUILT_FILE_BYTES_MAX)).args(["--tmpfs", "/tmp"]);
        command.args(size(limits::BUILT_FILE_BYTES_MAX)).args(["--tmpfs", "/cargo"]);
        command.arg("--ro-bind").arg(registry).arg("/cargo/registry");
        let (own, shown) = (self.tree.join("labs").join(self.lab), Path::new("/build/labs").join(self.lab));
        command.args(size(limits::SCRATCH_BYTES_MAX)).arg("--tmpfs").arg(&shown);
        let source = self.source.map_or_else(|| own.join("src"), Path::to_owned);
        for (from, name) in [(own.join("Cargo.toml"), "Cargo.toml"), (source, "src")] {
            command.arg("--ro-bind").arg(from).arg(shown.join(name));
        }
        command.arg("--remount-ro").arg(&shown);
        if let Some(target) = self.target {
            command.arg("--bind").arg(target).arg("/target");
        }
        if let Some(folder) = self.folder {
            command.arg("--bind").arg(folder).arg(SCRATCH);
        }
        command.args(["--chdir", if self.folder.is_some() { SCRATCH } else { "/build" }]);
        command.args(environment(&[
            ("HOME", "/tmp"),
            ("USER", USER),
            ("LANG", "C.UTF-8"),
            ("PATH", "/toolchain/bin:/usr/local/bin:/usr/bin:/bin"),
            ("CARGO_HOME", "/cargo"),
            ("CARGO_TARGET_DIR", "/target"),
            ("CARGO_NET_OFFLINE", "true"),
            ("CARGO_INCREMENTAL", "0"),
            ("CARGO_PROFILE_DEV_DEBUG", "0"),
            ("CARGO_TERM_COLOR", "never"),
        ]));
        command.args(["--remount-ro", "/", "--", "prlimit"]);
        command.arg(format!("--data={}", limits::BUILD_BYTES_MAX));
        command.arg(format!("--nproc={}", limits::PROCESSES_MAX));
        command.arg(format!("--fsize={}", limits::BUILT_FILE_BYTES_MAX));
        command.args(["--core=0", "--"]).args(words);
        command
    }
}

/// Removes what killed runs of this user left in `base`.
fn clear_away(base: &Path) {
    let user = rustix::process::geteuid().as_raw();
    for entry in fs::read_dir(base).into_iter().flatten().filter_map(Result::ok) {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix("labgrade-")?.split_once('-'));
        let Some((process, number)) = process else { continue };
        if process.parse::<u32>().is_err() || number.parse::<u32>().is_err() {
            continue;
        }
        let is_own = entry.metadata().is_ok_and(|folder| folder.is_dir() && folder.uid() == user);
        // The process may be one that is not seen from here, such as another container's: then its lock shows it.
        let is_over = !Path::new("/proc").join(process).exists()
            && File::open(entry.path().join(LOCK))
                .map_or(true, |lock| flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok());
        if is_own && is_over {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// A folder for the files of one run, gone with it, or at the beginning of the next one if this one was killed.
pub struct Scratch {
    path: PathBuf,
    /// Locked for as long as the run lives, however it ends.
    _lock: File,
}

/// The file in a [`Scratch`] that is locked.
const LOCK: &str = ".lock";

impl Scratch {
    /// Makes one in the system's folder for temporary files.
    ///
    /// # Errors
    /// If it can't be made.
    pub fn new(runner: Runner) -> anyhow::Result<Scratch> {
        let base = std::env::temp_dir();
        clear_away(&base);
        for number in 0..100 {
            let path = base.join(format!("labgrade-{}-{number}", std::process::id()));
            let failed = || format!("failed to create `{}`", path.display());
            match fs::create_dir(&path) {
                Ok(()) => {
                    let path = path.canonicalize().unwrap_or_else(|_| path.clone());
                    let lock = File::create(path.join(LOCK)).with_context(failed)?;
                    flock(&lock, FlockOperation::NonBlockingLockExclusive).with_context(failed)?;
                    runner.folder(&path, false)?;
                    return Ok(Scratch { path, _lock: lock });
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error).with_context(failed),
            }
        }
        anyhow::bail!("`{}` is full of folders `labgrade-*`; delete them", base.display())
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::Place;
    use std::path::Path;

    #[test]
    fn counts_the_processes_of_a_submission_only() {
        let path = Path::new("/nowhere");
        let limits = |isolated, own_user| {
            let place = Place { etc: path, files: path, copy: false, usual_folder: path, isolated, own_user };
            place.script(&[]).contains("--nproc=")
        };
        assert!(limits(true, false) && limits(false, true));
        // A desktop has thousands of threads, and a limit for its user would keep every program from starting.
        assert!(!limits(false, false));
    }
}
