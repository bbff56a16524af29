//! The two forms in which a threaded echo server may reply: the text in upper case (`HELLO`), or the number of its
//! characters with the text (`I received 5 chars: hello`).
//!
//! The first reply of a server tells its form, and all later replies have the same. The words around number and text are
//! free, and a few other numbers may be among them: those of a client or a thread. The first reply then tells the place
//! of the number of characters as well. A server that counts whatever one `recv` returns counts a newline as well: it
//! gets texts without one.

mod found;
mod numbers;

use super::two_hosts::serves_another_host;
use crate::diagnosis::fail::{Problem, fail};
use crate::failure::{Cause, End, Verdict};
use crate::os::socket::Transport;
use crate::peer::TcpPeer;
use crate::program::Server;
use crate::settings::Reason;
use crate::transcript::Transcript;
use found::{Found, NUMBERS_MAX, Number, Place, has};
use numbers::numbers;
use std::time::Duration;

/// The silence after which a reply counts as whole.
const PAUSE: Duration = Duration::from_millis(300);

/// What a summary adds where a number and a text are expected.
const ANY_WORDS: &str = " (the words around number and text do not matter)";

/// What it adds where the number of characters is not where the earlier replies had it.
const OTHER_PLACE: &str = " (the number of characters must be in the same place as in the first reply)";

/// The form of a server's replies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Form {
    /// The text in upper case.
    Upper,
    /// The number of characters and the text. `end` is what the server needs after a text.
    Count { end: &'static str },
}

/// How exactly the replies in upper case are compared.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Compare {
    /// Their text, whatever ends it.
    Text,
    /// Every byte.
    Bytes,
}

/// The replies of one server, to all of its clients.
pub struct Replies {
    form: Option<Form>,
    /// The places in which all replies so far had the number of characters, or none before the first reply.
    places: Vec<Place>,
    compare: Compare,
}

impl Replies {
    fn new(compare: Compare) -> Replies {
        Replies { form: None, places: Vec::new(), compare }
    }

    /// Replies in either form, whatever ends them.
    pub fn of_any_end() -> Replies {
        Replies::new(Compare::Text)
    }

    /// Replies in either form. Those in upper case have the same bytes as the request, and no more.
    pub fn exact() -> Replies {
        Replies::new(Compare::Bytes)
    }

    /// Sends a line, and expects its reply.
    #[track_caller]
    pub fn ask(&mut self, client: &mut TcpPeer, text: &str) {
        self.send(client, text);
        self.expect(client, text);
    }

    /// Sends a line.
    #[track_caller]
    pub fn send(&self, client: &mut TcpPeer, text: &str) {
        client.send(format!("{text}{}", self.end()).as_bytes());
    }

    /// Expects the reply to a line.
    #[track_caller]
    pub fn expect(&mut self, client: &mut TcpPeer, text: &str) {
        self.expect_reply(client, text, self.end());
    }

    /// What ends a line.
    fn end(&self) -> &'static str {
        match self.form {
            Some(Form::Count { end }) => end,
            _ => "\n",
        }
    }

    /// Sends a text without a newline, and expects its reply.
    #[track_caller]
    pub fn ask_without_newline(&mut self, client: &mut TcpPeer, text: &str) {
        client.send(text.as_bytes());
        self.expect_reply(client, text, "");
    }

    /// Expects that the server has nothing more to send and closes.
    #[track_caller]
    pub fn expect_end(&self, client: &mut TcpPeer) {
        // The newline after a text may be a segment of its own.
        if matches!(self.form, Some(Form::Count { .. })) {
            let (rest, end) = client.read_for(PAUSE, 1 << 16, |rest| rest.ends_with(b"\n"));
            client.compare("", &rest, end);
        }
        client.expect_end();
    }

    /// Connects a client, and exchanges one line.
    #[track_caller]
    pub fn greeted(&mut self, server: &Server) -> TcpPeer {
        let mut client = server.tcp_client();
        self.ask(&mut client, "hello");
        client
    }

    /// Fails the check as *not tried* if the server counts characters: the check is about bytes that come back.
    #[track_caller]
    pub fn ensure_upper_case(server: &Server) {
        let mut replies = Replies::exact();
        replies.greeted(server).close();
        if replies.form != Some(Form::Upper) {
            let problem = Problem::new("the server counts characters, so no bytes come back");
            fail(&Transcript::current(), problem.verdict(Verdict::NotTried(Reason::CountsCharacters)));
        }
    }

    #[track_caller]
    fn expect_reply(&mut self, client: &mut TcpPeer, text: &str, end: &'static str) {
        let upper = format!("{}{end}", text.to_ascii_uppercase());
        let (received, came) = self.read(client, text, &upper);
        let form = Form::Count { end };
        match Found::of(text, &received) {
            Found::Neither if self.counts(text, &received) => {
                self.fail_no_count(client, text, &upper, &received, came);
            }
            Found::Neither => self.expect_upper(client, &upper, &received, came),
            Found::Crowd(count) if self.form != Some(Form::Upper) => {
                fail_crowd(client, count, &received, came);
            }
            Found::Crowd(_) => self.expect_upper(client, &upper, &received, came),
            Found::Count(_) if self.form == Some(Form::Upper) => {
                fail_mixed(client, &received, came, "its first reply was in upper case, and this one counts");
            }
            Found::Count(_) if has_padding(&received) => {
                let problem = client.problem_of(Some(Cause::WholeBufferSent), b"", &received, came);
                client.step_received(&received, came);
                fail(client.transcript(), Problem { expected: None, ..problem });
            }
            Found::Count(numbers) => {
                let count = text.chars().count();
                if self.takes(&numbers, count) {
                    accept(client, &received, came);
                    self.form = self.form.or(Some(form));
                } else if self.form.is_none() && end == "\n" && has(&numbers, count + 1) {
                    // It may count whatever it receives, newline included.
                    self.ask_again_without_newline(client, text, &received, came);
                } else {
                    self.fail_count(client, text, &numbers, &received, came);
                }
            }
        }
    }

    /// The places in which these numbers have this one, and all earlier replies had theirs.
    fn places_of(&self, numbers: &[Number], wanted: usize) -> Vec<Place> {
        let is_known = |place: Place| self.places.is_empty() || self.places.contains(&place);
        let found = numbers.iter().filter(|number| number.value == wanted && is_known(number.place));
        found.map(|number| number.place).collect()
    }

    /// Returns whether the numbers have this one in the right place, which this reply may narrow down.
    fn takes(&mut self, numbers: &[Number], wanted: usize) -> bool {
        let places = self.places_of(numbers, wanted);
        let is_right = !places.is_empty();
        if is_right {
            self.places = places;
        }
        is_right
    }

    /// True if the server has counted before, or counts now and leaves out the text.
    fn counts(&self, text: &str, received: &[u8]) -> bool {
        let is_count = || numbers(&String::from_utf8_lossy(received)) == [text.chars().count()];
        matches!(self.form, Some(Form::Count { .. })) || (self.form.is_none() && is_count())
    }

    /// Reads one reply: until it is the one in upper case, or the other form is whole.
    fn read(&self, client: &mut TcpPeer, text: &str, upper: &str) -> (Vec<u8>, End) {
        let is_settled = |received: &[u8]| {
            let came = self.compared(received);
            let upper = self.compared(upper.as_bytes());
            came.len() >= upper.len() || !upper.starts_with(&came)
        };
        let (mut received, mut end) = client.read_until(is_settled);
        let upper = self.compared(upper.as_bytes());
        let is_other = |received: &[u8]| {
            let came = self.compared(received);
            !came.is_empty() && !came.starts_with(&upper) && !upper.starts_with(&came)
        };
        if end == End::Enough && is_other(&received) {
            // Other numbers may come before that of the characters.
            let is_whole = |rest: &[u8]| match Found::of(text, &[&received, rest].concat()) {
                Found::Count(numbers) => !self.places_of(&numbers, text.chars().count()).is_empty(),
                Found::Crowd(_) | Found::Neither => false,
            };
            if !is_whole(b"") {
                let (rest, rest_end) = client.read_for(PAUSE, 1 << 16, is_whole);
                received.extend(rest);
                if rest_end != End::Silence {
                    end = rest_end;
                }
            }
        }
        (received, end)
    }

    /// The bytes that a reply in upper case is compared by.
    fn compared(&self, bytes: &[u8]) -> Vec<u8> {
        match self.compare {
            Compare::Text => bytes.iter().copied().filter(|byte| !b"\r\n\0".contains(byte)).collect(),
            Compare::Bytes => bytes.to_vec(),
        }
    }

    #[track_caller]
    fn expect_upper(&mut self, client: &mut TcpPeer, upper: &str, received: &[u8], end: End) {
        if self.compared(received) == self.compared(upper.as_bytes()) {
            self.form = Some(Form::Upper);
        }
        match self.compare {
            Compare::Text => client.compare(upper.trim_end_matches('\n'), received, end),
            Compare::Bytes => {
                client.step_received(received, end);
                let sent = client.take_sent();
                if received != upper.as_bytes() {
                    let problem = client.problem(&sent, upper.as_bytes(), received, end);
                    fail(client.transcript(), problem);
                }
            }
        }
    }

    /// Fails since a server that has counted before does not count now.
    #[track_caller]
    fn fail_no_count(&self, client: &mut TcpPeer, text: &str, upper: &str, received: &[u8], end: End) -> ! {
        if self.compared(received) == self.compared(upper.as_bytes()) {
            fail_mixed(client, received, end, "its first reply counted, and this one is in upper case");
        }
        client.step_received(received, end);
        let sent = client.take_sent();
        let mut problem = client.problem(&sent, count_reply(text).as_bytes(), received, end);
        problem.summary += ANY_WORDS;
        fail(client.transcript(), problem);
    }

    /// Asks for the same text without a newline, and fails if the number is not right then either.
    #[track_caller]
    fn ask_again_without_newline(&mut self, client: &mut TcpPeer, text: &str, first: &[u8], end: End) {
        accept(client, first, end);
        client.send(text.as_bytes());
        let (received, came) = self.read(client, text, &text.to_ascii_uppercase());
        match Found::of(text, &received) {
            Found::Count(numbers) if self.takes(&numbers, text.chars().count()) => {
                accept(client, &received, came);
                self.form = Some(Form::Count { end: "" });
            }
            Found::Count(numbers) => self.fail_count(client, text, &numbers, &received, came),
            Found::Crowd(count) => fail_crowd(client, count, &received, came),
            // It waits for a newline, and counts it.
            Found::Neither => {
                let wrong = text.chars().count() + 1;
                fail_figure(client, text, Some(wrong), ANY_WORDS, first, end);
            }
        }
    }

    #[track_caller]
    fn fail_count(&self, client: &TcpPeer, text: &str, numbers: &[Number], received: &[u8], end: End) -> ! {
        let is_in_place = |number: &&Number| self.places.contains(&number.place);
        // Before a right reply, no place is known.
        let found = if self.places.is_empty() { numbers.first() } else { numbers.iter().find(is_in_place) };
        let remark = if has(numbers, text.chars().count()) { OTHER_PLACE } else { ANY_WORDS };
        fail_figure(client, text, found.map(|number| number.value), remark, received, end);
    }
}

/// The reply of the handout's server.
fn count_reply(text: &str) -> String {
    format!("I received {} chars: {text}", text.chars().count())
}

/// True if more NULs follow each other than the ends of strings explain.
fn has_padding(reply: &[u8]) -> bool {
    reply.windows(3).any(|three| three == [0; 3])
}

fn accept(client: &mut TcpPeer, received: &[u8], end: End) {
    client.step_received(received, end);
    client.take_sent();
}

#[track_caller]
fn fail_figure(
    client: &TcpPeer,
    text: &str,
    found: Option<usize>,
    remark: &str,
    received: &[u8],
    end: End,
) -> ! {
    client.step_received(received, end);
    let cause = Cause::WrongFigure {
        name: "number of characters".to_owned(),
        found: found.map(|found| found.to_string()),
        wanted: text.chars().count().to_string(),
    };
    let mut problem = client.problem_of(Some(cause), count_reply(text).as_bytes(), received, end);
    problem.summary += remark;
    fail(client.transcript(), problem);
}

#[track_caller]
fn fail_crowd(client: &TcpPeer, count: usize, received: &[u8], end: End) -> ! {
    client.step_received(received, end);
    let what = format!(
        "{}: the reply has {count} numbers beside its text, and at most {NUMBERS_MAX} may be there \
         (addresses, dates and times of day do not count)",
        client.name()
    );
    fail(client.transcript(), Problem::new(what).received(received, end));
}

#[track_caller]
fn fail_mixed(client: &TcpPeer, received: &[u8], end: End, what: &str) -> ! {
    client.step_received(received, end);
    let problem = Problem::new(format!("{}: {what}", client.name())).received(received, end);
    fail(client.transcript(), problem);
}

/// Plays a client that exchanges one line with a server of either form, and leaves.
#[track_caller]
pub fn ask(server: &Server) {
    Replies::exact().greeted(server).close();
}

/// The server of either form is reached at the address and the port that its command line names.
#[track_caller]
pub fn listens_where_it_is_told(program: &str) {
    if let Some((_server, address)) = Server::start_as_told(program) {
        Replies::of_any_end().ask(&mut TcpPeer::connect(address), "hello world");
    }
}

/// A server of either form answers another host.
#[track_caller]
pub fn answers_another_host(program: &str) {
    let ask = |server: &Server| Replies::of_any_end().ask(&mut server.tcp_client(), "hello world");
    serves_another_host(Transport::Tcp, || Server::start(program, &[]), ask);
}

#[cfg(test)]
mod tests {
    use super::{Found, Replies};

    /// Whether each reply has the number of its text's characters where the ones before had it.
    fn taken(replies: &[(&str, &str)]) -> Vec<bool> {
        let mut known = Replies::of_any_end();
        let take = |&(text, reply): &(&str, &str)| match Found::of(text, reply.as_bytes()) {
            Found::Count(numbers) => known.takes(&numbers, text.len()),
            Found::Crowd(_) | Found::Neither => false,
        };
        replies.iter().map(take).collect()
    }

    #[test]
    fn later_replies_have_the_number_in_the_place_of_the_first() {
        let guesses = [("hello", "5 or 11 chars: hello"), ("hello world", "5 or 11 chars: hello world")];
        assert_eq!(taken(&guesses), [true, false]);
        let moves = [("hello", "5 chars: hello"), ("hello", "hello has 5 chars"), ("one", "3 chars: one")];
        assert_eq!(taken(&moves), [true, false, true]);
    }

    #[test]
    fn a_number_that_is_equal_by_chance_settles_no_place() {
        let chance = [("hello", "client 5: 5 chars: hello"), ("one", "client 6: 3 chars: one")];
        assert_eq!(taken(&chance), [true, true]);
        let other = [("hello", "client 5: 5 chars: hello"), ("one", "client 3: 7 chars: one")];
        assert_eq!(taken(&other), [true, true]);
        let both = [&chance[..], &[("hello", "client 5: 1 chars: hello")]].concat();
        assert_eq!(taken(&both), [true, true, false]);
    }

    #[test]
    fn the_rest_of_an_older_reply_moves_no_place() {
        assert_eq!(taken(&[("hello", "5: hello"), ("one", "thread 1\n3: one")]), [true, true]);
    }
}
