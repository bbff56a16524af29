//! The files that the client writes.

use crate::common::{CLIENT, echo, start};
use crate::files::{json, number, read_written, requests};
use crate::scratch::scratch;
use labtest::{UdpPeer, check, check_eq, fail_check, run};
use serde_json::{Value, json};

/// The elements of a list in the JSON.
#[track_caller]
fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.as_array().unwrap_or_else(|| fail_check(&format!("`{name}` is no list in the JSON: {value}")))
}

#[test]
fn writes_json_that_reads_back() {
    let server = echo();
    let found = json("run.json", "compare --count 20 --warm-up 2 --interval 1ms", server);
    check_eq!(found["version"], json!(1), "`version`");
    check_eq!(found["target"], json!(server.to_string()), "`target`");
    let plan = json!({"count": 20, "warm_up": 2, "interval_ns": 1_000_000, "timeout_ns": 1_000_000_000, "size": 32,
        "split_write": false, "no_delay": true, "connect_each": false});
    check_eq!(found["plan"], plan, "`plan`");
    let (low_ms, high_ms) = (number(&found["difference"]["low_ms"]), number(&found["difference"]["high_ms"]));
    check!(low_ms <= high_ms, "the interval of the difference is {low_ms} to {high_ms}");
    let series = list(&found["series"], "series");
    check_eq!(series.len(), 2, "number of series");
    for (series, protocol) in series.iter().zip(["udp", "tcp"]) {
        check_series(series, protocol);
    }
}

/// True for a time by RFC 3339.
fn is_time(value: &Value) -> bool {
    value.as_str().is_some_and(|text| chrono::DateTime::parse_from_rfc3339(text).is_ok())
}

#[track_caller]
fn check_series(series: &Value, protocol: &str) {
    for (name, expected) in [
        ("protocol", json!(protocol)),
        ("sent", json!(20)),
        ("received", json!(20)),
        ("errors", json!([])),
        ("unfinished", json!(0)),
        ("ended_by", json!(null)),
    ] {
        check_eq!(series[name], expected, "`{name}` of {protocol}");
    }
    check_eq!(series["connect_ms"].is_number(), protocol == "tcp", "`connect_ms` of {protocol} is a number");
    let requested = &series["connection_requested"];
    check_eq!(is_time(requested), protocol == "tcp", "`connection_requested` of {protocol} is a time");
    let exchanges = list(&series["exchanges"], "exchanges");
    check_eq!(exchanges.len(), 22, "exchanges of {protocol}");
    let mut rtts = Vec::new();
    for exchange in exchanges {
        let (sent_ns, rtt_ns) = (number(&exchange["sent_ns"]), number(&exchange["rtt_ns"]));
        check_eq!(number(&exchange["received_ns"]), sent_ns + rtt_ns, "`received_ns`");
        check!(number(&exchange["due_ns"]) <= sent_ns, "sent before it was due: {exchange}");
        check!(is_time(&exchange["received"]), "`received` is no time by RFC 3339: {exchange}");
        check_eq!(exchange["connection_requested"], *requested, "the one connection of {exchange}");
        check_eq!(exchange["connect_ns"].is_number(), protocol == "tcp", "`connect_ns` is a number");
        if exchange["warm_up"] == json!(false) {
            rtts.push(rtt_ns / 1e6);
        }
    }
    rtts.sort_by(f64::total_cmp);
    check_eq!(rtts.len(), 20, "exchanges without `warm_up`");
    let expected = (rtts[9] + rtts[10]) / 2.0;
    let median = number(&series["from_sending"]["median_ms"]);
    check!((median - expected).abs() < 1e-9, "`median_ms` is {median}, and the exchanges give {expected}");
    let scheduled = number(&series["from_schedule"]["median_ms"]);
    check!(scheduled >= median, "`from_schedule` has the median {scheduled}, `from_sending` {median}");
}

/// The times in this field of a run over both protocols, in turns.
#[track_caller]
fn times_in_turns(run: &Value, field: &str) -> Vec<u64> {
    let [udp, tcp] = [0, 1].map(|at| list(&run["series"][at]["exchanges"], "exchanges"));
    check_eq!(udp.len(), tcp.len(), "exchanges of UDP and of TCP");
    let times = udp.iter().zip(tcp).flat_map(|(udp, tcp)| [&udp[field], &tcp[field]]);
    times.map(|ns| ns.as_u64().unwrap_or_else(|| fail_check(&format!("`{field}` is {ns}")))).collect()
}

#[test]
fn interleaves_the_two_protocols() {
    let run = json("interleaved.json", "compare --count 20 --interval 4ms", echo());
    let due_ns = times_in_turns(&run, "due_ns");
    let is_even = due_ns.windows(2).all(|pair| pair[1].checked_sub(pair[0]) == Some(2_000_000));
    check!(is_even, "UDP and TCP should take turns every 2 ms: {due_ns:?}");
}

#[test]
fn takes_turns_without_an_interval() {
    let run = json("turns.json", "compare --count 500 --interval 0s --timeout 9s --quiet", echo());
    let sent_ns = times_in_turns(&run, "sent_ns");
    check_eq!(sent_ns.len(), 1000, "exchanges");
    check!(sent_ns.is_sorted(), "UDP and TCP should take turns: {sent_ns:?}");
}

#[test]
fn writes_a_table_that_reads_back() {
    let mut server = UdpPeer::server();
    let path = scratch("run.csv");
    let args = format!("udp --count 3 --interval 1ms --timeout 100ms --csv {}", path.display());
    let mut client = start(&args, server.address());
    let replies = requests(&mut server, 3);
    for at in [2, 0, 2] {
        server.send(&replies[at]);
    }
    client.expect_exit(0);
    let table = read_written(&path);
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
    check_eq!(rows.len(), 4, "rows, with the head, in\n{table}\n");
    check!(rows.iter().all(|row| row.len() == 15), "each row should have 15 columns:\n{table}");
    let column = |name: &str| {
        let at = rows[0].iter().position(|column| *column == name);
        let at = at.unwrap_or_else(|| fail_check(&format!("there is no column `{name}` in\n{table}")));
        [1, 2, 3].map(|row: usize| rows[row][at])
    };
    for (name, expected) in [
        ("version", ["1", "1", "1"]),
        ("sequence", ["1", "2", "3"]),
        ("copies", ["1", "0", "2"]),
        ("reordered", ["true", "false", "false"]),
    ] {
        check_eq!(column(name), expected, "column `{name}` of\n{table}\n");
    }
    for name in ["received_ns", "rtt_ns", "received"] {
        check_eq!(column(name)[1], "", "`{name}` of the lost request in\n{table}\n");
    }
    let ns = |name: &str| column(name)[2].parse::<u64>().ok();
    let sum = ns("sent_ns").zip(ns("rtt_ns")).map(|(sent, rtt)| sent + rtt);
    check!(
        sum.is_some() && ns("received_ns") == sum,
        "`received_ns` is not `sent_ns` + `rtt_ns` in\n{table}"
    );
}

#[test]
fn writes_when_it_requested_the_connection_into_the_table() {
    let path = scratch("tcp.csv");
    let before = chrono::Utc::now();
    start(&format!("compare --count 2 --interval 1ms --csv {}", path.display()), echo()).expect_exit(0);
    let table = read_written(&path);
    for row in table.lines().skip(1) {
        let columns: Vec<&str> = row.split(',').collect();
        let [protocol, sent, requested, connect_ns] = [1, 11, 13, 14].map(|at| columns[at]);
        if protocol == "udp" {
            check_eq!([requested, connect_ns], ["", ""], "the connection in `{row}`");
            continue;
        }
        let [sent, requested] = [sent, requested].map(|text| chrono::DateTime::parse_from_rfc3339(text).ok());
        let is_right =
            requested.is_some_and(|requested| requested >= before - chrono::TimeDelta::milliseconds(1));
        check!(is_right && requested <= sent, "the connection was requested before the request: `{row}`");
        check!(connect_ns.parse::<u64>().is_ok_and(|ns| ns > 0), "`connect_ns` in `{row}`");
    }
}

#[test]
fn draws_a_picture() {
    for count in [30, 2000] {
        let path = scratch(&format!("run-{count}.svg"));
        let args = format!("compare --count {count} --interval 0s --quiet --plot {}", path.display());
        start(&args, echo()).expect_exit(0);
        let svg = read_written(&path);
        check!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "the file is no SVG");
        for part in ["prefers-color-scheme: dark", "round trip time in ms", "class=\"udp\"", "class=\"tcp\""]
        {
            check!(svg.contains(part), "`{part}` is missing in the SVG");
        }
        check!(svg.len() < 200_000, "the SVG has {} bytes", svg.len());
    }
}

#[cfg(unix)]
#[test]
fn ends_when_nobody_reads_its_output_and_keeps_the_files() {
    let path = scratch("head.csv");
    let script =
        format!("\"$0\" udp {} --count 100000 --interval 10ms --csv {} | head -2", echo(), path.display());
    let finished = run("/bin/sh", &["-c", &script, CLIENT]);
    let second = finished.stdout.lines().nth(1).unwrap_or_default();
    check!(second.starts_with("UDP 1: "), "the second line is `{second}`");
    check!(
        finished.stderr.starts_with("error: failed to write to standard output: "),
        "standard error holds `{}`",
        finished.stderr
    );
    check!(read_written(&path).lines().count() > 1, "the table has no rows");
}

#[test]
fn says_which_file_it_can_not_write() {
    for option in ["--json", "--csv", "--plot"] {
        let server = echo().to_string();
        let finished = run(CLIENT, &["udp", &server, option, "/no/such/folder/file", "--count", "1"]);
        finished.expect_error_with("error: failed to create `/no/such/folder/file`: ");
        finished.expect_status(1).expect_stdout("");
    }
}

#[test]
fn writes_no_file_over_another() {
    let path = scratch("twice");
    let file = path.display().to_string();
    let finished =
        run(CLIENT, &["udp", &echo().to_string(), "--count", "1", "--json", &file, "--csv", &file]);
    finished.expect_stderr(&format!("error: two results can't be written to one file, `{file}`\n"));
    finished.expect_status(1).expect_stdout("");
}

#[cfg(target_os = "linux")]
#[test]
fn says_that_there_is_no_room_for_so_many_exchanges() {
    let script = format!("ulimit -v 200000; \"$0\" compare {} --count 10000000", echo());
    let finished = run("/bin/sh", &["-c", &script, CLIENT]);
    finished.expect_error("error: failed to make room for 10000000 exchanges: ", "");
}
