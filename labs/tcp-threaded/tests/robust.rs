//! The threaded TCP server, seen from its clients.

use labtest::{Server, run};
#[cfg(target_os = "linux")]
use std::time::Duration;

const SERVER: &str = env!("CARGO_BIN_EXE_tcp-threaded-server");

#[track_caller]
fn check(args: &[&str], bytes: &[u8], expected: &[u8]) {
    let server = Server::start(SERVER, args);
    let mut client = server.tcp_client();
    client.send(bytes);
    client.expect(expected);
    // And not a byte more.
    client.half_close();
    client.expect_end();
}

#[test]
fn answers_in_upper_case() {
    check(&[], b"hello world &*!\n", b"HELLO WORLD &*!\n");
}

#[test]
fn leaves_bytes_that_are_not_ascii_alone() {
    check(&[], b"stra\xc3\x9fe \0\x1b[2J \xff\n", b"STRA\xc3\x9fE \0\x1b[2J \xff\n");
}

#[test]
fn answers_at_once_without_a_newline() {
    check(&[], b"hello", b"HELLO");
}

#[test]
fn answers_line_after_line() {
    let server = Server::start(SERVER, &[]);
    let mut client = server.tcp_client();
    for text in ["one\n", "two\n", "a rather long line\n", "x\n"] {
        client.send(text.as_bytes());
        client.expect(text.to_ascii_uppercase().as_bytes());
    }
}

#[test]
fn answers_one_byte_at_a_time() {
    let server = Server::start(SERVER, &[]);
    let mut client = server.tcp_client();
    for byte in b"hello\n" {
        client.send(&[*byte]);
        client.expect(&[byte.to_ascii_uppercase()]);
    }
}

#[test]
fn answers_all_of_a_long_text() {
    let text = b"all of this comes back. ".repeat(2000);
    check(&[], &text, &text.to_ascii_uppercase());
}

#[test]
fn answers_four_clients_at_once() {
    let server = Server::start(SERVER, &[]);
    let mut clients: Vec<_> = (0..4).map(|_| server.tcp_client()).collect();
    for round in 0..3 {
        // The last one first, while all the others are connected and silent.
        for (number, client) in clients.iter_mut().enumerate().rev() {
            client.send(format!("client {number} round {round}\n").as_bytes());
            client.expect(format!("CLIENT {number} ROUND {round}\n").as_bytes());
        }
    }
}

#[test]
fn answers_two_hundred_clients_at_once() {
    let server = Server::start(SERVER, &[]);
    let mut clients = Vec::new();
    for _ in 0..200 {
        // Answered before the next one connects: this is about staying, not about a crowd at the door.
        let mut client = server.tcp_client();
        client.send(b"hello\n");
        client.expect(b"HELLO\n");
        clients.push(client);
    }
    for client in clients.iter_mut().rev() {
        client.send(b"still here\n");
    }
    for client in &mut clients {
        client.expect(b"STILL HERE\n");
    }
}

#[test]
fn answers_everything_before_a_half_close() {
    let server = Server::start(SERVER, &[]);
    let mut client = server.tcp_client();
    client.send(b"hello\nlast words");
    client.half_close();
    client.expect(b"HELLO\nLAST WORDS");
    client.expect_end();
}

#[test]
fn survives_clients_that_reset_or_leave() {
    let server = Server::start(SERVER, &[]);
    let mut patient = server.tcp_client();
    for _ in 0..10 {
        let mut served = server.tcp_client();
        served.send(b"hello\n");
        served.expect(b"HELLO\n");
        served.reset(); // its thread waits for more
        let mut hasty = server.tcp_client();
        hasty.send(b"hello\n");
        hasty.reset();
        server.tcp_client().close();
        patient.send(b"still here\n");
        patient.expect(b"STILL HERE\n");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn tells_a_reset_from_an_end() {
    for args in [&[][..], &["--reply", "count"]] {
        let server = Server::start(SERVER, args);
        server.tcp_client().reset();
        server.expect_output("client 1 disconnected: Connection reset by peer");
        let mut rude = server.tcp_client();
        rude.send(b"no newline");
        rude.reset();
        server.expect_output("client 2 disconnected: Connection reset by peer");
    }
}

#[test]
fn is_not_held_up_by_a_client_that_never_reads() {
    let server = Server::start(SERVER, &["--quiet"]);
    let stuck = server.tcp_client();
    // Until both directions are full, the server's write to this client included.
    stuck.stream().set_nonblocking(true).unwrap();
    let chunk = vec![b'x'; 1 << 16];
    while std::io::Write::write(&mut stuck.stream(), &chunk).is_ok() {}
    let mut client = server.tcp_client();
    client.send(b"hello\n");
    client.expect(b"HELLO\n");
}

#[cfg(target_os = "linux")]
#[test]
fn needs_little_memory_for_a_long_stream() {
    use std::io::{Read, Write};
    for args in [&["--quiet"][..], &["--quiet", "--reply", "count"]] {
        let server = Server::start(SERVER, args);
        let client = server.tcp_client();
        let (mut reading, mut writing) = (client.stream(), client.stream());
        reading.set_read_timeout(Some(labtest::patience())).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                (0..64).for_each(|_| writing.write_all(&[b'x'; 1 << 20]).unwrap());
                writing.shutdown(std::net::Shutdown::Write).unwrap();
            });
            let mut received = 0;
            let mut buffer = vec![0; 1 << 20];
            while let size @ 1.. = reading.read(&mut buffer).unwrap() {
                received += size;
            }
            assert!(received >= 64 << 20, "{received} bytes came back");
        });
        assert!(server.memory_kib_max() < 10 * 1024, "{} KiB", server.memory_kib_max());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn lets_a_crowd_wait_at_the_door() {
    use labtest::Signal;
    let server = Server::at(SERVER, &["127.0.0.1:0"]);
    // While it is stopped, the system alone lets clients in, up to the backlog. Those above would not be connected.
    server.signal(Signal::STOP);
    let mut crowd: Vec<_> = (0..300).map(|_| server.tcp_client()).collect();
    server.signal(Signal::CONT);
    for client in &mut crowd {
        client.send(b"hello\n");
        client.expect(b"HELLO\n");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn is_idle_when_its_clients_have_left() {
    let server = Server::start(SERVER, &[]);
    for _ in 0..3 {
        let mut client = server.tcp_client();
        client.send(b"hello\n");
        client.expect(b"HELLO\n");
        client.close();
    }
    // A thread that goes on reading at the end of the stream would use all of this time.
    let before = server.cpu_time();
    server.tcp_client().expect_nothing_for(Duration::from_millis(500));
    let used = server.cpu_time() - before;
    assert!(used < Duration::from_millis(250), "{used:?} of processor time while nothing happened");
}

#[test]
fn counts_the_characters_of_each_line() {
    check(&["--reply", "count"], b"hello\n", b"I received 5 chars: hello\n");
    check(
        &["--reply", "count"],
        "stra\u{df}e\n\n".as_bytes(),
        "I received 6 chars: stra\u{df}e\nI received 0 chars: \n".as_bytes(),
    );
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
    let server = Server::start(SERVER, &["--reply", "count"]);
    let mut client = server.tcp_client();
    client.send(&[b'x'; 5000]);
    client.half_close();
    let answer =
        format!("I received 4096 chars: {}\nI received 904 chars: {}\n", "x".repeat(4096), "x".repeat(904));
    client.expect(answer.as_bytes());
}

#[test]
fn turns_clients_away_when_full_and_takes_new_ones_when_some_left() {
    let server = Server::start(SERVER, &["--max-clients", "2"]);
    let mut clients: Vec<_> = (0..2).map(|_| server.tcp_client()).collect();
    for client in &mut clients {
        client.send(b"hello\n");
        client.expect(b"HELLO\n");
    }
    let mut third = server.tcp_client();
    third.expect(b"server is full: 2 clients are connected\n");
    third.expect_end();
    clients.pop().unwrap().close();
    server.expect_output(" disconnected\n");
    let mut fourth = server.tcp_client();
    fourth.send(b"hello\n");
    fourth.expect(b"HELLO\n");
}

#[test]
fn has_room_again_when_a_client_sees_its_end() {
    let server = Server::start(SERVER, &["--max-clients", "1"]);
    for _ in 0..500 {
        let mut client = server.tcp_client();
        client.half_close();
        client.expect_end(); // a client that is turned away would get a line
    }
}

#[test]
fn refuses_limits_that_make_no_sense() {
    for limit in ["0", "10001", "-1"] {
        assert_eq!(run(SERVER, &["--max-clients", limit]).status.code(), Some(2), "{limit}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn goes_on_when_it_runs_out_of_descriptors() {
    let server = Server::limited("-n 16", SERVER, &[]);
    let mut clients: Vec<_> = (0..20).map(|_| server.tcp_client()).collect();
    server.expect_output("failed to accept a client: ");
    let before = server.cpu_time();
    clients[1].expect_nothing_for(Duration::from_millis(500));
    // Said once, or twice if one more found a place, but not each time that it is tried again.
    let told = server.stdout().matches("failed to accept").count();
    assert!(told <= 2, "{told} times: {}", server.stdout());
    clients[0].send(b"hello\n");
    clients[0].expect(b"HELLO\n");
    // The others wait in the backlog, and are served as places become free.
    for mut client in clients.drain(..) {
        client.send(b"hello\n");
        client.expect(b"HELLO\n");
        client.close();
    }
    let used = server.cpu_time() - before;
    assert!(used.as_millis() < 500, "{used:?} of processor time");
}

#[cfg(target_os = "linux")]
#[test]
fn goes_on_when_it_can_start_no_thread() {
    let server = Server::with_few_threads(50, SERVER, &[]);
    let mut first = server.tcp_client();
    first.send(b"hello\n");
    first.expect(b"HELLO\n");
    let _others: Vec<_> = (0..200).map(|_| server.tcp_client()).collect();
    server.expect_output("lost: failed to start a thread: ");
    first.send(b"still here\n");
    first.expect(b"STILL HERE\n");
}

/// A computer that is switched off sends no end of the connection, and its client's thread would wait for ever.
#[cfg(target_os = "linux")]
#[test]
fn asks_after_clients_that_may_be_gone() {
    let server = Server::at(SERVER, &["127.0.0.1:0"]);
    let mut client = server.tcp_client();
    client.send(b"hello\n");
    client.expect(b"HELLO\n");
    // In the system's table, the server's end of the connection (state 01) has a timer (02) that is to ask.
    let local = format!(":{:04X}", server.address().port());
    let table = || std::fs::read_to_string("/proc/net/tcp").unwrap();
    let asks = |row: &str| {
        let fields: Vec<&str> = row.split_whitespace().collect();
        fields[1].ends_with(&local) && fields[3] == "01" && fields[5].starts_with("02:")
    };
    let begun = std::time::Instant::now();
    while !table().lines().any(asks) {
        assert!(begun.elapsed() < labtest::patience(), "nothing asks after the client:\n{}", table());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn goes_on_when_memory_is_short() {
    // Room for fewer threads than the 10,000 that it would have.
    let server = Server::limited("-d 90000", SERVER, &[]);
    let mut first = server.tcp_client();
    for _ in 0..5 {
        let _others: Vec<_> = (0..700).map(|_| server.tcp_client()).collect();
        server.expect_output(": the server is full");
        first.send(b"still here\n");
        first.expect(b"STILL HERE\n");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn names_a_thread_for_each_client() {
    let server = Server::at(SERVER, &["127.0.0.1:0"]);
    let mut clients: Vec<_> = (0..2).map(|_| server.tcp_client()).collect();
    for client in &mut clients {
        client.send(b"hello\n");
        client.expect(b"HELLO\n");
    }
    let tasks = std::fs::read_dir(format!("/proc/{}/task", server.id())).unwrap();
    let names: Vec<String> =
        tasks.map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")).unwrap()).collect();
    for name in ["client 1\n", "client 2\n"] {
        assert!(names.iter().any(|other| other == name), "{names:?}");
    }
}

#[test]
fn shows_client_and_thread_numbers() {
    let server = Server::start(SERVER, &[]);
    let mut client = server.tcp_client();
    client.send(b"\x1b[2Jhello\n");
    client.expect(b"\x1b[2JHELLO\n");
    let address = client.stream().local_addr().unwrap();
    client.close();
    server.expect_output(&format!("client 1 connected from {address} on ThreadId("));
    server.expect_output("\nclient 1: \\u{1b}[2Jhello\nclient 1 disconnected\n");
}

#[cfg(unix)]
#[test]
fn goes_on_without_its_screen() {
    // The pipe is closed after the first line.
    let script = format!("'{SERVER}' 127.0.0.1 0 | {{ head -n 1; exec <&-; echo gone; }}");
    let server = Server::at("/bin/sh", &["-c", &script]);
    server.expect_output("gone\n");
    // So often that it has noticed.
    for _ in 0..300 {
        let mut client = server.tcp_client();
        client.send(b"hello\n");
        client.expect(b"HELLO\n");
        client.close();
    }
}

#[test]
fn fails_when_the_port_is_taken() {
    let server = Server::at(SERVER, &["127.0.0.1:0"]);
    let address = server.address().to_string();
    let second = run(SERVER, &[&address]);
    assert_eq!((second.status.code(), second.stderr.lines().count()), (Some(1), 1));
    assert!(second.stderr.starts_with(&format!("error: failed to bind `{address}`: ")), "{}", second.stderr);
}

#[test]
fn prints_its_usage_when_called_wrongly() {
    let finished = run(SERVER, &["--no-such-option"]);
    assert_eq!(finished.status.code(), Some(2));
    assert!(
        finished.stderr.contains("Usage: tcp-threaded-server [OPTIONS] [HOST[:PORT]] [PORT]"),
        "{}",
        finished.stderr
    );
    let finished = run(SERVER, &["--reply", "lower"]);
    assert_eq!(finished.status.code(), Some(2));
    assert!(finished.stderr.contains("upper, count"), "{}", finished.stderr);
}
