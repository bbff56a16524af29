//! Programs as they are handed in: what is built, started, and left out.

use crate::class::{Class, RUBRIC, SERVER, screen};
use crate::support::{corpus, workspace};
use labgrade::outcome::{Reason, Status};
use labrubric::{Rubric, Workspace};
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

#[test]
fn builds_from_the_submission_however_old_its_files_are() {
    let Some(class) = Class::new() else { return };
    let reference = corpus::folder("tcp-echo").join("right/rust-per-line/src");
    for (student, lib) in [("right", None), ("wrong", Some("fn main() {}\n"))] {
        for file in ["lib.rs", "bin/tcp-echo-server.rs", "bin/tcp-echo-client.rs"] {
            let text = match lib {
                Some(text) if file != "lib.rs" => text.to_owned(),
                _ => fs::read_to_string(reference.join(file)).unwrap(),
            };
            let name = format!("{student}/src/{file}");
            class.with(&name, &text);
            // Older than every compiled file. Cargo would take such a file for one that it has already compiled.
            let file = fs::File::options().write(true).open(class.students().join(name)).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1)).unwrap();
        }
    }
    let output = class.run(&["--jobs", "1"]);
    assert!(output.status.success(), "{}", screen(&output));
    assert_eq!((class.score("right"), class.score("wrong")), (Some(100), Some(0)));
    assert!(class.outcome("right").unwrap().build.unwrap().ok);
}

#[test]
fn builds_what_must_be_built_before() {
    let Some(class) = Class::new() else { return };
    class.with("anna/template.py", SERVER);
    class.with("anna/run.toml", "server = \"python3 made.py {port}\"\nbuild = \"cp template.py made.py\"\n");
    class.with(
        "berta/run.toml",
        "server = \"python3 made.py {port}\"\nbuild = \"echo no such thing; exit 3\"\n",
    );
    let output = class.run(&[]);
    assert!(output.status.success(), "{}", screen(&output));
    assert_eq!((class.score("anna"), class.score("berta")), (Some(100), Some(0)));
    assert_eq!(class.outcome("berta").unwrap().build.unwrap().output, "no such thing\n");
    let feedback = class.feedback("berta");
    assert!(feedback.contains("No program was built, so no check could run."), "{feedback}");
    assert!(!class.students().join("anna/made.py").exists());
}

#[test]
fn leaves_out_links_and_says_so() {
    let Some(class) = Class::new() else { return };
    class.with_python("anna", SERVER);
    std::os::unix::fs::symlink("/etc/passwd", class.students().join("anna/secret")).unwrap();
    let shown = class.check("anna");
    assert!(shown.contains("`secret` is a link: it was left out"), "{shown}");
    assert!(shown.contains("100 of 100"), "{shown}");
}

#[test]
fn takes_programs_with_address_port_and_names_in_their_code() {
    let Some(class) = Class::new() else { return };
    let server = "import socket
server = socket.create_server(('10.0.3.1', 12000))
while True:
    connection, _ = server.accept()
    connection.sendall(connection.recv(1000).upper())
    connection.close()
";
    let client = "import socket
client = socket.create_connection(('serverName', 12000))
client.sendall(input('? ').encode())
print(client.recv(1000).decode())
";
    let run = "server = \"python3 server.py\"\nclient = \"python3 client.py\"\nport = 12000\n\
               address = \"10.0.3.1\"\nhosts = [\"serverName\"]\n";
    // At the same time, on the same port.
    for student in ["anna", "berta"] {
        class.with(&format!("{student}/server.py"), server);
        class.with(&format!("{student}/client.py"), client);
        class.with(&format!("{student}/run.toml"), run);
    }
    let rubric = RUBRIC.replace("server_answers_clients_in_turn", "client_sends_a_line_and_shows_the_reply");
    fs::write(class.folder.join("rubric.toml"), rubric).unwrap();
    let output = class.run(&["--jobs", "2"]);
    assert!(output.status.success(), "{}", screen(&output));
    assert_eq!((class.score("anna"), class.score("berta")), (Some(100), Some(100)));
}

#[test]
fn lists_what_was_not_tried_once_per_reason() {
    let Some(class) = Class::new() else { return };
    class.with_python("anna", SERVER);
    let mut rubric = RUBRIC.to_owned();
    for (function, shows) in [
        // One gives options besides the address, and one has a command line of its own.
        ("closes_after_the_first_line_with_once", "It closes"),
        ("listens_on_ipv6", "It listens"),
        // The same for a client, which is missing.
        ("client_sends_a_line_and_shows_the_reply", "It sends"),
        ("sends_a_line_and_prints_the_reply", "It prints"),
    ] {
        let test = test_of(function);
        rubric += &format!(
            "[[check]]\ntest = \"{test}\"\nkind = \"robust\"\npoints = 1\nshows = \"{shows}.\"\nhint = \"x\"\n"
        );
    }
    fs::write(class.folder.join("rubric.toml"), rubric).unwrap();
    let output = class.run(&[]);
    assert!(output.status.success(), "{}", screen(&output));
    assert_eq!(class.score("anna"), Some(100));
    let outcome = class.outcome("anna").unwrap();
    let statuses: Vec<Status> = outcome.checks.iter().skip(2).map(|checked| checked.status).collect();
    let (no_options, no_client) = (Status::NotTried(Reason::NoOptions), Status::NotTried(Reason::NoClient));
    assert_eq!(statuses, [no_options, no_options, no_client, no_client]);
    let feedback = class.feedback("anna");
    let expected = "\nNot tried: the command line does not end with `{args}`, so it takes neither options nor another \
                    address. These checks (2 points):\n\n- It closes.\n- It listens.\n";
    assert!(feedback.contains(expected), "{feedback}");
    let expected =
        "\nNot tried: `run.toml` names no `client`. These checks (2 points):\n\n- It sends.\n- It prints.\n";
    assert!(feedback.contains(expected), "{feedback}");
}

#[test]
fn keeps_programs_from_the_terminal_of_the_grader() {
    let Some(class) = Class::new().filter(|_| labtest::has_tool("script")) else { return };
    class.with_python("anna", &format!("open('/dev/tty', 'w').write('all is right')\n{SERVER}"));
    let run = class.run_command(&[]);
    let words = std::iter::once(run.get_program()).chain(run.get_args());
    let line = shell_words::join(words.map(|word| word.to_str().unwrap()));
    // With a terminal of its own.
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    let output = command.stdin(Stdio::null()).output().unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && !shown.contains("all is right"), "{shown}");
    let outcome = class.outcome("anna").unwrap();
    assert_eq!((outcome.score(), outcome.checks[0].status), (Some(0), Status::DidNotStart));
}

/// The test of the lab whose function has this name, as in a rubric.
fn test_of(function: &str) -> String {
    let rubric = Rubric::read(&Workspace::around(&workspace()).unwrap(), "tcp-echo").unwrap();
    let end = format!("::{function}");
    rubric.checks.into_iter().map(|check| check.test).find(|test| test.ends_with(&end)).unwrap()
}
