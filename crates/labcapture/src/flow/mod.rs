//! A picture of the message flow of a lab: the calls on both sides, and the packets between them, from a real run.
//!
//! A run is a directory with a capture (`capture.pcap`, made on the server's host) and a trace of each program
//! (`server.strace`, `client-1.strace`, …) by the clock of the same computer. Read in this order: [`trace`] reads what
//! strace writes, [`calls`] selects the calls of the lab, [`matching`] relates them to packets, [`sequence`] puts both
//! into one order, and [`drawing`] draws them. `scripts/pictures.py` records the runs.

pub mod calls;
pub mod drawing;
pub mod matching;
pub mod sequence;
pub mod trace;

use crate::capture;
use crate::conversation::{Conversation, Side};
use crate::lab::Lab;
use crate::svg::{Anchor, Colour, Elements, Font};
use anyhow::{Context, ensure};
use drawing::{Panel, Run};
use std::fs;
use std::path::Path;

/// The maximum number of clients in a picture.
const CLIENTS_MAX: usize = 2;

/// Draws the picture of a lab from its runs in `directory`.
///
/// # Errors
/// If a file of a run is missing or damaged, or the capture does not fit the traces.
pub fn draw(lab: Lab, directory: &Path) -> anyhow::Result<String> {
    let (title, panels): (&str, &[(&str, &str)]) = match lab {
        Lab::UdpEcho => ("Lab 1: one datagram in each direction", &[("", "")]),
        Lab::TcpEcho => ("Lab 2: the second client waits until the first one leaves", &[("", "")]),
        Lab::TcpThreaded => ("Lab 3: each client has its own thread", &[("", "")]),
        Lab::RttClient => {
            let title = "Lab 4: one exchange over UDP and one over TCP, with the times that the client takes";
            (title, &[("udp", "over UDP"), ("tcp", "over TCP")])
        }
        Lab::HttpFileServer => ("Lab 5: one request and its response", &[("", "")]),
    };
    let mut elements = Elements::default();
    let (mut width, mut bottom) = (0, 0);
    let mut words = Vec::new();
    for (name, heading) in panels {
        let mut top = bottom;
        if !heading.is_empty() {
            elements.text((12, top + 24), Anchor::Start, Font::Bold, Colour::Ink, heading);
            top += 26;
        }
        let panel = draw_run(&directory.join(name), lab != Lab::HttpFileServer, top)?;
        elements.append(&panel.elements);
        width = width.max(panel.width);
        bottom = panel.bottom;
        words.push(panel.words);
    }
    Ok(elements.picture((width, bottom + 8), title, &words.join("; ")))
}

fn draw_run(directory: &Path, is_client_rust: bool, top: i32) -> anyhow::Result<Panel> {
    let (capture, result) = capture::read_file(&directory.join("capture.pcap"));
    result?;
    let mut programs = vec![calls::select(&read_trace(&directory.join("server.strace"))?)];
    for number in 1..=CLIENTS_MAX {
        let path = directory.join(format!("client-{number}.strace"));
        if number == 1 || path.exists() {
            programs.push(calls::select_as_one_thread(&read_trace(&path)?));
        }
    }
    let matches = matching::relate(&programs, &capture.conversations);
    let mut addresses = vec![String::new()];
    for client in 1..programs.len() {
        let conversation = matches.conversations.get(client - 1).map(|index| &capture.conversations[*index]);
        let Some(Conversation { common, .. }) = conversation else {
            anyhow::bail!("`{}` does not show what client {client} sends", directory.display());
        };
        addresses[0] = common.addresses[Side::Server].to_string();
        addresses.push(common.addresses[Side::Client].to_string());
    }
    ensure!(!matches.packets.is_empty(), "`{}` holds no packets of this run", directory.display());
    let steps = sequence::order(&programs, &matches);
    let run =
        Run { programs: &programs, matches: &matches, steps: &steps, addresses: &addresses, is_client_rust };
    Ok(drawing::draw(&run, top))
}

fn read_trace(path: &Path) -> anyhow::Result<Vec<trace::SystemCall>> {
    let name = path.display();
    let text = fs::read_to_string(path).with_context(|| format!("failed to read `{name}`"))?;
    trace::parse(&text).with_context(|| format!("failed to read `{name}`"))
}
