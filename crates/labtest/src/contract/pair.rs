//! A client and a server of the same author, which talk to each other.

use crate::failure::{Awaited, Cause};
use crate::os::socket::Transport;
use crate::peer::{TcpPeer, TcpPeerListener};
use crate::program::{Client, Server};
use crate::settings;
use std::thread;

/// What is typed, and what must be shown.
const FIRST: (&str, &str) = ("hello world", "HELLO WORLD");
const SECOND: (&str, &str) = ("and a longer one", "AND A LONGER ONE");

/// A server and a client of the same author.
#[derive(Clone, Copy)]
pub struct Pair<'a> {
    /// The path of the server.
    pub server: &'a str,
    /// The path of the client.
    pub client: &'a str,
    /// What both speak.
    pub transport: Transport,
}

impl Pair<'_> {
    /// The client shows its own server's reply to a line, and to a second line if it asks for one.
    ///
    /// The server may close the connection after one reply, as the textbook's does. The client may end then.
    ///
    /// Where the environment replaces only one of both, nothing is checked. A submission without one of both is *not tried*.
    #[track_caller]
    pub fn exchanges_two_lines(&self) {
        if !settings::has_whole_pair() {
            return;
        }
        let server = Server::start(self.server, &[]);
        let mut client = Client::start(self.client, &[], server.address_for_client());
        client.write(format!("{}\n", FIRST.0).as_bytes());
        if !client.prints_while_at_work(FIRST.1) {
            // Some clients print everything when they end. Others leave at the end of their input, also without a reply.
            client.end_input();
            if !client.prints_before_its_end(FIRST.1) {
                self.fail(server, client, FIRST.1);
            }
        }
        if !client.offer_line(SECOND.0) || client.prints(SECOND.1) {
            return;
        }
        client.end_input();
        let is_served = client.prints_before_its_end(SECOND.1);
        if !is_served && !client.has_ended() && client.is_connected_to(server.address().port()) {
            self.fail(server, client, SECOND.1);
        }
    }

    /// Fails the check, since the client does not show `reply`.
    #[track_caller]
    fn fail(&self, server: Server, mut client: Client, reply: &str) -> ! {
        let what = format!("it never printed `{reply}`, the reply of its own server");
        let crashed = client.has_crashed();
        let waits = (!crashed && !client.has_ended() && self.transport == Transport::Tcp)
            .then(|| self.find_what_they_wait_for(server, &mut client))
            .flatten();
        let usual = if crashed { Cause::CrashedBeforeShowing } else { Cause::ReplyNotShown };
        client.fail_in_time_because(waits.unwrap_or(usual), &what);
    }

    /// Tries each program with a scripted peer, on a thread with a transcript of its own.
    fn find_what_they_wait_for(&self, server: Server, client: &mut Client) -> Option<Cause> {
        client.kill();
        thread::scope(|scope| {
            let tried = scope.spawn(|| {
                let server = try_server(server)?;
                let client = try_client(self.client)?;
                cause(client, server)
            });
            tried.join().ok().flatten()
        })
    }
}

/// Gives a program more of what it may wait for.
type Give = fn(&mut TcpPeer);

/// What a program that has a text may still wait for, and how to give it.
const TRIES: [(Awaited, Give); 3] = [
    (Awaited::Text, |_| {}),
    (Awaited::Newline, |peer| {
        peer.offer(b"\n");
    }),
    (Awaited::End, TcpPeer::half_close),
];

/// How a client behaves.
#[derive(Clone, Copy)]
struct ClientHabits {
    ends_its_lines: bool,
    awaits: Awaited,
}

/// Why both wait, if their habits show it. `server` is what that waits for before it answers.
fn cause(client: ClientHabits, server: Awaited) -> Option<Cause> {
    let (client, server) = match (client.awaits, server) {
        (_, Awaited::Newline) if !client.ends_its_lines => (Awaited::Text, Awaited::Newline),
        (Awaited::Text, Awaited::Text | Awaited::Newline) => return None,
        (client, Awaited::End) => (client, Awaited::End),
        (client, _) => (client, Awaited::Text),
    };
    Some(Cause::EachWaits { client, server })
}

/// Finds out what a server waits for before it answers. It has lost its client a moment ago.
fn try_server(server: Server) -> Option<Awaited> {
    let mut client = TcpPeer::try_connect(server.address()).ok()?;
    client.offer(FIRST.0.as_bytes());
    TRIES.into_iter().find_map(|(awaited, give)| {
        give(&mut client);
        client.brings(FIRST.1).then_some(awaited)
    })
}

/// Finds out what a client waits for before it shows a reply, and how it ends its lines.
fn try_client(own_client: &str) -> Option<ClientHabits> {
    let listener = TcpPeerListener::bind();
    let mut client = Client::start(own_client, &[], listener.address());
    client.offer_line(FIRST.0);
    // With its input at its end, it also shows what lies in its buffer.
    client.end_input();
    let mut server = listener.accept_in_time()?;
    let ends_its_lines = server.try_read_typed(FIRST.0).ends_with(b"\n");
    server.offer(FIRST.1.as_bytes());
    let awaits = TRIES.into_iter().find_map(|(awaited, give)| {
        give(&mut server);
        client.prints(FIRST.1).then_some(awaited)
    })?;
    Some(ClientHabits { ends_its_lines, awaits })
}

#[cfg(test)]
mod tests {
    use super::{ClientHabits, cause};
    use crate::failure::{Awaited, Cause};

    #[test]
    fn finds_out_which_program_waits_for_what() {
        let check = |ends_its_lines, awaits, server, expected: Option<(Awaited, Awaited)>| {
            let expected = expected.map(|(client, server)| Cause::EachWaits { client, server });
            assert_eq!(cause(ClientHabits { ends_its_lines, awaits }, server), expected);
        };
        let (text, newline, end) = (Awaited::Text, Awaited::Newline, Awaited::End);
        check(true, end, text, Some((end, text)));
        check(true, end, newline, Some((end, text)));
        check(false, text, newline, Some((text, newline)));
        check(false, newline, newline, Some((text, newline)));
        check(false, newline, text, Some((newline, text)));
        check(true, text, end, Some((text, end)));
        // Both are served: nothing shows why the pair was not.
        check(true, text, text, None);
        check(true, text, newline, None);
    }
}
