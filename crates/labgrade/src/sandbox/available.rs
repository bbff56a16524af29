//! What this machine offers for sandboxes.

use super::network::network_command;
use super::system::base_options;
use super::user::User;
use std::process::{Command, Stdio};

/// True if a program of this name is on the `PATH`.
pub fn is_installed(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

/// Tries to make both layers of a sandbox.
///
/// # Errors
/// With the reason why this machine cannot, and what to do about it, in one line.
pub fn available(user: User) -> Result<(), String> {
    if !is_installed("bwrap") {
        return Err("`bwrap` is not installed; install the package `bubblewrap`".to_owned());
    }
    let mut command = in_network(user);
    command.arg("bwrap").args(base_options()).args(["--", "/bin/true"]);
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let errors = String::from_utf8_lossy(&output.stderr);
            let reason = errors.lines().next().unwrap_or("no reason given");
            Err(format!(
                "this machine does not allow sandboxes: {reason}; allow user namespaces, in the container too if \
                 there is one"
            ))
        }
        Err(error) => Err(format!("failed to start `setpriv`: {error}; install the package `util-linux`")),
    }
}

/// True if this machine can give each check a network of its own, the outer layer.
pub fn networks_available(user: User) -> bool {
    let output = in_network(user).arg("true").output();
    output.is_ok_and(|output| output.status.success())
}

fn in_network(user: User) -> Command {
    let prefix = user.command_prefix();
    let mut command = Command::new(&prefix[0]);
    command.args(&prefix[1..]).args(network_command(None)).stdin(Stdio::null());
    command
}
