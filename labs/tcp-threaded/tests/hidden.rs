//! The exercise with texts that nobody could foresee. Students do not see this test.

use labtest::{Server, unforeseen_text};

#[test]
fn server_answers_texts_that_nobody_could_foresee() {
    let server = Server::start(env!("CARGO_BIN_EXE_tcp-threaded-server"), &[]);
    let mut clients = Vec::new();
    for _ in 0..3 {
        // All are connected at last, but each comes when the one before has its answer: nothing depends on who is faster.
        let mut client = server.tcp_client();
        let text = unforeseen_text(40);
        client.send(format!("{text}\n").as_bytes());
        client.expect_text(&text.to_ascii_uppercase());
        clients.push(client);
    }
}
