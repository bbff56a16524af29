use anyhow::Context;
use std::fmt::{self, Write as _};
use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Lines that may wait for a slow screen; the ones above are left out and counted.
const WAITING_LINES_MAX: usize = 1024;

/// Bytes of one line on the screen; the rest of a longer one is cut, and `…` says so.
const LINE_BYTES_MAX: usize = 1000;

/// Room for most lines.
const LINE_BYTES: usize = 128;

/// Memory that is kept for lines after a burst of them.
const KEPT_BYTES_MAX: usize = 32 * 1024;

/// A pause after each write. No eye sees it, and a busy server wakes this thread 200 times a second, not at each line.
const PAUSE: Duration = Duration::from_millis(5);

/// How long a program that ends waits for its last lines to reach the screen.
const LAST_LINES_WAIT: Duration = Duration::from_secs(1);

/// A server's screen: one line per event on standard output.
///
/// A screen may be slow, stopped (Ctrl+S), or gone (`server | head -1`), and none of that may reach the server's
/// clients. So a thread of its own writes the lines. A line is written whole, even when many threads print at once.
pub struct Screen {
    /// Nothing, on a quiet screen.
    waiting: Option<Arc<Waiting>>,
}

/// Lines that are not written yet: one text, as a queue of lines would take memory for each.
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
    /// No more lines will come.
    is_last: bool,
    /// All are written.
    is_over: bool,
}

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Screen {
    /// Opens the screen on standard output. A `quiet` one prints nothing.
    ///
    /// # Errors
    /// If the thread that writes the lines can't be started.
    pub fn open(quiet: bool) -> anyhow::Result<Screen> {
        if quiet {
            return Ok(Screen { waiting: None });
        }
        Screen::on(io::stdout()).context("failed to start the thread that writes to the screen")
    }

    fn on(output: impl Write + Send + 'static) -> io::Result<Screen> {
        let waiting = Arc::new(Waiting::default());
        let lines = Arc::clone(&waiting);
        thread::Builder::new().name("screen".to_owned()).spawn(move || write_lines(output, &lines))?;
        Ok(Screen { waiting: Some(waiting) })
    }

    /// Prints one line, or counts it as left out when the screen is that far behind. Never waits.
    pub fn line(&self, text: fmt::Arguments<'_>) {
        let Some(waiting) = &self.waiting else { return };
        // Made before the lock is taken: what clients wait for each other for is short.
        let mut line = Line(String::with_capacity(LINE_BYTES));
        if line.write_fmt(text).is_err() {
            line.0.push('…');
        }
        line.0.push('\n');
        let mut lines = waiting.lock();
        if lines.count == WAITING_LINES_MAX {
            lines.left_out += 1;
            return;
        }
        lines.text.push_str(&line.0);
        lines.count += 1;
        if lines.count == 1 {
            drop(lines);
            waiting.changed.notify_one();
        }
    }
}

impl Drop for Screen {
    /// Lets the last lines reach the screen, unless it is stuck.
    fn drop(&mut self) {
        let Some(waiting) = &self.waiting else { return };
        let mut lines = waiting.lock();
        lines.is_last = true;
        waiting.changed.notify_all();
        drop(waiting.changed.wait_timeout_while(lines, LAST_LINES_WAIT, |lines| !lines.is_over));
    }
}

/// Writes what is waiting, many lines at once when they come faster than the screen takes them.
fn write_lines(mut output: impl Write, waiting: &Waiting) {
    let mut text = String::new();
    loop {
        text.clear();
        text.shrink_to(KEPT_BYTES_MAX);
        let nothing = |lines: &mut Lines| lines.count == 0 && !lines.is_last;
        let mut lines =
            waiting.changed.wait_while(waiting.lock(), nothing).unwrap_or_else(PoisonError::into_inner);
        if lines.count == 0 && lines.is_last {
            lines.is_over = true;
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
        // The screen may be closed. The server goes on without it, and so does this loop, to keep the queue empty.
        let _ = output.write_all(text.as_bytes()).and_then(|()| output.flush());
        thread::sleep(PAUSE);
    }
}

/// One line, cut at [`LINE_BYTES_MAX`]: formatting stops where the line is full.
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
    use super::{LINE_BYTES_MAX, Screen, WAITING_LINES_MAX};
    use std::io::{self, Write};
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::Duration;

    /// Output whose writes a test sees one by one, and lets pass one by one.
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

    fn gated_screen() -> (Screen, Receiver<String>, Sender<()>) {
        let (writes, seen) = channel();
        let (pass, passes) = channel();
        (Screen::on(Gate { writes, passes }).unwrap(), seen, pass)
    }

    fn next(seen: &Receiver<String>) -> String {
        // An interpreter that looks for undefined behaviour (scripts/sanitize.sh) takes its time.
        let patience = if cfg!(miri) { 600 } else { 10 };
        seen.recv_timeout(Duration::from_secs(patience)).unwrap()
    }

    #[test]
    fn writes_each_line_whole() {
        let (screen, seen, pass) = gated_screen();
        screen.line(format_args!("client {} connected from {}", 1, "127.0.0.1:37120"));
        assert_eq!(next(&seen), "client 1 connected from 127.0.0.1:37120\n");
        pass.send(()).unwrap();
    }

    #[test]
    fn never_waits_and_counts_the_lines_it_leaves_out() {
        let (screen, seen, pass) = gated_screen();
        screen.line(format_args!("first"));
        assert_eq!(next(&seen), "first\n"); // the writer is stuck now
        for number in 0..WAITING_LINES_MAX + 5 {
            screen.line(format_args!("{number}"));
        }
        pass.send(()).unwrap();
        let text = next(&seen);
        assert!(text.starts_with("0\n1\n2\n"), "{text}");
        assert!(text.ends_with("\n1023\n(5 lines left out: the screen is too slow)\n"), "{text}");
        pass.send(()).unwrap();
    }

    #[test]
    fn goes_on_when_the_output_is_closed() {
        let (screen, seen, pass) = gated_screen();
        drop(pass);
        screen.line(format_args!("first"));
        screen.line(format_args!("second"));
        drop(screen); // returns: the lines are gone, the program is not held up
        assert!(next(&seen).starts_with("first\n"));
    }

    #[test]
    fn cuts_a_long_line_at_a_character() {
        let (screen, seen, pass) = gated_screen();
        screen.line(format_args!("{}{}", "x".repeat(LINE_BYTES_MAX - 1), "é"));
        assert_eq!(next(&seen), format!("{}…\n", "x".repeat(LINE_BYTES_MAX - 1)));
        pass.send(()).unwrap();
    }
}
