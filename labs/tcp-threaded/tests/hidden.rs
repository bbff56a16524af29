//! The exercise with texts that no program can know beforehand. Students do not see this test.

use labtest::{Server, unforeseen_text};

#[test]
fn server_answers_texts_that_nobody_could_foresee() {
    let server = Server::start(env!("CARGO_BIN_EXE_tcp-threaded-server"), &[]);
    let mut clients = Vec::new();
    for _ in 0..3 {
        // All stay connected, but each connects only when the one before has its reply, so the order is certain.
        let mut client = server.tcp_client();
        let text = unforeseen_text(40);
        client.send(format!("{text}\n").as_bytes());
        client.expect_text(&text.to_ascii_uppercase());
        clients.push(client);
    }
}
