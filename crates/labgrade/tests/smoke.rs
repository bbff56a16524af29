//! One right and one wrong program for each lab, through the whole pipeline. The whole corpus is in `corpus.rs`.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use support::corpus::check_smoke;

#[track_caller]
fn check(lab: &str) {
    if support::can_grade() {
        check_smoke(support::labgrade(), &support::workspace(), lab);
    }
}

#[test]
fn udp_echo_programs_get_their_scores_and_causes() {
    check("udp-echo");
}

#[test]
fn tcp_echo_programs_get_their_scores_and_causes() {
    check("tcp-echo");
}

#[test]
fn threaded_servers_get_their_scores_and_causes() {
    check("tcp-threaded");
}

#[test]
fn rtt_clients_get_their_scores_and_causes() {
    check("rtt-client");
}

#[test]
fn web_servers_get_their_scores_and_causes() {
    check("http-file-server");
}
