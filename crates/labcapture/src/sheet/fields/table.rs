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

/// A field of a sheet, as other programs see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FactField {
    /// The number of its question in the handout.
    pub question: u32,
    /// Its name in the sheet, such as `2.length`.
    pub name: &'static str,
    /// What to fill in.
    pub asks: &'static str,
}

/// Returns the fields of a lab's sheet, each of which is a point, in the order of the questions.
pub fn fact_fields(lab: Lab) -> impl Iterator<Item = FactField> {
    let described =
        |field: &'static Field| FactField { question: field.question(), name: field.name, asks: field.hint };
    fields(lab).iter().map(described)
}

#[cfg(test)]
mod tests {
    use super::fact_fields;
    use crate::lab::Lab;

    #[test]
    fn comes_in_the_order_of_the_questions() {
        for lab in Lab::ALL {
            let numbers: Vec<u32> = fact_fields(lab).map(|field| field.question).collect();
            assert!(numbers.is_sorted() && numbers[0] > 0, "{lab}: {numbers:?}");
        }
    }
}
