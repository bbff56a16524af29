//! A *client* under test.

use super::command_line::{ARGS, filled, not_tried, own, top_folder};
use super::process::Program;
use crate::os::socket::Transport;
use crate::settings::{self, Reason};
use crate::transcript::Launch;
use std::net::SocketAddr;
use std::ops::{Deref, DerefMut};

/// A client under test.
pub struct Client {
    program: Program,
}

impl Client {
    /// Starts the crate's own client, or the one that `LAB_CLIENT` names, with `args` and its server's address.
    #[track_caller]
    pub fn start(own_client: &str, args: &[&str], server: SocketAddr) -> Client {
        if let Some(template) = settings::command_line(settings::CLIENT) {
            return Client::from_template(&template, args, server);
        }
        let (host, port) = (server.ip().to_string(), server.port().to_string());
        let mut line = own(own_client, &[args, &[&host, &port]].concat());
        // A person starts the server on a fixed port, and the client for that.
        line.launch = own(own_client, &[args, &[&host, "0"]].concat()).launch;
        Client { program: Program::start(&line) }
    }

    /// Like [`Client::start`], with options that `LAB_CLIENT` gets only if it has `{args}`.
    #[track_caller]
    pub fn start_if_taken(own_client: &str, args: &[&str], server: SocketAddr) -> Client {
        let takes_args = settings::command_line(settings::CLIENT).is_none_or(|line| line.contains(ARGS));
        Client::start(own_client, if takes_args { args } else { &[] }, server)
    }

    /// Starts a client that measures over one protocol: the crate's own with the word `udp` or `tcp` and `own_args`, or
    /// the one that `LAB_CLIENT` (UDP) or `LAB_TCP_CLIENT` (TCP) names. If one program does both, `LAB_CLIENT` alone names
    /// it, and the word takes the place of its `{args}`.
    #[track_caller]
    pub fn start_over(
        transport: Transport,
        own_client: &str,
        own_args: &[&str],
        server: SocketAddr,
    ) -> Client {
        let (variable, word) = match transport {
            Transport::Udp => (settings::CLIENT, "udp"),
            Transport::Tcp => (settings::TCP_CLIENT, "tcp"),
        };
        let start = |variable, template: &str| {
            let word = [word];
            let args = if template.contains(ARGS) { &word[..] } else { &[] };
            Client::from_command_line(variable, template, args, server)
        };
        if let Some(template) = settings::command_line(variable) {
            return start(variable, &template);
        }
        match settings::command_line(settings::CLIENT) {
            Some(template) if template.contains(ARGS) => start(settings::CLIENT, &template),
            Some(_) => not_tried(Reason::NoTcpClient),
            None => Client::start(own_client, &[&[word], own_args].concat(), server),
        }
    }

    /// Starts any client by a command line with `{host}`, `{port}` and `{args}` in it.
    #[track_caller]
    pub fn from_template(template: &str, args: &[&str], server: SocketAddr) -> Client {
        Client::from_command_line(settings::CLIENT, template, args, server)
    }

    #[track_caller]
    fn from_command_line(variable: &str, template: &str, args: &[&str], server: SocketAddr) -> Client {
        let (host, port) = (server.ip().to_string(), server.port());
        let line = filled(variable, template, args, &host, port);
        Client { program: Program::start_in(&top_folder(), &line) }
    }

    /// Starts the client for a server on IPv6: `LAB_CLIENT` with the host in the place of `{host}`, unless it takes any
    /// `{args}`; and every other client with an address such as `[::1]:25000`.
    #[track_caller]
    pub(crate) fn start_on_ipv6(own_client: &str, server: SocketAddr) -> Client {
        match settings::command_line(settings::CLIENT) {
            Some(template) if template.contains(Launch::HOST) && !template.contains(ARGS) => {
                Client::from_template(&template, &[], server)
            }
            _ => Client::at(own_client, &[&server.to_string()]),
        }
    }

    /// Starts a client with exactly these words on its command line.
    #[track_caller]
    pub fn at(program: &str, args: &[&str]) -> Client {
        Client { program: Program::start(&own(program, args)) }
    }
}

impl Deref for Client {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.program
    }
}

impl DerefMut for Client {
    fn deref_mut(&mut self) -> &mut Program {
        &mut self.program
    }
}
