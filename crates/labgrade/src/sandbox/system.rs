//! The parts of the *system* that every sandbox shows.

use super::user::User;
use crate::limits;
use anyhow::Context;
use labtest::os::second_host;
use std::ffi::OsString;
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Folders and files of the system that every program can read, where they exist.
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

/// The files that replace `/etc/hosts` in a check on two hosts, on the host of the server or of the client. labtest sets
/// `LAB_TWO_HOSTS` to the last word of the name.
pub(super) const HOSTS_ON: [&str; 2] = ["hosts-server", "hosts-client"];

/// Files of `/etc` that [`write_etc`] makes up.
const MADE_UP: [&str; 5] = ["passwd", "group", "nsswitch.conf", "resolv.conf", "hosts"];

/// The name of the only user in a sandbox.
pub(super) const USER_NAME: &str = "student";

/// The path of a program's scratch folder inside the sandbox.
pub(super) const SCRATCH: &str = "/work";

/// Options of bubblewrap for every sandbox. It shares no namespace with the machine except the network.
pub(super) fn base_options() -> Vec<OsString> {
    let mut options: Vec<OsString> = [
        "--unshare-user",
        "--unshare-pid",
        "--unshare-ipc",
        "--unshare-uts",
        "--unshare-cgroup-try",
        "--die-with-parent",
        // Without it, `/dev/tty` is the terminal of the person who grades.
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
    // Files in there take memory.
    options.extend(size_options(limits::SCRATCH_BYTES_MAX));
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

/// The size of the next folder in memory.
pub(super) fn size_options(bytes: u64) -> [OsString; 2] {
    ["--size".into(), bytes.to_string().into()]
}

/// Replaces the environment.
pub(super) fn environment_options(pairs: &[(&str, &str)]) -> Vec<OsString> {
    let mut options = vec!["--clearenv".into()];
    for (name, value) in pairs {
        options.extend(["--setenv", name, value].map(OsString::from));
    }
    options
}

/// Shows the files that [`write_etc`] wrote to `folder`.
pub(super) fn etc_options(folder: &Path) -> Vec<OsString> {
    let option =
        |name| ["--ro-bind".into(), folder.join(name).into_os_string(), format!("/etc/{name}").into()];
    MADE_UP.into_iter().flat_map(option).collect()
}

/// Writes the few files of `/etc` that a program may read. They say nothing about this machine.
///
/// `names` are host names for the server. It has the given address, or by default loopback, and in a check on two hosts
/// the address of its host.
///
/// # Errors
/// If the folder cannot be written to.
pub fn write_etc(folder: &Path, user: User, names: &[String], address: Option<IpAddr>) -> anyhow::Result<()> {
    user.create_readable_folder(folder)?;
    let local = address.unwrap_or(Ipv4Addr::LOCALHOST.into());
    let server = address.filter(|address| !address.is_loopback()).unwrap_or(second_host::SERVER);
    let names = |address| names.iter().map(move |name| (address, name.as_str()));
    let distant: Vec<_> = names(server).filter(|(_, name)| *name != "localhost").collect();
    let users =
        format!("root:x:0:0:root:/root:/bin/sh\n{USER_NAME}:x:1000:1000:{USER_NAME}:{SCRATCH}:/bin/sh\n");
    let texts = [
        users,
        format!("root:x:0:\n{USER_NAME}:x:1000:\n"),
        "passwd: files\ngroup: files\nhosts: files\n".to_owned(),
        String::new(),
        hosts(Ipv4Addr::LOCALHOST.into(), names(local)),
        hosts(server, distant.iter().copied()),
        hosts(second_host::client_address(server), distant.iter().copied()),
    ];
    for (name, text) in MADE_UP.into_iter().chain(HOSTS_ON).zip(texts) {
        let path = folder.join(name);
        fs::write(&path, text)
            .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(0o644)))
            .with_context(|| format!("failed to write `{}`", path.display()))?;
    }
    Ok(())
}

/// The text of `/etc/hosts` on a computer with this address, and with names for others.
fn hosts<'a>(own: IpAddr, names: impl Iterator<Item = (IpAddr, &'a str)>) -> String {
    let lines = names.map(|(address, name)| format!("{address} {name}\n"));
    format!("127.0.0.1 localhost\n::1 localhost ip6-localhost\n{own} lab\n{}", lines.collect::<String>())
}
