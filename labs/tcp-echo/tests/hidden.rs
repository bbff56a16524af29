//! The exercise with texts that no program can know beforehand. Students do not see these tests.

use labtest::{Client, Server, TcpPeerListener, unforeseen_text};

#[test]
fn server_answers_texts_that_nobody_could_foresee() {
    let server = Server::start(env!("CARGO_BIN_EXE_tcp-echo-server"), &[]);
    for length in [30, 60, 10] {
        let text = unforeseen_text(length);
        let mut client = server.tcp_client();
        client.send(format!("{text}\n").as_bytes());
        client.expect_text(&text.to_ascii_uppercase());
        client.close();
    }
}

#[test]
fn client_shows_whatever_the_server_answers() {
    let listener = TcpPeerListener::bind();
    let mut client = Client::start(env!("CARGO_BIN_EXE_tcp-echo-client"), &[], listener.address());
    let (text, reply) = (unforeseen_text(20), unforeseen_text(20).to_ascii_uppercase());
    client.write(format!("{text}\n").as_bytes());
    let mut server = listener.accept();
    let typed = server.read_typed(&text);
    // This is not the text in upper case: the client must show what it receives.
    server.send(format!("{reply}{}", if typed.ends_with(b"\n") { "\n" } else { "" }).as_bytes());
    if !client.prints(&reply) {
        server.half_close();
        client.end_input();
        client.expect_output(&reply);
    }
}
