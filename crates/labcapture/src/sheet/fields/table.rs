//! Which fields a lab's sheet has.

use crate::lab::Lab;
use crate::sheet::fields::field::Field;
use crate::sheet::fields::http_file_server;
use crate::sheet::fields::rtt_client;
use crate::sheet::fields::tcp_echo;
use crate::sheet::fields::tcp_threaded;
use crate::sheet::fields::udp_echo;

/// Returns the fields of a lab's sheet, in the order of the questions.
pub fn fields(lab: Lab) -> &'static [Field] {
    match lab {
        Lab::UdpEcho => udp_echo::FIELDS,
        Lab::TcpEcho => tcp_echo::FIELDS,
        Lab::TcpThreaded => tcp_threaded::FIELDS,
        Lab::RttClient => rtt_client::FIELDS,
        Lab::HttpFileServer => http_file_server::FIELDS,
    }
}
