//! The exercise with texts that no program can know beforehand. Students do not see this test.

use labtest::contract::reply_form::Replies;
use labtest::{Server, unforeseen_text};

#[test]
fn server_answers_texts_that_nobody_could_foresee() {
    let server = Server::start(env!("CARGO_BIN_EXE_tcp-threaded-server"), &[]);
    let (mut clients, mut replies) = (Vec::new(), Replies::of_any_end());
    for length in [40, 33, 27] {
        // All stay connected, but each connects only when the one before has its reply, so the order is certain.
        let mut client = server.tcp_client();
        replies.ask(&mut client, &unforeseen_text(length));
        clients.push(client);
    }
}
