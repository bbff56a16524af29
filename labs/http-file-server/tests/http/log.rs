//! What the server prints.

use crate::site::{SERVER, Site};
use crate::{ask, get, read_reply};
#[cfg(unix)]
use labtest::Server;
use labtest::run;

fn site() -> Site {
    Site::new().with("a.txt", "first\n").with("large", [b'x'; 100_000])
}

#[test]
fn logs_each_answer_in_the_common_format() {
    let site = site();
    let server = site.serve(&[]);
    let mut client = server.tcp_client();
    ask(&mut client, "GET", "/a.txt?x", "");
    ask(&mut client, "HEAD", "/a.txt", "");
    ask(&mut client, "GET", "/large", "");
    ask(&mut client, "GET", "/missing", "");
    client.send(b"nonsense\r\n");
    read_reply(&mut client, false);
    server.expect_output("\"nonsense\" 400 ");
    let screen = server.stdout();
    let lines: Vec<(&str, &str)> = screen
        .lines()
        .skip(1)
        .map(|line| {
            let (client, rest) = line.split_once(" [").expect("a time in brackets");
            let (time, rest) = rest.split_once("] ").expect("a time in brackets");
            // 10/Oct/2000:13:55:36 -0700
            assert_eq!(
                (time.len(), &time[2..3], &time[6..7], &time[11..12], &time[20..21]),
                (26, "/", "/", ":", " ")
            );
            (client, rest)
        })
        .collect();
    let expected = [
        "\"GET /a.txt?x HTTP/1.1\" 200 6",
        "\"HEAD /a.txt HTTP/1.1\" 200 0",
        "\"GET /large HTTP/1.1\" 200 100000",
        "\"GET /missing HTTP/1.1\" 404 ",
        "\"nonsense\" 400 ",
    ];
    assert_eq!(lines.len(), expected.len(), "{screen}");
    for ((client, line), expected) in lines.into_iter().zip(expected) {
        assert_eq!(client, "127.0.0.1 - -");
        assert!(line.starts_with(expected), "{line}");
    }
}

#[test]
fn lets_no_client_forge_a_line() {
    let site = site();
    let server = site.serve(&[]);
    let mut client = server.tcp_client();
    client.send(b"GET /\x1b[2J\" 200 1\\ HTTP/1.1\r\n\r\n");
    client.read_to_end();
    server.expect_output("\"GET /\\x1b[2J\\\" 200 1\\\\ HTTP/1.1\" 400 ");
    // However long the request, the line tells how it went.
    assert_eq!(get(&server, &format!("/{}", "\u{e9}".repeat(4000))).status(), "404");
    server.expect_output("...\" 404 ");
}

#[test]
fn prints_only_where_it_listens_when_quiet() {
    let site = site();
    let server = site.serve(&["--quiet"]);
    get(&server, "/a.txt");
    assert_eq!(server.stdout(), format!("listening on {}\n", server.address()));
}

#[cfg(unix)]
#[test]
fn goes_on_without_its_screen() {
    // `server | head -1`: the pipe is closed after the first line.
    let site = site();
    let root = site.path("");
    let server = format!("'{SERVER}' 127.0.0.1 0 --root '{}'", root.display());
    let script = format!("{server} | {{ head -n 1; exec <&-; echo gone; }}");
    let server = Server::at("/bin/sh", &["-c", &script]);
    server.expect_output("gone\n");
    // So often that it has noticed.
    for _ in 0..300 {
        assert_eq!(get(&server, "/a.txt").body, b"first\n");
    }
}

#[test]
fn fails_in_one_line_without_a_root() {
    for root in ["no such directory", "Cargo.toml"] {
        let finished = run(SERVER, &["127.0.0.1", "0", "--root", root]);
        assert_eq!(finished.status.code(), Some(1));
        assert_eq!(finished.stderr.lines().count(), 1, "{}", finished.stderr);
        let expected = format!("error: failed to open the root directory `{root}`: ");
        assert!(finished.stderr.starts_with(&expected), "{}", finished.stderr);
    }
}

#[test]
fn fails_when_the_port_is_taken() {
    let site = site();
    let server = site.serve(&[]);
    let address = server.address().to_string();
    let second = run(SERVER, &[&address]);
    assert_eq!(second.status.code(), Some(1));
    assert!(second.stderr.starts_with(&format!("error: failed to bind `{address}`: ")), "{}", second.stderr);
}

#[test]
fn prints_its_usage_when_called_wrongly() {
    for args in [&["--no-such-option"][..], &["--idle-timeout", "soon"], &["a", "1", "b"]] {
        let finished = run(SERVER, args);
        assert_eq!(finished.status.code(), Some(2));
        assert!(finished.stderr.starts_with("error: "), "{}", finished.stderr);
    }
}
