//! The pictures of the handouts, drawn from the stored runs in `tests/flows`.

use crate::harness::{fails, run};
use labcapture::flow;
use labcapture::lab::Lab;
use std::fs;
use std::path::{Path, PathBuf};

fn stored(lab: Lab) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/flows").join(lab.to_string())
}

/// Returns the steps of a picture, in words.
fn steps(lab: Lab) -> Vec<String> {
    let picture = flow::draw(lab, &stored(lab)).unwrap();
    let (_, rest) = picture.split_once("<desc id=\"description\">").unwrap();
    rest.split_once("</desc>").unwrap().0.split("; ").map(str::to_owned).collect()
}

fn position(steps: &[String], step: &str) -> usize {
    steps.iter().position(|found| found == step).unwrap_or_else(|| panic!("no `{step}` in {steps:#?}"))
}

#[test]
fn pictures_of_the_handouts_are_current() {
    for lab in Lab::ALL {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../labs/{lab}/flow.svg"));
        let committed = fs::read_to_string(&file).unwrap().replace("\r\n", "\n");
        let drawn = flow::draw(lab, &stored(lab)).unwrap();
        assert!(
            committed == drawn,
            "labs/{lab}/flow.svg differs; to draw it again: scripts/pictures.py --draw {lab}"
        );
    }
}

#[test]
fn pictures_fit_a_page() {
    for lab in Lab::ALL {
        let picture = flow::draw(lab, &stored(lab)).unwrap();
        let attribute = |name: &str, element: &str| -> i32 {
            let (_, rest) = element.split_once(&format!(" {name}=\"")).unwrap();
            rest.split_once('"').unwrap().0.parse().unwrap()
        };
        let width = attribute("width", &picture);
        assert!(width <= 720, "{lab}: {width}");
        for rectangle in picture.split("<rect ").skip(1) {
            let rectangle = format!(" {rectangle}");
            let left = attribute("x", &rectangle);
            assert!(left >= 0 && left + attribute("width", &rectangle) <= width, "{lab}: {rectangle}");
        }
    }
}

#[test]
fn second_client_of_the_plain_server_waits_for_the_first_one() {
    let steps = steps(Lab::TcpEcho);
    let [asks, leaves, accepted] =
        ["client 2: read waits", "client 1: drop", "server: accept → connection at once"]
            .map(|step| position(&steps, step));
    // The system accepts connection and text before the server does.
    assert!(asks < accepted && leaves < accepted, "{steps:#?}");
    assert!(position(&steps, "client 2 sends PSH, ACK · 7 bytes") < leaves, "{steps:#?}");
}

#[test]
fn second_client_of_the_threaded_server_is_answered_at_once() {
    let steps = steps(Lab::TcpThreaded);
    assert!(position(&steps, "client 2: → 7 bytes") < position(&steps, "client 1: drop"), "{steps:#?}");
    assert_eq!(steps.iter().filter(|step| *step == "server: thread::spawn").count(), 2);
}

#[test]
fn client_reads_the_clock_around_the_exchange() {
    let steps = steps(Lab::RttClient);
    let is_clock = |step: &String| step == "client: Instant::now";
    // UDP: before `send` and after `recv`. TCP: before the connection too.
    assert_eq!(steps.iter().filter(|step| is_clock(step)).count(), 5);
    for send in ["client: send", "client: write_all", "client: TcpStream::connect waits"] {
        assert!(is_clock(&steps[position(&steps, send) - 1]), "{steps:#?}");
    }
}

#[test]
fn prints_a_picture_or_an_error() {
    let output = run(&["flow", "udp-echo", stored(Lab::UdpEcho).to_str().unwrap()]);
    assert!(output.stdout.starts_with(b"<svg "));
    fails(&["flow", "udp-echo", "/nonexistent"], 1, "failed to open `/nonexistent/capture.pcap`");
    // The traces of another run.
    let other = stored(Lab::UdpEcho).join("../rtt-client");
    fails(&["flow", "udp-echo", other.to_str().unwrap()], 1, "capture.pcap");
}
