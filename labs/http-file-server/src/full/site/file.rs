//! Opens files below the root, and never one outside of it.
//!
//! [`Root`] holds the directory open and opens everything else relative to it. On Linux one call does this: `openat2`
//! with `RESOLVE_BENEATH`. The kernel follows the path and its symbolic links, and stops at the first step that leads
//! out. A program that checked the path first and opened it afterwards could be tricked in between, by a link that
//! changes.

use crate::http::path::Target;
use crate::http::status::Status;
use anyhow::Context;
use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use std::collections::BinaryHeap;
use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The file that is sent for a directory that has one.
const INDEX: &str = "index.html";

/// The most entries in a listing. Each client can make the server hold one in memory, by reading nothing of it.
pub const ENTRIES_MAX: usize = 1000;

/// The directory that is served.
pub struct Root {
    directory: Dir,
}

/// What was found at a target.
pub enum Found {
    /// A regular file.
    File(OpenFile),
    /// A directory. The target has no slash at its end.
    Directory,
    /// A directory without an index.
    Listing(Listing),
}

/// A regular file, ready to be read.
pub struct OpenFile {
    /// The open file.
    pub file: File,
    /// Length and times of the open file. By now, its name may refer to another file.
    pub metadata: Metadata,
    /// The path below the root.
    pub path: PathBuf,
}

/// The entries of a directory, sorted by name.
pub struct Listing {
    /// The first [`ENTRIES_MAX`] entries.
    pub entries: Vec<Entry>,
    /// Whether there are more than [`ENTRIES_MAX`].
    pub is_cut: bool,
}

/// A file or directory in a listing.
pub struct Entry {
    /// The name in the directory.
    pub name: OsString,
    /// The length of a file. `None` for a directory.
    pub length: Option<u64>,
    /// The time of the last change.
    pub modified: Option<SystemTime>,
}

impl Root {
    /// Opens the directory to serve.
    ///
    /// # Errors
    /// If there is no such directory.
    pub fn open(path: &Path) -> anyhow::Result<Root> {
        let directory = Dir::open_ambient_dir(path, ambient_authority());
        let directory =
            directory.with_context(|| format!("failed to open the root directory `{}`", path.display()))?;
        Ok(Root { directory })
    }

    /// Opens what a target names.
    ///
    /// # Errors
    /// The status to answer with, nearly always 404.
    pub fn find(&self, target: &Target) -> Result<Found, Status> {
        let path = target.file_path().ok_or(Status::NOT_FOUND)?;
        if !target.names_directory {
            return self.open_file(path);
        }
        match self.open_file(path.join(INDEX)) {
            Err(Status::NOT_FOUND) | Ok(Found::Directory) => self.list(&path).map(Found::Listing),
            found => found,
        }
    }

    fn open_file(&self, path: PathBuf) -> Result<Found, Status> {
        let mut options = OpenOptions::new();
        options.read(true);
        never_block(&mut options);
        let opened = self.directory.open_with(&path, &options).and_then(|file| {
            let file = file.into_std();
            file.metadata().map(|metadata| (file, metadata))
        });
        match opened {
            Ok((file, metadata)) if metadata.is_file() => Ok(Found::File(OpenFile { file, metadata, path })),
            Ok((_, metadata)) if metadata.is_dir() => Ok(Found::Directory),
            Ok(_) => Err(Status::NOT_FOUND), // a device, a pipe, a socket
            // A directory without read permission, or a system that does not open directories like files.
            Err(_) if self.directory.is_dir(&path) => Ok(Found::Directory),
            Err(error) => Err(status_for(&error)),
        }
    }

    /// Lists the entries of a directory that clients can request.
    fn list(&self, path: &Path) -> Result<Listing, Status> {
        let names = self.directory.read_dir(path).map_err(|error| status_for(&error))?;
        let names = names.filter_map(|entry| Some(entry.ok()?.file_name()));
        let visible = names.filter(|name| !name.as_encoded_bytes().starts_with(b"."));
        let (mut first, mut is_cut) = (BinaryHeap::new(), false);
        for name in visible {
            first.push(name);
            if first.len() > ENTRIES_MAX {
                first.pop(); // the last one by name
                is_cut = true;
            }
        }
        let entries = first.into_sorted_vec().into_iter().filter_map(|name| self.entry(path, name));
        Ok(Listing { entries: entries.collect(), is_cut })
    }

    /// Describes an entry. `None`: a link that leads out of the root or nowhere, or neither a file nor a directory.
    fn entry(&self, directory: &Path, name: OsString) -> Option<Entry> {
        let metadata = self.directory.metadata(directory.join(&name)).ok()?;
        let length = metadata.is_file().then(|| metadata.len());
        let modified = metadata.modified().ok().map(cap_std::time::SystemTime::into_std);
        (length.is_some() || metadata.is_dir()).then_some(Entry { name, length, modified })
    }
}

/// Opening a named pipe blocks until it has a writer, and opening a terminal may make it the process's own. These flags
/// prevent both. On a regular file they have no effect.
#[cfg(unix)]
fn never_block(options: &mut OpenOptions) {
    use cap_std::fs::OpenOptionsExt;
    use rustix::fs::OFlags;
    options.custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32);
}

#[cfg(not(unix))]
fn never_block(_: &mut OpenOptions) {}

/// Returns the status to answer with when opening a file failed.
fn status_for(error: &io::Error) -> Status {
    match error.kind() {
        // An error of the system. For a path that leads out of the root, the library makes an error without a number.
        ErrorKind::PermissionDenied if error.raw_os_error().is_some() => Status::FORBIDDEN,
        _ if is_out_of_resources(error) => Status::SERVICE_UNAVAILABLE,
        _ => Status::NOT_FOUND,
    }
}

/// True if the file may exist, but the server has too many open files, or too little memory, to open it.
#[cfg(unix)]
fn is_out_of_resources(error: &io::Error) -> bool {
    use rustix::io::Errno;
    matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM))
}

#[cfg(not(unix))]
fn is_out_of_resources(error: &io::Error) -> bool {
    error.kind() == ErrorKind::OutOfMemory
}

#[cfg(test)]
#[cfg(unix)] // the tests make symbolic links
mod tests {
    use super::{Found, Root, status_for};
    use crate::http::path::Target;
    use crate::http::status::Status;
    use proptest::prelude::*;
    use std::fs;
    use std::io::{self, ErrorKind, Read};
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;

    const CANARY: &str = "this lies outside the root";

    /// A root with every kind of link that leads out of it, next to files that must not be found.
    struct Fixture(PathBuf);

    impl Fixture {
        fn new(name: &str) -> Fixture {
            let top = std::env::temp_dir().join(format!("http-file-server-{name}-{}", std::process::id()));
            let root = top.join("root");
            fs::create_dir_all(root.join("a/b")).unwrap();
            fs::create_dir(top.join("secret")).unwrap();
            for canary in ["canary", "secret/canary", "root/.canary"] {
                fs::write(top.join(canary), CANARY).unwrap();
            }
            fs::write(root.join("a/file"), "inside").unwrap();
            for (link, to) in [
                ("up", ".."),
                ("a/up", "../.."),
                ("a/b/file", "../../../canary"),
                ("absolute", top.to_str().unwrap()),
                ("slash", "/"),
                ("chain", "a/up/secret"),
                ("loop", "loop"),
                ("root", "../root"),
                ("process", "/proc/self/cwd"),
                ("inside", "a/file"),
                ("a/back", "../a"),
            ] {
                symlink(to, root.join(link)).unwrap();
            }
            Fixture(top)
        }

        fn read(&self, target: &str) -> Result<String, Status> {
            let root = Root::open(&self.0.join("root")).unwrap();
            match root.find(&Target::parse(target.as_bytes()).unwrap())? {
                Found::File(mut found) => {
                    let mut text = String::new();
                    found.file.read_to_string(&mut text).unwrap();
                    Ok(text)
                }
                Found::Directory => Ok("directory".to_owned()),
                Found::Listing(listing) => {
                    let names = listing.entries.iter().map(|entry| entry.name.to_string_lossy());
                    Ok(names.map(|name| format!("{name} ")).collect())
                }
            }
        }
    }

    impl Drop for Fixture {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn follows_links_that_stay_inside() {
        let fixture = Fixture::new("inside");
        assert_eq!(fixture.read("/a/file").as_deref(), Ok("inside"));
        assert_eq!(fixture.read("/inside").as_deref(), Ok("inside"));
        assert_eq!(fixture.read("/a/back/file").as_deref(), Ok("inside"));
        assert_eq!(fixture.read("/a/back").as_deref(), Ok("directory"));
    }

    #[test]
    fn stops_at_links_that_lead_out() {
        let fixture = Fixture::new("outside");
        for target in [
            "/up/canary",
            "/a/up/canary",
            "/a/b/file",
            "/absolute/canary",
            "/slash/etc/passwd",
            "/chain/canary",
            "/chain/",
            "/loop",
            "/root/a/file",
            "/process/",
            "/up",
            "/slash/",
            "/.canary",
            "/a/file/",
            "/a/file/x",
        ] {
            assert_eq!(fixture.read(target), Err(Status::NOT_FOUND), "{target}");
        }
    }

    #[test]
    fn lists_what_can_be_requested() {
        let fixture = Fixture::new("listing");
        assert_eq!(fixture.read("/").as_deref(), Ok("a inside "));
        assert_eq!(fixture.read("/a/").as_deref(), Ok("b back file "));
    }

    #[test]
    fn answers_with_the_reason_why_a_file_is_not_served() {
        let error = |number| status_for(&io::Error::from_raw_os_error(number));
        assert_eq!(error(rustix::io::Errno::NOENT.raw_os_error()), Status::NOT_FOUND);
        assert_eq!(error(rustix::io::Errno::NAMETOOLONG.raw_os_error()), Status::NOT_FOUND);
        assert_eq!(error(rustix::io::Errno::ACCESS.raw_os_error()), Status::FORBIDDEN);
        assert_eq!(error(rustix::io::Errno::MFILE.raw_os_error()), Status::SERVICE_UNAVAILABLE);
        assert_eq!(status_for(&io::Error::new(ErrorKind::PermissionDenied, "outside")), Status::NOT_FOUND);
    }

    #[test]
    fn lets_no_path_reach_the_canary() {
        let fixture = Fixture::new("canary");
        let step = prop::sample::select(vec![
            "up",
            "a",
            "b",
            "absolute",
            "slash",
            "chain",
            "root",
            "process",
            "back",
            "inside",
            "secret",
            "canary",
            "file",
            "..",
            ".",
            "%2e%2e",
            "..%2f",
            "%2e.",
            "",
            "%2f",
            "%5c..",
            ".canary",
            "tmp",
            "loop",
            "\u{ff0e}\u{ff0e}",
        ]);
        proptest!(|(steps in prop::collection::vec(step, 0..8), slash: bool)| {
            let target = format!("/{}{}", steps.join("/"), if slash { "/" } else { "" });
            if let Ok(found) = fixture.read(&target) {
                prop_assert!(!found.contains(CANARY) && !found.contains("canary"), "{target}: {found}");
            }
        });
    }
}
