//! A *submission*: what somebody handed in for one lab, found in their folder and copied out of it.

use super::limits;
use anyhow::{Context, bail, ensure};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use std::fs;
use std::io::Read;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The file that says how programs in any language are started.
pub const RUN_FILE: &str = "run.toml";

/// What a `run.toml` holds at most.
const RUN_FILE_BYTES_MAX: u64 = 16 << 10;

/// Names of hosts that a `run.toml` may ask for.
const HOSTS_MAX: usize = 16;

/// Remarks on one submission's files; more would say nothing new.
const REMARKS_MAX: usize = 20;

/// What is named of a folder in which nothing was found.
const NAMES_MAX: usize = 5;

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
        let mut bytes = Vec::new();
        let file = fs::File::open(path).with_context(|| format!("failed to open `{RUN_FILE}`"))?;
        file.take(RUN_FILE_BYTES_MAX + 1)
            .read_to_end(&mut bytes)
            .with_context(|| format!("failed to read `{RUN_FILE}`"))?;
        ensure!(
            bytes.len() as u64 <= RUN_FILE_BYTES_MAX,
            "`{RUN_FILE}` is longer than {RUN_FILE_BYTES_MAX} bytes"
        );
        match std::str::from_utf8(&bytes) {
            Ok(text) => Commands::parse(text),
            Err(_) => bail!("`{RUN_FILE}` is no UTF-8; write it with a plain text editor"),
        }
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
        if let Some(address) = commands.address {
            // Loopback can't have these, and a check must not fail for it.
            let is_of_a_group = address.is_multicast()
                || matches!(address, IpAddr::V4(address) if address.is_broadcast() || address.octets()[0] == 0 && !address.is_unspecified());
            ensure!(!is_of_a_group, "`{address}` in `{RUN_FILE}` is no address of a host");
        }
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
    /// If there is nothing of the kind, or the `run.toml` can't be understood. If something can't be read, a [`std::io::Error`]
    /// is in the chain.
    pub fn find(folder: &Path, lab: &str) -> anyhow::Result<Submission> {
        fs::read_dir(folder).context("failed to read the submission's folder")?;
        let name = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let name = name.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let submission = |kind| Submission { name, folder: folder.to_owned(), kind };
        let mut place = folder.to_owned();
        for _ in 0..3 {
            if is_file(&place.join(RUN_FILE)) {
                let commands = Commands::read(&place.join(RUN_FILE))?;
                return Ok(submission(Kind::Commands(place, commands)));
            }
            for way in [&["labs", lab, "src"][..], &[lab, "src"], &["src"]] {
                if let Some(source) = way_into(&place, way) {
                    return Ok(submission(Kind::Source(source)));
                }
            }
            if is_folder(&place.join("bin")) && is_file(&place.join("lib.rs")) {
                return Ok(submission(Kind::Source(place)));
            }
            match only_folder(&place) {
                Some(deeper) => place = deeper,
                None => break,
            }
        }
        bail!("it has neither `{RUN_FILE}` nor `src/` nor `labs/{lab}/src/`{}", what_is_in(&place))
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

    /// When it was handed in: the time of its newest file, if there is any.
    pub fn time(folder: &Path) -> Option<DateTime<Utc>> {
        newest(folder, limits::SUBMITTED_DEPTH_MAX)
    }
}

fn is_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
}

fn is_file(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_file())
}

/// Goes down through `folders`, none of which may be a link: it would lead to somebody else's work.
fn way_into(place: &Path, folders: &[&str]) -> Option<PathBuf> {
    folders.iter().try_fold(place.to_owned(), |place, folder| {
        let deeper = place.join(folder);
        is_folder(&deeper).then_some(deeper)
    })
}

/// Names the first few things in a folder, and what to do with an archive.
fn what_is_in(place: &Path) -> String {
    let entries = fs::read_dir(place).into_iter().flatten().take(limits::SUBMITTED_FILES_MAX);
    let mut names: Vec<String> =
        entries.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned())).collect();
    names.sort();
    let is_packed = |name: &String| {
        let name = name.to_lowercase();
        [".zip", ".tar", ".gz", ".tgz", ".xz", ".rar", ".7z"].iter().any(|end| name.ends_with(end))
    };
    let unpack = if names.iter().any(is_packed) { "; unpack it" } else { "" };
    names.truncate(NAMES_MAX);
    if names.is_empty() { String::new() } else { format!(", but `{}`{unpack}", names.join("`, `")) }
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
            kind.is_file().then(|| date(entry.metadata().ok()?.modified().ok()?)).flatten()
        })
        .max()
}

/// The date of a file's time, unless that is beyond all dates.
fn date(time: SystemTime) -> Option<DateTime<Utc>> {
    let (seconds, nanoseconds) = match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => (i64::try_from(after.as_secs()).ok()?, after.subsec_nanos()),
        Err(before) => (i64::try_from(before.duration().as_secs()).ok()?.checked_neg()?, 0),
    };
    DateTime::from_timestamp(seconds, nanoseconds)
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
        fs::create_dir(to).with_context(|| format!("failed to create a copy of `{}`", self.name(from)))?;
        self.count()?;
        let mut entries = Vec::new();
        for entry in fs::read_dir(from).with_context(|| format!("failed to read `{}`", self.name(from)))? {
            entries.push(entry.with_context(|| format!("failed to read `{}`", self.name(from)))?);
            ensure!(
                entries.len() <= limits::SUBMITTED_FILES_MAX,
                "it has more than {} files and folders",
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
        self.count()?;
        let name = self.name(from);
        let failed = || format!("failed to copy `{name}`");
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

    /// One more file, or folder.
    fn count(&mut self) -> anyhow::Result<()> {
        self.files += 1;
        let most = limits::SUBMITTED_FILES_MAX;
        ensure!(self.files <= most, "it has more than {most} files and folders");
        Ok(())
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
    use super::{Commands, Kind, Submission, date};
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::{Path, PathBuf};
    use std::time::{Duration, SystemTime};

    /// A folder for one test, gone when it is over.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Folder {
            let path = std::env::temp_dir().join(format!("submission-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            fs::create_dir_all(&path).unwrap();
            Folder(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    /// What is found in a folder, by its path in there.
    fn found(folder: &Path) -> Result<PathBuf, String> {
        let submission = Submission::find(folder, "tcp-echo").map_err(|error| format!("{error:#}"))?;
        let (Kind::Source(place) | Kind::Commands(place, _)) = submission.kind;
        Ok(place.strip_prefix(folder).unwrap().to_owned())
    }

    #[test]
    fn finds_the_source_however_it_was_packed() {
        for way in ["src", "tcp-echo/src", "labs/tcp-echo/src", "my-archive/labs/tcp-echo/src"] {
            let folder = Folder::new("ways");
            fs::create_dir_all(folder.0.join(way)).unwrap();
            assert_eq!(found(&folder.0), Ok(way.into()));
        }
    }

    #[test]
    fn follows_no_link_to_the_work_of_somebody_else() {
        let folder = Folder::new("links");
        let (anna, berta) = (folder.0.join("anna"), folder.0.join("berta"));
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

    #[test]
    fn counts_folders_as_well_as_files() {
        let folder = Folder::new("folders");
        for number in 0..50 {
            for deeper in 0..50 {
                fs::create_dir_all(folder.0.join(format!("src/{number}/{deeper}"))).unwrap();
            }
        }
        let submission = Submission::find(&folder.0, "tcp-echo").unwrap();
        let error = submission.copy(&folder.0.join("copy")).unwrap_err();
        assert_eq!(error.to_string(), "it has more than 2000 files and folders");
    }

    #[test]
    fn takes_any_time_that_a_file_system_keeps() {
        let date = |seconds| date(SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap());
        assert_eq!(date(1_700_000_000).map(|date| date.timestamp()), Some(1_700_000_000));
        assert_eq!(date(1 << 60), None);
    }

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
        for address in ["255.255.255.255", "224.0.0.1", "0.1.2.3", "ff02::1"] {
            let expected = format!("`{address}` in `run.toml` is no address of a host");
            assert_eq!(error(&format!("server = \"x\"\naddress = \"{address}\"")), expected);
        }
        assert!(error("server =").starts_with("`run.toml`, line 1: "));
    }
}
