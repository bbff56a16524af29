//! The options, messages and limits of the reference program. These tests are worth no points.

use labtest::Server;
use labtest::contract::{self, ServerContract, tcp_echo};

const SERVER: &str = env!("CARGO_BIN_EXE_tcp-threaded-server");
const CONTRACT: ServerContract<'_> = ServerContract::new(SERVER, tcp_echo::ask);

#[cfg(target_os = "linux")]
#[test]
fn tells_a_reset_from_an_end() {
    for args in [&[][..], &["--reply", "count"]] {
        let server = tcp_echo::tells_a_reset_from_an_end(SERVER, args);
        let mut rude = server.tcp_client();
        rude.send(b"no newline");
        rude.reset();
        server.expect_output("client 2 disconnected: Connection reset by peer");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn needs_little_memory_for_a_long_stream() {
    use labtest::{Cause, check};
    use std::io::{ErrorKind, Read, Write};
    const STREAM_BYTES: usize = 64 << 20;
    for args in [&["--quiet"][..], &["--quiet", "--reply", "count"]] {
        let server = Server::start(SERVER, args);
        let client = server.tcp_client();
        let (mut reading, mut writing) = (client.stream(), client.stream());
        reading.set_read_timeout(Some(labtest::patience())).unwrap();
        let mut received = 0;
        let end = std::thread::scope(|scope| {
            scope.spawn(move || {
                let piece = [b'x'; 1 << 16];
                // If the server stops reading, too little comes back.
                let _ = (0..STREAM_BYTES / piece.len()).try_for_each(|_| writing.write_all(&piece));
                let _ = writing.shutdown(std::net::Shutdown::Write);
            });
            let mut buffer = vec![0; 1 << 20];
            let end = loop {
                match reading.read(&mut buffer) {
                    Ok(0) => break "the end of the stream".to_owned(),
                    Ok(size) => received += size,
                    // Stopping and resuming the tests interrupts a read that has a timeout (signal(7)).
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => break error.to_string(),
                }
            };
            let _ = reading.shutdown(std::net::Shutdown::Both); // the writer may be stuck
            end
        });
        check!(received >= STREAM_BYTES, "of {STREAM_BYTES} bytes {received} came back, and then: {end}");
        let used_kib = server.memory_kib_max();
        if used_kib >= 10 * 1024 {
            let what = format!("it had {used_kib} KiB resident after a stream of 64 MiB");
            server.fail_because(Cause::MemoryGrows, &what);
        }
    }
}

/// Sends bytes to a server that counts characters, and expects these in return and not one more.
#[track_caller]
fn check_count(bytes: &[u8], expected: &str) {
    let server = Server::start(SERVER, &["--reply", "count"]);
    let mut client = server.tcp_client();
    client.send(bytes);
    client.half_close();
    client.expect(expected.as_bytes());
    client.expect_end();
}

#[test]
fn counts_the_characters_of_each_line() {
    check_count(b"hello\n", "I received 5 chars: hello\n");
    check_count("stra\u{df}e\n\n".as_bytes(), "I received 6 chars: stra\u{df}e\nI received 0 chars: \n");
}

#[test]
fn counts_a_line_that_comes_in_pieces_and_lines_that_come_together() {
    let server = Server::start(SERVER, &["--reply", "count"]);
    let mut client = server.tcp_client();
    client.send(b"one\ntwo\nthr");
    client.expect(b"I received 3 chars: one\nI received 3 chars: two\n");
    client.send(b"ee\n");
    client.expect(b"I received 5 chars: three\n");
}

#[test]
fn counts_what_came_when_no_newline_follows() {
    let server = Server::start(SERVER, &["--reply", "count"]);
    let mut client = server.tcp_client();
    client.send(b"hello");
    client.expect(b"I received 5 chars: hello\n");
    client.send(b"bye");
    client.half_close();
    client.expect(b"I received 3 chars: bye\n");
    client.expect_end();
}

#[test]
fn counts_an_endless_line_in_parts() {
    let parts = [4096, 904].map(|count| format!("I received {count} chars: {}\n", "x".repeat(count)));
    check_count(&[b'x'; 5000], &parts.concat());
}

#[cfg(target_os = "linux")]
#[test]
fn names_a_thread_for_each_client() {
    use std::fs;
    let server = Server::at(SERVER, &["127.0.0.1:0"]);
    let _clients: Vec<_> = (0..2).map(|_| tcp_echo::greeted(&server)).collect();
    let tasks = fs::read_dir(format!("/proc/{}/task", server.id())).into_iter().flatten();
    let names: Vec<String> =
        tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok()).collect();
    for name in ["client 1\n", "client 2\n"] {
        if !names.iter().any(|other| other == name) {
            server.fail(&format!("it has no thread named `{}`; its threads are {names:?}", name.trim_end()));
        }
    }
}

#[test]
fn shows_client_and_thread_numbers() {
    let server = Server::start(SERVER, &[]);
    let mut client = server.tcp_client();
    client.send(b"\x1b[2Jhello\n");
    client.expect(b"\x1b[2JHELLO\n");
    let address = client.address();
    client.close();
    server.expect_output(&format!("client 1 connected from {address} on thread 1\n"));
    server.expect_output("client 1: \\u{1b}[2Jhello\nclient 1 disconnected\n");
}

#[test]
fn starts_each_event_with_the_time() {
    CONTRACT.starts_each_event_with_the_time("client 1");
}

#[test]
fn fails_when_the_port_is_taken() {
    CONTRACT.fails_when_the_port_is_taken();
}

#[test]
fn prints_its_usage_when_called_wrongly() {
    let usage = "Usage: tcp-threaded-server [OPTIONS] [HOST[:PORT]] [PORT]";
    let calls = [&["--no-such-option"][..], &["127.0.0.1", "25000", "--no-such-option"]];
    contract::prints_its_usage(SERVER, &calls, usage);
    contract::prints_its_usage(SERVER, &[&["--reply", "lower"]], "upper, count");
}
