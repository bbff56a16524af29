//! The *watchdog*: a process that ends the programs under test when the tests themselves are killed, as by Ctrl+C.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{LazyLock, Mutex};

/// Keeps a list of process groups (`+ 123` adds one, `- 123` removes it), and kills those that are left at the end of its
/// input: then the tests are over, however they ended.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
while read -r sign group; do
    case $sign in
    +) groups="$groups $group" ;;
    -) left=; for g in $groups; do [ "$g" = "$group" ] || left="$left $g"; done; groups=$left ;;
    esac
done
for g in $groups; do kill -s KILL -- "-$g"; done
"#;

/// Its input, held open for as long as the tests run. It outlives them, so nothing waits for it.
static WATCHDOG: LazyLock<Mutex<ChildStdin>> = LazyLock::new(|| Mutex::new(start().stdin.unwrap()));

fn start() -> Child {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    // Ctrl+C ends the foreground process group, and this is to live a moment longer.
    command.process_group(0).spawn().unwrap()
}

/// From now on, the process group `group` ends with the tests.
pub(crate) fn watch(group: u32) {
    tell('+', group);
}

/// The process group `group` has ended.
pub(crate) fn forget(group: u32) {
    tell('-', group);
}

fn tell(sign: char, group: u32) {
    if let Ok(mut watchdog) = WATCHDOG.lock() {
        let _ = watchdog.write_all(format!("{sign} {group}\n").as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::start;
    use std::io::Write;
    use std::os::unix::process::{CommandExt, ExitStatusExt};
    use std::process::{Child, Command};

    fn sleeper() -> Child {
        Command::new("sleep").arg("60").process_group(0).spawn().unwrap()
    }

    #[test]
    fn ends_the_groups_that_are_left_at_the_end() {
        let (mut left, mut forgotten) = (sleeper(), sleeper());
        let mut watchdog = start();
        let mut input = watchdog.stdin.take().unwrap();
        write!(input, "+ {0}\n+ {1}\n- {1}\n", left.id(), forgotten.id()).unwrap();
        drop(input);
        watchdog.wait().unwrap();
        assert_eq!(left.wait().unwrap().signal(), Some(9));
        assert_eq!(forgotten.try_wait().unwrap(), None);
        forgotten.kill().unwrap();
        forgotten.wait().unwrap();
    }
}
