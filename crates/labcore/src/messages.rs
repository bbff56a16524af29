//! What a client of the echo labs reads from its user, and what it shows.

use crate::printable::{printable, without_newline};
use anyhow::{Context, bail};
use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::iter;

/// The longest line that a client takes from its user: more than ten times what any datagram carries.
const LINE_BYTES_MAX: usize = 1 << 20;

/// Gives the messages that a client sends: `message` alone if there is one, otherwise each line of standard input.
///
/// On a terminal, the user gets a prompt for each line. A pipe or a file is read without a prompt.
pub fn messages(message: Option<String>) -> Box<dyn Iterator<Item = anyhow::Result<Vec<u8>>>> {
    if let Some(message) = message {
        return Box::new(iter::once(Ok(message.into_bytes())));
    }
    let prompt = io::stdin().is_terminal() && io::stdout().is_terminal();
    Box::new(iter::from_fn(move || next_line(prompt).transpose()))
}

fn next_line(prompt: bool) -> anyhow::Result<Option<Vec<u8>>> {
    if prompt {
        print("Input lowercase sentence: ")?;
    }
    let mut line = Vec::new();
    let mut input = io::stdin().lock().take(LINE_BYTES_MAX as u64 + 1);
    input.read_until(b'\n', &mut line).context("failed to read standard input")?;
    if line.len() > LINE_BYTES_MAX {
        bail!("a line of the input is longer than {LINE_BYTES_MAX} bytes");
    }
    if line.is_empty() {
        if prompt {
            print("\n")?; // the shell's prompt belongs on a line of its own
        }
        return Ok(None);
    }
    Ok(Some(without_newline(&line).to_vec()))
}

/// Prints a server's reply on a line of its own: `From server: HELLO`.
///
/// # Errors
/// If standard output is closed or full.
pub fn print_reply(reply: &[u8]) -> anyhow::Result<()> {
    print(&format!("From server: {}\n", printable(reply)))
}

fn print(text: &str) -> anyhow::Result<()> {
    let mut output = io::stdout();
    output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush())
        .context("failed to write to standard output")
}
