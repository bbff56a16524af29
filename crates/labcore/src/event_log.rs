//! A server's event log: one line per event on standard output.
//!
//! Read [`EventLog::line`], which a server's threads call, then [`write_lines`], which a thread of its own runs.

use anyhow::Context;
use chrono::{DateTime, Local, SecondsFormat, TimeZone};
use std::fmt::{self, Display, Write as _};
use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Lines that may wait for a slow terminal. Further lines are left out and counted.
const WAITING_LINES_MAX: usize = 1024;

/// Bytes of one line. A longer line is cut, and `…` marks the place.
const LINE_BYTES_MAX: usize = 1000;

/// Initial capacity of a line: most lines fit.
const LINE_BYTES: usize = 128;

/// Memory that is kept for lines after a burst of them.
const KEPT_BYTES_MAX: usize = 32 * 1024;

/// A pause after each write. Nobody notices it, and a busy server wakes this thread 200 times a second instead of once
/// per line.
const PAUSE: Duration = Duration::from_millis(5);

/// How long a program that ends waits until its last lines are written.
const LAST_LINES_WAIT: Duration = Duration::from_secs(1);

/// The arguments of every program that has an event log: `[--quiet] [--timestamps]`.
#[derive(clap::Args, Clone, Copy, Debug, Default)]
pub struct EventLogArgs {
    /// Print no line per event
    #[arg(short, long)]
    pub quiet: bool,
    /// Begin the line of each event with the date and time, as in 2026-11-28T10:15:00.123+01:00
    #[arg(long)]
    pub timestamps: bool,
}

/// A server's event log: one line per event on standard output.
///
/// A terminal may be slow, stopped (Ctrl+S), or gone (`server | head -1`), and none of that may delay the server's
/// clients. So a separate thread writes the lines. Each line is written whole, even when many threads log at once.
pub struct EventLog {
    /// `None` if the log is quiet.
    waiting: Option<Arc<Waiting>>,
    timestamps: bool,
}

/// Lines that are not written yet. They are kept as one text, because a queue of lines would allocate for each.
#[derive(Default)]
struct Waiting {
    lines: Mutex<Lines>,
    changed: Condvar,
}

#[derive(Default)]
struct Lines {
    text: String,
    count: usize,
    left_out: usize,
    /// The log is being dropped: no more lines will come.
    is_closed: bool,
    /// The thread has written all lines and ends.
    is_finished: bool,
}

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EventLog {
    /// Opens the log on standard output.
    ///
    /// # Errors
    /// If the thread that writes the lines can't be started.
    pub fn open(args: EventLogArgs) -> anyhow::Result<EventLog> {
        if args.quiet {
            return Ok(EventLog { waiting: None, timestamps: false });
        }
        EventLog::on(io::stdout(), args.timestamps)
            .context("failed to start the thread that writes the event log")
    }

    fn on(output: impl Write + Send + 'static, timestamps: bool) -> io::Result<EventLog> {
        let waiting = Arc::new(Waiting::default());
        let lines = Arc::clone(&waiting);
        thread::Builder::new().name("event log".to_owned()).spawn(move || write_lines(output, &lines))?;
        Ok(EventLog { waiting: Some(waiting), timestamps })
    }

    /// Logs one line, or counts it as left out if too many lines wait already. Never blocks.
    pub fn line(&self, text: fmt::Arguments<'_>) {
        let Some(waiting) = &self.waiting else { return };
        // Formatted before the lock is taken, so that threads hold it only for a copy.
        let line = if self.timestamps {
            format_line(format_args!("{} {text}", timestamp(&Local::now())))
        } else {
            format_line(text)
        };
        let mut lines = waiting.lock();
        if lines.count == WAITING_LINES_MAX {
            lines.left_out += 1;
            return;
        }
        lines.text.push_str(&line);
        lines.count += 1;
        if lines.count == 1 {
            drop(lines);
            waiting.changed.notify_one();
        }
    }
}

impl Drop for EventLog {
    /// Waits until the last lines are written, unless the terminal is stuck.
    fn drop(&mut self) {
        let Some(waiting) = &self.waiting else { return };
        let mut lines = waiting.lock();
        lines.is_closed = true;
        waiting.changed.notify_all();
        drop(waiting.changed.wait_timeout_while(lines, LAST_LINES_WAIT, |lines| !lines.is_finished));
    }
}

/// Writes what is waiting: many lines at once when they come faster than the terminal takes them.
fn write_lines(mut output: impl Write, waiting: &Waiting) {
    let mut text = String::new();
    loop {
        text.clear();
        text.shrink_to(KEPT_BYTES_MAX);
        let nothing = |lines: &mut Lines| lines.count == 0 && !lines.is_closed;
        let mut lines =
            waiting.changed.wait_while(waiting.lock(), nothing).unwrap_or_else(PoisonError::into_inner);
        if lines.count == 0 && lines.is_closed {
            lines.is_finished = true;
            waiting.changed.notify_all();
            return;
        }
        mem::swap(&mut text, &mut lines.text);
        lines.count = 0;
        let left_out = mem::take(&mut lines.left_out);
        drop(lines);
        if left_out > 0 {
            let _ = writeln!(text, "({left_out} lines left out: the screen is too slow)");
        }
        // Standard output may be closed. The server keeps running, and this loop keeps emptying the queue.
        let _ = output.write_all(text.as_bytes()).and_then(|()| output.flush());
        thread::sleep(PAUSE);
    }
}

/// Formats a time as RFC 3339 has it: milliseconds and the offset from UTC, as in `2026-11-28T10:15:00.123+01:00`.
fn timestamp<Tz: TimeZone<Offset: Display>>(time: &DateTime<Tz>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, false)
}

/// Formats a line with its newline, cut at [`LINE_BYTES_MAX`].
fn format_line(text: fmt::Arguments<'_>) -> String {
    let mut line = Line(String::with_capacity(LINE_BYTES));
    if line.write_fmt(text).is_err() {
        line.0.push('…');
    }
    line.0.push('\n');
    line.0
}

/// A line that refuses text beyond [`LINE_BYTES_MAX`], so that formatting stops where the line is full.
struct Line(String);

impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = LINE_BYTES_MAX - self.0.len();
        if text.len() <= room {
            self.0.push_str(text);
            return Ok(());
        }
        let end = (0..=room).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
        self.0.push_str(&text[..end]);
        Err(fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    use super::{EventLog, LINE_BYTES_MAX, WAITING_LINES_MAX, timestamp};
    use chrono::DateTime;
    use std::io::{self, Write};
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::Duration;

    /// Output that shows a test each write, and blocks until the test lets it pass.
    struct Gate {
        writes: Sender<String>,
        passes: Receiver<()>,
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.writes.send(String::from_utf8(bytes.to_vec()).unwrap()).map_err(io::Error::other)?;
            self.passes.recv().map_err(io::Error::other)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn gated_log(timestamps: bool) -> (EventLog, Receiver<String>, Sender<()>) {
        let (writes, seen) = channel();
        let (pass, passes) = channel();
        (EventLog::on(Gate { writes, passes }, timestamps).unwrap(), seen, pass)
    }

    fn next(seen: &Receiver<String>) -> String {
        // Miri, which looks for undefined behaviour (scripts/sanitize.sh), is slow.
        let patience = if cfg!(miri) { 600 } else { 10 };
        seen.recv_timeout(Duration::from_secs(patience)).unwrap()
    }

    #[test]
    fn writes_each_line_whole() {
        let (log, seen, pass) = gated_log(false);
        log.line(format_args!("client {} connected from {}", 1, "127.0.0.1:37120"));
        assert_eq!(next(&seen), "client 1 connected from 127.0.0.1:37120\n");
        pass.send(()).unwrap();
    }

    #[test]
    fn never_blocks_and_counts_the_lines_it_leaves_out() {
        let (log, seen, pass) = gated_log(false);
        log.line(format_args!("first"));
        assert_eq!(next(&seen), "first\n"); // the writing thread is stuck now
        for number in 0..WAITING_LINES_MAX + 5 {
            log.line(format_args!("{number}"));
        }
        pass.send(()).unwrap();
        let text = next(&seen);
        assert!(text.starts_with("0\n1\n2\n"), "{text}");
        assert!(text.ends_with("\n1023\n(5 lines left out: the screen is too slow)\n"), "{text}");
        pass.send(()).unwrap();
    }

    #[test]
    fn goes_on_when_the_output_is_closed() {
        let (log, seen, pass) = gated_log(false);
        drop(pass);
        log.line(format_args!("first"));
        log.line(format_args!("second"));
        drop(log); // returns: the lines are lost, but the program can end
        assert!(next(&seen).starts_with("first\n"));
    }

    #[test]
    fn cuts_a_long_line_at_a_character() {
        let (log, seen, pass) = gated_log(false);
        log.line(format_args!("{}{}", "x".repeat(LINE_BYTES_MAX - 1), "é"));
        assert_eq!(next(&seen), format!("{}…\n", "x".repeat(LINE_BYTES_MAX - 1)));
        pass.send(()).unwrap();
    }

    #[cfg(not(miri))] // Miri isolates the test from the system's clock
    #[test]
    fn begins_each_line_with_the_time_if_asked_to() {
        let (log, seen, pass) = gated_log(true);
        log.line(format_args!("client {}: {}", 1, "hello"));
        let line = next(&seen);
        let (time, event) = line.split_once(' ').unwrap();
        assert_eq!(event, "client 1: hello\n");
        assert_eq!(timestamp(&DateTime::parse_from_rfc3339(time).unwrap()), time);
        pass.send(()).unwrap();
    }

    #[test]
    fn shows_the_time_with_milliseconds_and_offset() {
        for (time, expected) in [
            ("2026-11-28T10:15:00.123456+01:00", "2026-11-28T10:15:00.123+01:00"),
            ("2026-06-01T00:00:00-03:30", "2026-06-01T00:00:00.000-03:30"),
            ("2026-06-01T23:59:59.9999Z", "2026-06-01T23:59:59.999+00:00"),
        ] {
            assert_eq!(timestamp(&DateTime::parse_from_rfc3339(time).unwrap()), expected);
        }
    }
}
