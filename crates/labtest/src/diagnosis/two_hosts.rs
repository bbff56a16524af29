//! Why two programs do not meet on two hosts that meet on one.

use super::fail::{Problem, fail};
use crate::failure::Cause;
use crate::os::second_host;
use crate::os::socket::{self, Transport};
use crate::settings;
use crate::transcript::Transcript;
use std::net::SocketAddr;

/// How programs report the error of a system that is asked to send from 127.0.0.1 to another host.
const INVALID: [&str; 3] = ["[errno 22]", "(os error 22)", "einval"];

/// How `perror` of C ends its line.
const INVALID_AT_END: &str = ": invalid argument";

/// Fails the check if a server on another host is bound to loopback alone. No packet shows this as surely.
#[track_caller]
pub(crate) fn expect_open(transcript: &Transcript, transport: Transport) {
    let bound = bound(transcript, transport);
    if let Some(address) = bound.first().filter(|_| bound.iter().all(is_loopback)) {
        let problem =
            Problem::new(format!("the server is bound to {address}, and its client is on another host"));
        fail(transcript, problem.cause(Some(Cause::ListensOnLoopback { address: *address })));
    }
}

/// Why a client on a host of its own sent nothing to `server`, on the other host.
pub(crate) fn cause_of_no_request(transcript: &Transcript, server: SocketAddr) -> Option<Cause> {
    settings::on_second_host()?;
    if second_host::has_talked_to_itself() {
        return Some(Cause::AsksOwnComputer { server });
    }
    let is_invalid = transcript.output().iter().any(|output| {
        let printed = format!("{}{}", output.stdout, output.stderr).to_lowercase();
        INVALID.iter().any(|words| printed.contains(words))
            || printed.lines().any(|line| line.trim_end().ends_with(INVALID_AT_END))
    });
    let is_bound = || bound(transcript, Transport::Udp).iter().any(is_loopback);
    (is_invalid || is_bound()).then_some(Cause::BoundToLoopback)
}

/// Where the programs are bound (UDP) or listen (TCP).
fn bound(transcript: &Transcript, transport: Transport) -> Vec<SocketAddr> {
    let open = transcript.processes().into_iter().flat_map(socket::open);
    open.filter(|(found, _)| *found == transport).map(|(_, address)| address).collect()
}

fn is_loopback(address: &SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}
