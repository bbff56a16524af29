//! A *submission*: what somebody handed in for one lab, found in their folder and copied out of it.

use super::limits;
use anyhow::{Context, bail, ensure};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use std::fs;
use std::io::Read;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// The file that says how programs in any language are started.
pub const RUN_FILE: &str = "run.toml";

/// What a `run.toml` holds at most.
const RUN_FILE_BYTES_MAX: u64 = 16 << 10;

/// Names of hosts that a `run.toml` may ask for.
const HOSTS_MAX: usize = 16;

/// Remarks on one submission's files; more would say nothing new.
const REMARKS_MAX: usize = 20;

/// What somebody handed in.
#[derive(Debug)]
pub struct Submission {
    /// Its folder's name: whose it is.
    pub name: String,
    /// The folder that was given.
    pub folder: PathBuf,
    /// What it is made of.
    pub kind: Kind,
}

/// What a submission is made of.
#[derive(Debug)]
pub enum Kind {
    /// The source of the lab's crate in Rust: the folder `src`.
    Source(PathBuf),
    /// Programs in any language: the folder of the `run.toml`.
    Commands(PathBuf, Commands),
}

/// A `run.toml`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Commands {
    /// The command line of the server.
    pub server: Option<String>,
    /// The command line of the client.
    pub client: Option<String>,
    /// What makes the programs, if they must be made.
    pub build: Option<String>,
    /// The port that they have in their code.
    pub port: Option<u16>,
    /// The address that they have in their code.
    pub address: Option<IpAddr>,
    /// Names in their code that mean the server.
    #[serde(default)]
    pub hosts: Vec<String>,
}

impl Commands {
    fn read(path: &Path) -> anyhow::Result<Commands> {
        let mut text = String::new();
        let file = fs::File::open(path).with_context(|| format!("failed to open `{RUN_FILE}`"))?;
        file.take(RUN_FILE_BYTES_MAX + 1)
            .read_to_string(&mut text)
            .with_context(|| format!("failed to read `{RUN_FILE}`"))?;
        ensure!(
            text.len() as u64 <= RUN_FILE_BYTES_MAX,
            "`{RUN_FILE}` is longer than {RUN_FILE_BYTES_MAX} bytes"
        );
        Commands::parse(&text)
    }

    fn parse(text: &str) -> anyhow::Result<Commands> {
        let commands: Commands = toml::from_str(text).map_err(|error| {
            let line =
                error.span().map_or(0, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            anyhow::anyhow!(
                "`{RUN_FILE}`, line {line}: {}",
                error.message().lines().next().unwrap_or_default()
            )
        })?;
        ensure!(
            commands.server.is_some() || commands.client.is_some(),
            "`{RUN_FILE}` names neither a `server` nor a `client`"
        );
        for line in [&commands.server, &commands.client, &commands.build].into_iter().flatten() {
            ensure!(
                !line.trim().is_empty() && !line.contains('\0'),
                "a command line in `{RUN_FILE}` is empty"
            );
        }
        ensure!(commands.port != Some(0), "`port` in `{RUN_FILE}` is 0; write the port that is in the code");
        ensure!(commands.hosts.len() <= HOSTS_MAX, "`{RUN_FILE}` has more than {HOSTS_MAX} `hosts`");
        for host in &commands.hosts {
            ensure!(
                !host.is_empty()
                    && host.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-".contains(letter)),
                "`{host}` in `{RUN_FILE}` is no name of a host"
            );
        }
        Ok(commands)
    }
}

impl Submission {
    /// Finds what was handed in for `lab` in a folder: a `run.toml`, a whole workspace, the lab's folder, or its `src`.
    /// It may lie one or two folders deeper, as archives unpack.
    ///
    /// # Errors
    /// If there is nothing of the kind, or the `run.toml` can't be understood.
    pub fn find(folder: &Path, lab: &str) -> anyhow::Result<Submission> {
        let name = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let name = name.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let submission = |kind| Submission { name, folder: folder.to_owned(), kind };
        let mut place = folder.to_owned();
        for _ in 0..3 {
            if place.join(RUN_FILE).is_file() {
                let commands = Commands::read(&place.join(RUN_FILE))?;
                return Ok(submission(Kind::Commands(place, commands)));
            }
            for source in
                [place.join("labs").join(lab).join("src"), place.join(lab).join("src"), place.join("src")]
            {
                if is_folder(&source) {
                    return Ok(submission(Kind::Source(source)));
                }
            }
            if is_folder(&place.join("bin")) && place.join("lib.rs").is_file() {
                return Ok(submission(Kind::Source(place)));
            }
            match only_folder(&place) {
                Some(deeper) => place = deeper,
                None => break,
            }
        }
        bail!("it has neither `{RUN_FILE}` nor `src/` nor `labs/{lab}/src/`")
    }

    /// Copies what counts into the folder `to`, which must not exist; gives what else is to be said.
    ///
    /// The copies have the present time: Cargo takes a file with an older one for what it has built already.
    ///
    /// # Errors
    /// If it can't be read or written, or is too large.
    pub fn copy(&self, to: &Path) -> anyhow::Result<Vec<String>> {
        let from = match &self.kind {
            Kind::Source(folder) | Kind::Commands(folder, _) => folder,
        };
        let mut copying = Copying { files: 0, bytes: 0, remarks: Vec::new(), top: from };
        copying.folder(from, to, limits::SUBMITTED_DEPTH_MAX)?;
        let more = copying.remarks.len().saturating_sub(REMARKS_MAX);
        copying.remarks.truncate(REMARKS_MAX);
        if more > 0 {
            copying.remarks.push(format!("and {more} more of this kind"));
        }
        Ok(copying.remarks)
    }

    /// When it was handed in: the time of its newest file.
    pub fn time(folder: &Path) -> DateTime<Utc> {
        newest(folder, limits::SUBMITTED_DEPTH_MAX).unwrap_or_else(Utc::now)
    }
}

fn is_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
}

fn only_folder(place: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(place).ok()?.take(limits::SUBMITTED_FILES_MAX);
    let mut folders = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| is_folder(path));
    let folder = folders.next()?;
    folders.next().is_none().then_some(folder)
}

fn newest(folder: &Path, depth: usize) -> Option<DateTime<Utc>> {
    let entries = fs::read_dir(folder).ok()?.take(limits::SUBMITTED_FILES_MAX);
    entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let kind = entry.file_type().ok()?;
            if kind.is_dir() {
                return newest(&entry.path(), depth.checked_sub(1)?);
            }
            kind.is_file().then(|| entry.metadata().ok()?.modified().ok().map(DateTime::from)).flatten()
        })
        .max()
}

/// One copy under way.
struct Copying<'a> {
    files: usize,
    bytes: u64,
    remarks: Vec<String>,
    top: &'a Path,
}

impl Copying<'_> {
    fn folder(&mut self, from: &Path, to: &Path, depth: usize) -> anyhow::Result<()> {
        fs::create_dir(to).with_context(|| format!("failed to create `{}`", to.display()))?;
        let mut entries = Vec::new();
        for entry in fs::read_dir(from).with_context(|| format!("failed to read `{}`", self.name(from)))? {
            entries.push(entry.with_context(|| format!("failed to read `{}`", self.name(from)))?);
            ensure!(
                entries.len() <= limits::SUBMITTED_FILES_MAX,
                "it has more than {} files",
                limits::SUBMITTED_FILES_MAX
            );
        }
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let (path, to) = (entry.path(), to.join(entry.file_name()));
            let kind = entry.file_type().with_context(|| format!("failed to read `{}`", self.name(&path)))?;
            if kind.is_dir() {
                // What tools leave behind. It may be large, and nobody wrote it.
                let name = entry.file_name();
                if ["target", ".git", "node_modules", "__pycache__", "__MACOSX"]
                    .iter()
                    .any(|left| name == *left)
                {
                    continue;
                }
                match depth.checked_sub(1) {
                    Some(depth) => self.folder(&path, &to, depth)?,
                    None => self.remark(&path, "lies too deep"),
                }
            } else if kind.is_file() {
                self.file(&path, &to)?;
            } else if kind.is_symlink() {
                self.remark(&path, "is a link");
            } else {
                self.remark(&path, "is no plain file");
            }
        }
        Ok(())
    }

    fn file(&mut self, from: &Path, to: &Path) -> anyhow::Result<()> {
        self.files += 1;
        ensure!(
            self.files <= limits::SUBMITTED_FILES_MAX,
            "it has more than {} files",
            limits::SUBMITTED_FILES_MAX
        );
        let failed = || format!("failed to copy `{}`", from.display());
        let source = fs::File::open(from).with_context(failed)?;
        let metadata = source.metadata().with_context(failed)?;
        let left = limits::SUBMITTED_BYTES_MAX - self.bytes;
        if metadata.len() > left {
            let most = limits::SUBMITTED_BYTES_MAX >> 20;
            self.remark(from, &format!("goes beyond {most} MiB in all"));
            return Ok(());
        }
        let mut copy = fs::File::create_new(to).with_context(failed)?;
        self.bytes += std::io::copy(&mut source.take(left), &mut copy).with_context(failed)?;
        use std::os::unix::fs::PermissionsExt;
        let mode = if metadata.permissions().mode() & 0o100 == 0 { 0o644 } else { 0o755 };
        copy.set_permissions(fs::Permissions::from_mode(mode)).with_context(failed)
    }

    fn name(&self, path: &Path) -> String {
        labcore::printable(path.strip_prefix(self.top).unwrap_or(path).to_string_lossy().as_bytes())
            .to_string()
    }

    fn remark(&mut self, path: &Path, what: &str) {
        let remark = format!("`{}` {what}: it was left out", self.name(path));
        self.remarks.push(remark);
    }
}

#[cfg(test)]
mod tests {
    use super::Commands;

    fn error(text: &str) -> String {
        Commands::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn reads_how_programs_are_started() {
        let commands = Commands::parse(
            "server = \"python3 s.py\"\nport = 12000\naddress = \"10.0.3.1\"\nhosts = [\"serverName\"]",
        );
        let expected = Commands {
            server: Some("python3 s.py".to_owned()),
            port: Some(12000),
            address: "10.0.3.1".parse().ok(),
            hosts: vec!["serverName".to_owned()],
            ..Commands::default()
        };
        assert_eq!(commands.unwrap(), expected);
    }

    #[test]
    fn says_what_is_wrong_with_a_run_file() {
        assert_eq!(error("build = \"make\""), "`run.toml` names neither a `server` nor a `client`");
        assert_eq!(error("server = \" \""), "a command line in `run.toml` is empty");
        assert!(error("server = \"x\"\nprot = 1").starts_with("`run.toml`, line 2: unknown field `prot`"));
        assert!(error("server = \"x\"\nport = 70000").starts_with("`run.toml`, line 2: invalid value"));
        assert!(error("server = \"x\"\nhosts = [\"a b\"]").contains("`a b` in `run.toml` is no name"));
        assert!(error("server = \"x\"\nport = 0").contains("is 0"));
        assert!(error("server =").starts_with("`run.toml`, line 1: "));
    }
}
