//! The exercise with texts that nobody could foresee. Students do not see this test.

use labtest::{Server, unforeseen_text};

#[test]
fn server_answers_texts_that_nobody_could_foresee() {
    let server = Server::start(env!("CARGO_BIN_EXE_tcp-threaded-server"), &[]);
    let mut clients: Vec<_> = (0..3).map(|_| server.tcp_client()).collect();
    for client in &mut clients {
        let text = unforeseen_text(40);
        client.send(format!("{text}\n").as_bytes());
        client.expect_text(&text.to_ascii_uppercase());
    }
}
