//! The exercise with texts that no program can know beforehand. Students do not see these tests.

use labtest::{Client, Server, UdpPeer, unforeseen_text};

#[test]
fn server_answers_texts_that_nobody_could_foresee() {
    let server = Server::start(env!("CARGO_BIN_EXE_udp-echo-server"), &[]);
    let mut client = server.udp_client();
    for length in [30, 60, 10] {
        let text = unforeseen_text(length);
        client.send(text.as_bytes());
        client.expect(text.to_ascii_uppercase().as_bytes());
    }
}

#[test]
fn client_shows_whatever_the_server_answers() {
    let mut server = UdpPeer::server();
    let mut client = Client::start(env!("CARGO_BIN_EXE_udp-echo-client"), &[], server.address());
    let (text, reply) = (unforeseen_text(20), unforeseen_text(20).to_ascii_uppercase());
    client.write(format!("{text}\n").as_bytes());
    server.expect_one_of(&[
        text.as_bytes(),
        format!("{text}\n").as_bytes(),
        format!("{text}\r\n").as_bytes(),
    ]);
    // This is not the text in upper case: the client must show what it receives.
    server.send(reply.as_bytes());
    if !client.prints(&reply) {
        client.end_input();
        client.expect_output(&reply);
    }
}
