//! What the server answers, and how: in upper case, or with the number of characters.

// BEGIN SOLUTION
use labcore::{is_timeout, uppercase, without_newline};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// The most that one read takes, and the longest line that is counted whole, with its newline. Each client's thread has
/// a buffer of this size.
const CHUNK_BYTES_MAX: usize = 4096;

/// The silence after which an unfinished line is counted as it stands.
const LINE_PAUSE: Duration = Duration::from_millis(200);
// END SOLUTION
// STUB: #![allow(unused_imports)] // delete this line when you have finished
// STUB:
// STUB: use labcore::{is_timeout, uppercase, without_newline};
// STUB: use std::io::{self, BufRead, BufReader, Read, Write};
// STUB: use std::net::TcpStream;
// STUB: use std::time::Duration;

/// What the server answers.
#[derive(Clone, Copy, clap::ValueEnum)]
pub enum Reply {
    /// Returns whatever arrives in upper case, at once.
    Upper,
    /// Returns the number of characters of each line, as in `I received 5 chars: hello`.
    Count,
}

/// Returns whatever arrives, at once. `show` prints it.
pub fn return_upper_case(mut connection: &TcpStream, show: impl Fn(&[u8])) -> io::Result<()> {
    // BEGIN SOLUTION
    let mut buffer = [0; CHUNK_BYTES_MAX];
    loop {
        let size = connection.read(&mut buffer)?;
        if size == 0 {
            return Ok(()); // the end of the stream; everything before it is answered
        }
        let chunk = &mut buffer[..size];
        show(chunk);
        uppercase(chunk);
        connection.write_all(chunk)?;
    }
    // END SOLUTION
    // STUB: let _ = (&mut connection, &show); // delete this line
    // STUB: // To print: show(chunk);
    // STUB: todo!("step 1: `connection.read(&mut buffer)`, 0 is the end; print; `uppercase`; `write_all`; repeat")
}

/// Answers each line with the number of its characters.
///
/// A line may arrive in pieces, and lines may arrive together: the newline ends it. A client that sends no newline gets
/// its answer after 200 ms of silence. A line longer than 4096 bytes is counted in parts.
pub fn count_characters(mut connection: &TcpStream, show: impl Fn(&[u8])) -> io::Result<()> {
    // BEGIN SOLUTION
    let mut reader = BufReader::with_capacity(CHUNK_BYTES_MAX, connection);
    loop {
        // Wait for the beginning of a line without a limit, but for its next piece with one.
        connection.set_read_timeout(None)?;
        if reader.fill_buf()?.is_empty() {
            return Ok(());
        }
        connection.set_read_timeout(Some(LINE_PAUSE))?;
        let mut line = Vec::new();
        let result = reader.by_ref().take(CHUNK_BYTES_MAX as u64).read_until(b'\n', &mut line);
        match result {
            Err(error) if !is_timeout(&error) => return Err(error),
            _ => show(&line),
        }
        let text = without_newline(&line);
        let chars = String::from_utf8_lossy(text).chars().count();
        let mut answer = format!("I received {chars} chars: ").into_bytes();
        answer.extend_from_slice(text);
        answer.push(b'\n');
        connection.write_all(&answer)?;
    }
    // END SOLUTION
    // STUB: let _ = (&mut connection, &show); // delete this line
    // STUB: Err(io::Error::other("`--reply count` is not written yet"))
}
