//! Machines that offer less: no sandbox, no networks, no loopback.

use crate::class::{Class, SERVER, errors, screen};
use labgrade::outcome::{Explanation, Status};
use std::process::Command;

#[test]
fn grades_without_a_sandbox_and_says_so() {
    let Some(class) = Class::new() else { return };
    class.with_python("anna", SERVER);
    class.with("berta/run.toml", "server = \"true\"\nbuild = \"id -u; exit 3\"\n");
    let run = "server = \"python3 server.py 12000\"\nport = 12000\n";
    class.with("fritz/server.py", SERVER).with("fritz/run.toml", run);
    class.with("greta/server.py", SERVER).with("greta/run.toml", &format!("{run}address = \"10.0.3.1\"\n"));
    let output = class.run_command(&[]).env("PATH", class.path_without_sandbox()).output().unwrap();
    assert!(output.status.success(), "{}", screen(&output));
    // Each check still has its own network.
    assert_eq!((class.score("fritz"), class.score("greta")), (Some(100), Some(100)));
    assert!(
        screen(&output).contains(
            "warning: without a sandbox: `bwrap` is not installed; install the package `bubblewrap`"
        )
    );
    let outcome = class.outcome("anna").unwrap();
    assert!(
        !outcome.isolated && outcome.remarks[0].starts_with("graded without a sandbox: "),
        "{:?}",
        outcome.remarks
    );
    assert_eq!(outcome.score(), Some(100));
    assert_eq!(class.processes(), 0);
    // No part of a submission ever runs as root.
    let user: u32 = class.outcome("berta").unwrap().build.unwrap().output.trim().parse().unwrap();
    assert_ne!(user, 0);
}

#[test]
fn gives_no_score_for_a_port_or_an_address_that_only_a_sandbox_has() {
    let Some(class) = Class::new() else { return };
    // Another program has the port.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let run = format!("server = \"python3 server.py {port}\"\nport = {port}\n");
    class.with("anna/server.py", SERVER).with("anna/run.toml", &run);
    class.with_python("berta", SERVER);
    class.with("berta/run.toml", "server = \"python3 server.py {port}\"\naddress = \"192.0.2.1\"\n");
    let path = class.path_without_namespaces();
    let output = class.run_command(&[]).env("PATH", path).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", screen(&output));
    let no_address =
        "`run.toml` names the address 192.0.2.1, which only a sandbox has here; install `bubblewrap`";
    for (student, explanation) in
        [("anna", Explanation::PortInUse), ("berta", Explanation::Machine { error: no_address.to_owned() })]
    {
        let outcome = class.outcome(student).unwrap();
        assert_eq!(outcome.score(), None, "{student}");
        assert_eq!(outcome.checks[0].status, Status::GraderError, "{:?}", outcome.checks[0]);
        assert_eq!(outcome.checks[0].explanation, Some(explanation));
    }
}

#[test]
fn blames_itself_where_loopback_is_down() {
    let Some(class) = Class::new() else { return };
    class.with_python("anna", SERVER);
    let run = class.run_command(&[]);
    // In a network of its own, where loopback is down at first.
    let mut command = Command::new("/usr/bin/unshare"); // the real one, which is not on this `PATH`
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-current-user"]);
    }
    command.arg("--net").arg(run.get_program()).args(run.get_args());
    let output = command.env("PATH", class.path_without_namespaces()).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", screen(&output));
    assert_eq!(errors(&output), "error: the grader failed in a check of `anna`; grade it again\n");
    let outcome = class.outcome("anna").unwrap();
    assert_eq!(outcome.score(), None);
    assert_eq!(outcome.checks[0].status, Status::GraderError);
    let Some(Explanation::Machine { error }) = &outcome.checks[0].explanation else {
        panic!("{:?}", outcome.checks[0])
    };
    assert!(error.starts_with("loopback does not work"), "{error}");
}
