//! The sandbox of a *build*.

use super::system::{SCRATCH, USER_NAME, base_options, environment_options, etc_options, size_options};
use super::user::User;
use crate::limits;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a build finds in its sandbox.
pub struct BuildSandbox<'a> {
    /// The `etc` folder that [`write_etc`](super::write_etc) wrote.
    pub etc: &'a Path,
    /// The workspace, shown read-only as `/build`.
    pub tree: &'a Path,
    /// The lab. Only what a build needs of its folder is shown, neither tests nor rubric.
    pub lab: &'a str,
    /// The folder shown as the lab's `src`, if not its own.
    pub source: Option<&'a Path>,
    /// The folder for what is built, shown as `/target`.
    pub target: Option<&'a Path>,
    /// A submission's folder that is built in place, shown as its scratch folder.
    pub folder: Option<&'a Path>,
    /// Rust and the packages.
    pub packages: &'a Packages,
}

/// Rust itself and the downloaded packages, which builds read.
#[derive(Debug)]
pub struct Packages {
    /// Rust's own files (`rustc --print sysroot`), shown as `/toolchain`.
    pub toolchain: PathBuf,
    /// The packages that Cargo has downloaded, shown as Cargo's registry.
    pub registry: PathBuf,
    /// Two empty folders, for the two above. Another user cannot enter root's home folder, so root mounts them here.
    pub mounts: [PathBuf; 2],
}

impl BuildSandbox<'_> {
    /// The command that runs `words` as `user` in this sandbox: with limits, and without a network.
    pub fn command(&self, user: User, words: &[&str]) -> Command {
        let (mut command, [toolchain, registry]) = self.packages.command(user);
        // A process of bubblewrap runs in the sandbox too, and its environment is readable there. It must not be the
        // grader's.
        command.env_clear().envs(env::var_os("PATH").map(|path| ("PATH", path)));
        command.arg("bwrap").args(base_options()).arg("--unshare-net").args(etc_options(self.etc));
        command.arg("--ro-bind").arg(self.tree).arg("/build");
        command.arg("--ro-bind").arg(toolchain).arg("/toolchain");
        command.args(size_options(limits::BUILT_FILE_BYTES_MAX)).args(["--tmpfs", "/tmp"]);
        command.args(size_options(limits::BUILT_FILE_BYTES_MAX)).args(["--tmpfs", "/cargo"]);
        command.arg("--ro-bind").arg(registry).arg("/cargo/registry");
        let (own, shown) = (self.tree.join("labs").join(self.lab), Path::new("/build/labs").join(self.lab));
        command.args(size_options(limits::SCRATCH_BYTES_MAX)).arg("--tmpfs").arg(&shown);
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
        command.args(environment_options(&[
            ("HOME", "/tmp"),
            ("USER", USER_NAME),
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

impl Packages {
    /// The beginning of a command that runs as `user`, and the folders that show it toolchain and packages.
    fn command(&self, user: User) -> (Command, [&Path; 2]) {
        const MOUNT: &str =
            "mount --bind \"$1\" \"$2\" && mount --bind \"$3\" \"$4\" && shift 4 && exec \"$@\"";
        let prefix = user.command_prefix();
        if user.number().is_none() {
            let mut command = Command::new(&prefix[0]);
            command.args(&prefix[1..]);
            return (command, [&self.toolchain, &self.registry]);
        }
        let [toolchain, registry] = &self.mounts;
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation=private", "sh", "-c", MOUNT, "sh"]);
        command.arg(&self.toolchain).arg(toolchain).arg(&self.registry).arg(registry).args(prefix);
        (command, [toolchain, registry])
    }
}
