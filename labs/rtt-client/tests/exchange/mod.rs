//! One exchange with a client in any language: it asks for a sentence, sends it, and shows what came back and when.

// Each test program uses a part of this.
#![allow(dead_code)]

use crate::shown::{self, TimeOfDay};
use labtest::failure::Moment;
use labtest::{Cause, Client, TcpPeer, TcpPeerListener, Transport, UdpPeer, unforeseen_text};
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The options of the crate's own client. Other programs have the timeout in their code, if they have one.
const OWN_ARGS: &[&str] = &["--timeout", "9s"];

/// How long to wait for something that a client may only show at its end.
const SHOWN_AT_ONCE: Duration = Duration::from_millis(1500);

/// Tells whether a time is how a client shows a certain moment.
type IsRight = Box<dyn Fn(&TimeOfDay) -> bool>;

/// How often to look at a client's output.
const LOOK: Duration = Duration::from_millis(20);

/// When the sentence is typed, and when the reply is sent.
#[derive(Clone, Copy)]
pub enum Pace {
    /// The sentence at once, and the reply soon.
    AtOnce,
    /// The sentence after a while, which is no part of the round trip, and the reply after a delay.
    Delay(Duration),
    /// Sentence and reply in different seconds, so that times in whole seconds differ, too.
    TwoSeconds,
}

impl Pace {
    /// The delay for an exchange in two seconds whose request came too early or too late for that.
    const USUAL: Duration = Duration::from_millis(300);

    /// The time until the sentence is typed.
    fn until_typing(self) -> Duration {
        const TYPED: Duration = Duration::from_millis(750);
        const SECOND: Duration = Duration::from_secs(1);
        const START_MIN: Duration = Duration::from_millis(250);
        match self {
            Pace::AtOnce => Duration::ZERO,
            Pace::Delay(_) => shown::SLACK + 2 * START_MIN,
            Pace::TwoSeconds => {
                let start = fraction(SystemTime::now() + START_MIN);
                START_MIN + if start <= TYPED { TYPED - start } else { SECOND + TYPED - start }
            }
        }
    }

    /// The delay of a reply to a request that came at `arrived`. Clients may give up after half a second.
    fn delay(self, arrived: SystemTime) -> Duration {
        const SOON: Duration = Duration::from_millis(50);
        const EARLY: Duration = Duration::from_millis(650);
        const INTO_NEXT: Duration = Duration::from_millis(1120);
        match self {
            Pace::AtOnce => SOON,
            Pace::Delay(delay) => delay,
            Pace::TwoSeconds if fraction(arrived) >= EARLY => INTO_NEXT - fraction(arrived),
            Pace::TwoSeconds => Pace::USUAL,
        }
    }
}

/// The part of a second in which a moment is.
fn fraction(moment: SystemTime) -> Duration {
    Duration::from_nanos(moment.duration_since(UNIX_EPOCH).unwrap_or_default().subsec_nanos().into())
}

/// An exchange that is over for the server.
pub struct Exchange {
    client: Client,
    /// What was typed, and what the client sent.
    sentence: String,
    request: Vec<u8>,
    /// When the connection was accepted, over TCP.
    accepted: Option<SystemTime>,
    arrived: SystemTime,
    replied: SystemTime,
    /// The request cannot have been sent before.
    begin: Instant,
    /// From the request's arrival to the reply.
    delay: Duration,
    /// True if the client showed the reply before it came.
    knew_reply: bool,
    /// Keeps the connection open.
    _connection: Option<TcpPeer>,
}

impl Exchange {
    /// Plays the server of one exchange.
    #[track_caller]
    pub fn over(transport: Transport, pace: Pace) -> Exchange {
        match transport {
            Transport::Udp => Exchange::over_udp(pace),
            Transport::Tcp => Exchange::over_tcp(pace),
        }
    }

    #[track_caller]
    fn over_udp(pace: Pace) -> Exchange {
        let mut server = UdpPeer::server();
        let mut client = start(Transport::Udp, server.address());
        let mut begin = Instant::now();
        // Ends early for a client that needs no sentence.
        if !server.has_datagram_for(pace.until_typing()) {
            begin = Instant::now();
        }
        let sentence = type_sentence(&mut client);
        let request = server.receive_any();
        let (arrived, start) = (SystemTime::now(), Instant::now());
        thread::sleep(pace.delay(arrived));
        let knew_reply = client.stdout().contains(&sentence.to_ascii_uppercase());
        let (replied, delay) = (SystemTime::now(), start.elapsed());
        server.send(&request.to_ascii_uppercase());
        let (accepted, _connection) = (None, None);
        Exchange {
            client,
            sentence,
            request,
            accepted,
            arrived,
            replied,
            begin,
            delay,
            knew_reply,
            _connection,
        }
    }

    /// The server closes after its reply, as the textbook's does: some clients wait for that.
    #[track_caller]
    fn over_tcp(pace: Pace) -> Exchange {
        let listener = TcpPeerListener::bind();
        let mut client = start(Transport::Tcp, listener.address());
        let typing = Instant::now() + pace.until_typing();
        let timed = |connection| (connection, SystemTime::now());
        // Some clients connect at once, others when the sentence is there.
        let connection = listener.accept_within(typing.saturating_duration_since(Instant::now())).map(timed);
        thread::sleep(typing.saturating_duration_since(Instant::now()));
        let begin = Instant::now();
        let sentence = type_sentence(&mut client);
        let (mut connection, accepted) = connection.unwrap_or_else(|| timed(listener.accept()));
        let first = connection.read_any();
        let (arrived, start) = (SystemTime::now(), Instant::now());
        let request = connection.read_rest(first);
        thread::sleep(pace.delay(arrived).saturating_sub(start.elapsed()));
        let knew_reply = client.stdout().contains(&sentence.to_ascii_uppercase());
        let (replied, delay) = (SystemTime::now(), start.elapsed());
        connection.send(&request.to_ascii_uppercase());
        connection.half_close();
        let (accepted, _connection) = (Some(accepted), Some(connection));
        Exchange {
            client,
            sentence,
            request,
            accepted,
            arrived,
            replied,
            begin,
            delay,
            knew_reply,
            _connection,
        }
    }

    /// Checks that the client sent the sentence that was typed, with anything around it.
    #[track_caller]
    pub fn check_sentence(&self) {
        let sentence = self.sentence.as_bytes();
        if !self.request.windows(sentence.len()).any(|part| part == sentence) {
            let what = format!("\"{}\" was typed, and the client sent something else", self.sentence);
            self.client.fail_because(Cause::OtherTextSent, &what);
        }
    }

    /// Checks that the client shows the reply, once it has come.
    #[track_caller]
    pub fn check_reply(&mut self) {
        let reply = self.sentence.to_ascii_uppercase();
        if self.knew_reply {
            let what = "it shows the upper-case text before the reply has come";
            self.client.fail_because(Cause::ReplyNotShown, what);
        }
        if !self.shows(|output| output.contains(&reply)) {
            self.client.expect_output(&reply);
        }
    }

    /// Checks that a time in the output is the round-trip time.
    #[track_caller]
    pub fn check_round_trip_time(&mut self) {
        let (delay, begin) = (self.delay, self.begin);
        // No round trip takes longer than from the typing until its time is seen.
        let is_shown = |output: &str| {
            let max = begin.elapsed().min(delay + shown::SLACK);
            shown::count_round_trip_times(output, delay, max) > 0
        };
        if !self.shows(is_shown) {
            let what = format!(
                "the reply came {} ms after its request, and no such time is shown",
                delay.as_millis()
            );
            self.client.fail_because(Cause::WrongRoundTripTime, &what);
        }
    }

    /// Checks that the output shows when the request was sent and when the reply came, for people.
    #[track_caller]
    pub fn check_times(&mut self) {
        self.check_moments(&[Moment::Sending, Moment::Receiving]);
    }

    /// The same, and when the connection was requested.
    #[track_caller]
    pub fn check_all_times(&mut self) {
        self.check_moments(&[Moment::Connecting, Moment::Sending, Moment::Receiving]);
    }

    #[track_caller]
    fn check_moments(&mut self, moments: &[Moment]) {
        let is_right = moments.iter().map(|moment| self.is_time_of(*moment)).collect::<Vec<_>>();
        if self.shows(|output| has_each(&shown::times_of_day(output), &is_right)) {
            return;
        }
        let output = self.client.stdout();
        let times = shown::times_of_day(&output);
        let is_twice = |time: &TimeOfDay| times.iter().filter(|other| *other == time).count() > 1;
        let missing = || {
            let of = (1..=moments.len()).find(|count| !has_each(&times, &is_right[..*count]));
            // The time of the connection alone shows that the other two are there.
            moments
                [if moments.len() > 2 && has_each(&times, &is_right[1..]) { 0 } else { of.unwrap_or(1) - 1 }]
        };
        let cause = if times.is_empty() {
            Cause::NoTimeOfDay { has_epoch: shown::has_epoch(&output) }
        } else if !times.iter().any(|time| is_right[moments.len() - 1](time)) && times.iter().any(is_twice) {
            Cause::SameTimeTwice
        } else {
            Cause::WrongTimeOfDay { of: missing() }
        };
        let what = format!(
            "the output has {} times of day, and lacks one of the {} right ones",
            times.len(),
            moments.len()
        );
        self.client.fail_because(cause, &what);
    }

    /// Tells whether a time is how a client shows a moment of this exchange.
    fn is_time_of(&self, moment: Moment) -> IsRight {
        let (arrived, replied, accepted) =
            (self.arrived, self.replied, self.accepted.unwrap_or(self.arrived));
        match moment {
            Moment::Connecting => Box::new(move |time| time.is_before(accepted)),
            // Over TCP, some programs take the request for the connection for the request.
            Moment::Sending => Box::new(move |time| time.is_before(arrived) || time.is_before(accepted)),
            Moment::Receiving => Box::new(move |time| time.is_after(replied)),
        }
    }

    /// Waits until the output is right. Some clients print everything when they end, and some end with their input.
    fn shows(&mut self, is_right: impl Fn(&str) -> bool) -> bool {
        let deadline = Instant::now() + SHOWN_AT_ONCE;
        while Instant::now() < deadline {
            let has_ended = self.client.has_ended();
            if is_right(&self.client.stdout()) {
                return true;
            }
            if has_ended {
                return false;
            }
            thread::sleep(LOOK);
        }
        self.client.end_input();
        self.client.ends();
        is_right(&self.client.stdout())
    }
}

#[track_caller]
fn start(transport: Transport, server: SocketAddr) -> Client {
    Client::start_over(transport, env!("CARGO_BIN_EXE_rtt-client"), OWN_ARGS, server)
}

/// Types a sentence that no program knows beforehand, and so not its reply either.
fn type_sentence(client: &mut Client) -> String {
    let sentence = format!("how far is {}", unforeseen_text(12));
    client.write(format!("{sentence}\n").as_bytes());
    sentence
}

/// True if `times` has a time of its own for each of the moments.
fn has_each(times: &[TimeOfDay], is_right: &[IsRight]) -> bool {
    let Some((is_first, others)) = is_right.split_first() else { return true };
    (0..times.len())
        .any(|at| is_first(&times[at]) && has_each(&[&times[..at], &times[at + 1..]].concat(), others))
}
