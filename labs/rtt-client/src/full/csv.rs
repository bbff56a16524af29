//! The results as a table: one row for each exchange.

use crate::clock::{nanoseconds, rfc3339, rfc3339_at};
use crate::connection::Connection;
use crate::results::Results;
use std::io::{self, Write};

/// The columns of version 1. A change that a reader must know about gets another version.
///
/// - `version`: 1;
/// - `protocol`: `udp` or `tcp`;
/// - `sequence`: the number of the request, from 1;
/// - `warm_up`: `true` if the exchange is not counted;
/// - `due_ns`, `sent_ns`, `received_ns`: nanoseconds since the start of the run; `received_ns` is empty without a reply;
/// - `rtt_ns`: `received_ns` − `sent_ns`;
/// - `late`: `true` if the reply arrived after the timeout;
/// - `copies`: how many replies arrived;
/// - `reordered`: `true` if the reply arrived after the reply to a later request;
/// - `sent`, `received`: the same times as date and time of day (RFC 3339), in microseconds, with the offset from UTC;
/// - `connection_requested`: when the TCP connection of this exchange was requested, as date and time of day; empty over
///   UDP. One connection serves all exchanges, unless each has its own (`--connect-each`);
/// - `connect_ns`: how long that took. It is not part of `rtt_ns`.
pub const COLUMNS: &str = "version,protocol,sequence,warm_up,due_ns,sent_ns,received_ns,rtt_ns,late,copies,reordered,sent,received,connection_requested,connect_ns";

/// Writes `results` as comma-separated values (RFC 4180). No field needs quotes.
///
/// # Errors
/// If writing fails.
pub fn write(results: &Results, output: &mut dyn Write) -> io::Result<()> {
    writeln!(output, "{COLUMNS}")?;
    let optional = |ns: Option<u64>| ns.map_or(String::new(), |ns| ns.to_string());
    for series in &results.series {
        let protocol = series.protocol.to_string().to_lowercase();
        for (sequence, exchange) in (1..).zip(series.log.exchanges()) {
            let warm_up = sequence <= results.plan.warm_up;
            let (due_ns, sent_ns) = (exchange.due_ns, exchange.sent_ns);
            let (received_ns, rtt_ns) = (optional(exchange.received_ns), optional(exchange.rtt_ns()));
            let (late, copies, reordered) =
                (series.log.is_late(exchange), exchange.copies, exchange.reordered);
            let sent = rfc3339(results.started, sent_ns);
            let received = exchange.received_ns.map_or(String::new(), |ns| rfc3339(results.started, ns));
            let connection = Connection::of(&series.connections, sequence);
            let requested =
                connection.map_or(String::new(), |made| rfc3339_at(results.started, made.requested.wall));
            let connect_ns = optional(connection.map(|made| nanoseconds(made.connect)));
            writeln!(
                output,
                "1,{protocol},{sequence},{warm_up},{due_ns},{sent_ns},{received_ns},{rtt_ns},{late},{copies},{reordered},{sent},{received},{requested},{connect_ns}"
            )?;
        }
    }
    Ok(())
}
