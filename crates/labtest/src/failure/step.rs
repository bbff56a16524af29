//! The *steps* of a check: who did what to whom, when, and with which bytes.

use super::{End, Excerpt};
use crate::os::socket::Transport;
use labcore::printable;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::SocketAddr;

/// One thing that happened during a check.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Step {
    /// Milliseconds since the check began.
    pub at_ms: u64,
    /// Who did it.
    pub actor: Actor,
    /// What was done.
    #[serde(flatten)]
    pub action: Action,
}

/// Who acts in a step.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "role", rename_all = "kebab-case")]
pub enum Actor {
    /// The check itself, in the place of the person who starts programs and types.
    Check,
    /// A program under test.
    Program {
        /// The name of its file.
        name: String,
    },
    /// A client that the check plays.
    Client {
        /// Its own address.
        address: SocketAddr,
    },
    /// A server that the check plays.
    Server {
        /// Its own address.
        address: SocketAddr,
    },
}

/// What is done in a step.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub enum Action {
    /// The check starts a program.
    Start {
        /// Its command line.
        command: String,
    },
    /// The program listens.
    Listen {
        /// Where.
        address: SocketAddr,
    },
    /// A connection is there.
    Connect {
        /// The other end.
        peer: SocketAddr,
    },
    /// No connection could be made.
    FailToConnect {
        /// Where to.
        peer: SocketAddr,
        /// Why.
        error: String,
    },
    /// Bytes are sent.
    Send {
        /// How.
        transport: Transport,
        /// The bytes.
        bytes: Excerpt,
        /// How often.
        times: usize,
    },
    /// Bytes are received.
    Receive {
        /// How.
        transport: Transport,
        /// The sender, where it may vary.
        from: Option<SocketAddr>,
        /// The bytes.
        bytes: Excerpt,
        /// Why no more came.
        end: End,
    },
    /// Nothing comes, as expected.
    ReceiveNothing {
        /// For so many milliseconds.
        for_ms: u64,
    },
    /// The sending side ends, and the receiving side stays open.
    EndSending,
    /// The connection is reset.
    Reset,
    /// The connection is closed.
    Close,
    /// The check types into a program.
    Type {
        /// The bytes.
        bytes: Excerpt,
    },
    /// The check ends the program's input.
    EndInput,
    /// The program does not take its input.
    RefuseInput {
        /// Why.
        error: String,
    },
    /// The check waits for some output of a program.
    ExpectOutput {
        /// The program.
        program: String,
        /// The text.
        text: String,
    },
    /// The check waits to see that a program prints nothing more.
    ExpectNoOutput {
        /// The program.
        program: String,
        /// For so many milliseconds.
        for_ms: u64,
    },
    /// The check waits for the end of a program.
    ExpectExit {
        /// The program.
        program: String,
        /// The exit status expected.
        status: i32,
    },
    /// The check sends a signal to a program.
    Signal {
        /// The program.
        program: String,
        /// The signal's name.
        signal: String,
    },
}

impl Action {
    /// The same, with words short enough for a line: a command line may hold a whole datagram.
    pub(crate) fn shortened(mut self) -> Action {
        const BYTES_MAX: usize = 1024;
        if let Action::Start { command: text } | Action::ExpectOutput { text, .. } = &mut self {
            if let Some(end) = (BYTES_MAX..text.len()).find(|at| text.is_char_boundary(*at)) {
                text.truncate(end);
                text.push('…');
            }
        }
        self
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Actor::Check => Ok(()),
            Actor::Program { name } => write!(f, "{} ", printable(name.as_bytes())),
            Actor::Client { address } => write!(f, "client {address} "),
            Actor::Server { address } => write!(f, "server {address} "),
        }
    }
}

/// As a line of the report: `client 127.0.0.1:40812 sends 6 bytes: "hello\n"`.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.actor, self.action)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let datagram =
            |transport: &Transport| if *transport == Transport::Udp { "a datagram of " } else { "" };
        let seconds = |ms: &u64| std::time::Duration::from_millis(*ms).as_secs_f64();
        match self {
            Action::Start { command } => write!(f, "start `{}`", printable(command.as_bytes())),
            Action::Listen { address } => write!(f, "listens on {address}"),
            Action::Connect { peer } => write!(f, "is connected to {peer}"),
            Action::FailToConnect { peer, error } => write!(f, "a client cannot connect to {peer}: {error}"),
            Action::Send { transport, bytes, times: 1 } => write!(f, "sends {}{bytes}", datagram(transport)),
            Action::Send { transport, bytes, times } => {
                write!(
                    f,
                    "sends {}{bytes}, {times} times, and reads the replies meanwhile",
                    datagram(transport)
                )
            }
            Action::Receive { transport, from, bytes, end } => {
                write!(f, "receives {}{bytes}{end}", datagram(transport))?;
                from.map_or(Ok(()), |from| write!(f, " from {from}"))
            }
            Action::ReceiveNothing { for_ms } => write!(f, "receives nothing for {} s", seconds(for_ms)),
            Action::EndSending => f.write_str("ends its sending side"),
            Action::Reset => f.write_str("resets the connection"),
            Action::Close => f.write_str("closes the connection"),
            Action::Type { bytes } => write!(f, "type {bytes}"),
            Action::EndInput => f.write_str("end the input"),
            Action::RefuseInput { error } => write!(f, "does not read its standard input: {error}"),
            Action::ExpectOutput { program, text } => write!(
                f,
                "expect {} to print \"{}\"",
                printable(program.as_bytes()),
                printable(text.as_bytes())
            ),
            Action::ExpectNoOutput { program, for_ms } => {
                write!(
                    f,
                    "expect {} to print nothing else for {} s",
                    printable(program.as_bytes()),
                    seconds(for_ms)
                )
            }
            Action::ExpectExit { program, status } => {
                write!(f, "expect {} to end with status {status}", printable(program.as_bytes()))
            }
            Action::Signal { program, signal } => {
                write!(f, "send signal {signal} to {}", printable(program.as_bytes()))
            }
        }
    }
}
