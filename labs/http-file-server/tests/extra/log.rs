//! What the server prints.

use crate::site::{SERVER, Site, ask};
use labtest::{check, check_eq, contract, run};

fn site() -> Site {
    Site::new().with("a.txt", "first\n").with("large", [b'x'; 100_000])
}

/// True for a time like `10/Oct/2000:13:55:36 -0700`.
fn is_time(text: &str) -> bool {
    let is_right = |(at, byte): (usize, u8)| match at {
        2 | 6 => byte == b'/',
        11 => byte == b':',
        20 => byte == b' ',
        _ => true,
    };
    text.len() == 26 && text.bytes().enumerate().all(is_right)
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
    client.read_response(false);
    server.expect_output("\"nonsense\" 400 ");
    let expected = [
        "\"GET /a.txt?x HTTP/1.1\" 200 6",
        "\"HEAD /a.txt HTTP/1.1\" 200 0",
        "\"GET /large HTTP/1.1\" 200 100000",
        "\"GET /missing HTTP/1.1\" 404 ",
        "\"nonsense\" 400 ",
    ];
    let printed = server.stdout();
    check_eq!(printed.lines().skip(1).count(), expected.len(), "lines after `listening on`");
    for (line, expected) in printed.lines().skip(1).zip(expected) {
        let parts = line.split_once(" [").and_then(|(client, rest)| Some((client, rest.split_once("] ")?)));
        let is_right = parts.is_some_and(|(client, (time, rest))| {
            client == "127.0.0.1 - -" && is_time(time) && rest.starts_with(expected)
        });
        check!(is_right, "expected `127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] {expected}…`, found `{line}`");
    }
}

#[test]
fn logs_the_address_of_a_client_of_ipv6() {
    site().check_contract(|server| server.listens_on_ipv6(&["[::1]:0"]).expect_output("\n::1 - - ["));
}

#[test]
fn prints_only_where_it_listens_when_quiet() {
    site().check_contract(|server| server.prints_only_where_it_listens_when_quiet());
}

#[test]
fn fails_in_one_line_without_a_root() {
    for root in ["no such directory", "Cargo.toml"] {
        let finished = run(SERVER, &["127.0.0.1", "0", "--root", root]);
        finished.expect_error(&format!("error: failed to open the root directory `{root}`: "), "");
    }
}

#[test]
fn fails_when_the_port_is_taken() {
    site().check_contract(|server| server.fails_when_the_port_is_taken());
}

#[test]
fn prints_its_usage_when_called_wrongly() {
    let calls = [&["--no-such-option"][..], &["--idle-timeout", "soon"], &["a", "1", "b"]];
    contract::prints_its_usage(SERVER, &calls, "error: ");
}
