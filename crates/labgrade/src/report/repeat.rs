//! *Repeating* a failed check by hand: the `nc` or `curl` lines that send what the check sent.
//!
//! Where labtest knows such a line, it stands in the check's story. Elsewhere the lines are made from the story's steps. A
//! step shows bytes for eyes (`labcore::printable`), so what is read back from it counts only if it has as many bytes as
//! the step says.

use std::fmt::Write;

/// What labtest writes before a line of its own.
pub const OF_LABTEST: &str = "to see the same: ";

/// What labtest writes behind one that plays the server.
const BESIDE_OF_LABTEST: &str = " (and the client in another terminal)";

/// More commands, or a longer one, help nobody: then there are none.
const COMMANDS_MAX: usize = 4;
const SENDS_MAX: usize = 8;
const SENT_BYTES_MAX: usize = 300;

const ECHO_PORT: u16 = 25000;
const WEB_PORT: u16 = 6789;

/// What to do by hand to see the same.
#[derive(Debug, PartialEq)]
pub struct Repeat {
    /// One sentence that says how to use the commands.
    pub how: String,
    /// Lines for a shell.
    pub commands: Vec<String>,
}

/// One end of the network that the check played.
struct Peer {
    name: String,
    sent: Vec<Vec<u8>>,
    datagrams: bool,
}

/// Finds what a student can type to see what `story` tells, if that is possible.
pub fn by_hand(story: &str) -> Option<Repeat> {
    if let Some(command) = story.lines().find_map(|line| line.strip_prefix(OF_LABTEST)) {
        // What to do beside the command is no part of it.
        let (command, how) = match command.strip_suffix(BESIDE_OF_LABTEST) {
            Some(command) => (
                command,
                "To see the same by hand, type this, and start your client in another terminal (if it has another \
                 address or port in its code, write those):",
            ),
            None => (
                command,
                "To see the same by hand (if your program listens at another address or port, write those; with \
                 `| od -c` at the end you see every byte that comes):",
            ),
        };
        let shown = super::text::line(command);
        // A command that was cut would do something else.
        return (shown == command).then(|| Repeat { how: how.to_owned(), commands: vec![shown] });
    }
    let mut peers: Vec<Peer> = Vec::new();
    let mut typed: Vec<Vec<u8>> = Vec::new();
    for step in story.lines().filter_map(step) {
        if let Some(bytes) = step.strip_prefix("type ") {
            typed.push(shown_bytes(bytes)?);
            continue;
        }
        let Some((name, sent)) = step.split_once(" sends ") else { continue };
        let datagram = sent.strip_prefix("a datagram of ");
        let bytes = shown_bytes(datagram.unwrap_or(sent))?;
        let index = peers.iter().position(|peer| peer.name == name).unwrap_or_else(|| {
            peers.push(Peer { name: name.to_owned(), sent: Vec::new(), datagrams: datagram.is_some() });
            peers.len() - 1
        });
        peers[index].sent.push(bytes);
    }
    // A peer that plays the server answers the program under test, which then is a client.
    if let Some(server) = peers.iter().find(|peer| peer.name.starts_with("server")) {
        return beside_a_client(server, &typed);
    }
    let clients: Vec<&Peer> = peers.iter().filter(|peer| peer.name.starts_with("client")).collect();
    if clients.is_empty() || clients.len() > COMMANDS_MAX {
        return None;
    }
    let commands: Vec<String> = clients.iter().copied().map(client_command).collect::<Option<_>>()?;
    let port = if clients.iter().any(|client| web_target(client).is_some()) { WEB_PORT } else { ECHO_PORT };
    let mut how = format!("Start your server on port {port} (or write its own port here), and send the same");
    how.push_str(match commands.len() {
        1 => ":",
        _ => "; each line is a client of its own, in a terminal of its own:",
    });
    Some(Repeat { how, commands })
}

/// The text of a step: `   4. client 127.0.0.1:50960 sends …`.
fn step(line: &str) -> Option<&str> {
    let (number, step) = line.trim_start().split_once(". ")?;
    number.parse::<u32>().ok().map(|_| step)
}

/// Reads `6 bytes: "hello\n"` back. `None` if the text is not all of the bytes, or may mean others.
fn shown_bytes(words: &str) -> Option<Vec<u8>> {
    let (count, shown) = words.split_once(" byte")?;
    let (_, shown) = shown.split_once(": \"")?;
    let mut rest = shown.strip_suffix('"')?;
    let mut bytes = Vec::new();
    while let Some(character) = rest.chars().next() {
        let (byte, length) = match rest.as_bytes() {
            [b'\\', b'n', ..] => (b"\n".to_vec(), 2),
            [b'\\', b'r', ..] => (b"\r".to_vec(), 2),
            [b'\\', b't', ..] => (b"\t".to_vec(), 2),
            [b'\\', b'0', ..] => (vec![0], 2),
            [b'\\', b'x', ..] => (vec![u8::from_str_radix(rest.get(2..4)?, 16).ok()?], 4),
            [b'\\', b'u', b'{', ..] => {
                let end = rest.find('}')?;
                let code = u32::from_str_radix(rest.get(3..end)?, 16).ok()?;
                (char::from_u32(code)?.to_string().into_bytes(), end + 1)
            }
            _ => (character.to_string().into_bytes(), character.len_utf8()),
        };
        bytes.extend(byte);
        rest = &rest[length..];
    }
    (count.parse() == Ok(bytes.len())).then_some(bytes)
}

fn client_command(client: &Peer) -> Option<String> {
    if let Some(target) = web_target(client) {
        return Some(format!(
            "curl -i --path-as-is {}",
            quoted(&format!("http://127.0.0.1:{WEB_PORT}{target}"))
        ));
    }
    let is_web = client.sent.iter().any(|sent| sent.windows(6).any(|six| six == b" HTTP/"));
    let port = if is_web { WEB_PORT } else { ECHO_PORT };
    let nc = if client.datagrams { "nc -u -w 2" } else { "nc -N" };
    Some(format!("{} | {nc} 127.0.0.1 {port}", printed(&client.sent)?))
}

/// What one ordinary GET asks for, so that `curl` can ask for the same.
fn web_target(client: &Peer) -> Option<String> {
    let [request] = &*client.sent else { return None };
    let request = std::str::from_utf8(request).ok()?.strip_suffix("\r\n\r\n")?;
    let (first, fields) = request.split_once("\r\n").unwrap_or((request, ""));
    let target = first.strip_prefix("GET ")?.strip_suffix(" HTTP/1.1")?;
    let ordinary = target.starts_with('/') && target.chars().all(|character| character.is_ascii_graphic());
    let only_host = fields.lines().all(|field| field.to_ascii_lowercase().starts_with("host:"));
    // curl gives these characters a meaning of its own.
    (ordinary && only_host && !target.contains(['[', ']', '{', '}', '#', '\\'])).then(|| target.to_owned())
}

fn beside_a_client(server: &Peer, typed: &[Vec<u8>]) -> Option<Repeat> {
    let udp = if server.datagrams { "-u " } else { "" };
    let mut how = String::from(
        "Play the server yourself: start this, then your client for `127.0.0.1` and the same port",
    );
    if let [only] = typed {
        let _ = write!(how, " in a second terminal, and type `{}` there", one_word_of_code(only)?);
    }
    how.push_str(". What your client sends appears here, and what you type here is the reply:");
    Some(Repeat { how, commands: vec![format!("nc {udp}-l 127.0.0.1 {ECHO_PORT}")] })
}

/// A line of input as code in a sentence; none that can't stand there.
fn one_word_of_code(line: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(line).ok()?.trim_end_matches(['\r', '\n']);
    (!text.is_empty() && !text.contains(|character: char| character == '`' || character.is_control()))
        .then_some(text)
}

/// The shell's words that print `sent`, one piece after the other, as the check sent them.
fn printed(sent: &[Vec<u8>]) -> Option<String> {
    let total: usize = sent.iter().map(Vec::len).sum();
    if sent.len() > SENDS_MAX || total > SENT_BYTES_MAX {
        return None;
    }
    let pieces: Vec<String> = sent.iter().map(|bytes| format!("printf {}", format_of(bytes))).collect();
    Some(match &*pieces {
        [only] => only.clone(),
        // Without a pause they may go as one segment or one datagram.
        _ => format!("({})", pieces.join("; sleep 1; ")),
    })
}

/// `bytes` as the format of the shell's `printf`, in single quotes.
fn format_of(bytes: &[u8]) -> String {
    let mut format = String::from("'");
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\n' => format.push_str("\\n"),
                '\r' => format.push_str("\\r"),
                '\\' => format.push_str("\\\\"),
                '%' => format.push_str("%%"),
                // A quote would end the word; a leading dash would be an option.
                '\'' | '-' => push_octal(&mut format, character as u8),
                _ if labcore::printable(character.encode_utf8(&mut [0; 4]).as_bytes()).to_string().len()
                    == character.len_utf8() =>
                {
                    format.push(character);
                }
                _ => character.to_string().bytes().for_each(|byte| push_octal(&mut format, byte)),
            }
        }
        chunk.invalid().iter().for_each(|&byte| push_octal(&mut format, byte));
    }
    format + "'"
}

fn push_octal(format: &mut String, byte: u8) {
    let _ = write!(format, "\\{byte:03o}");
}

/// `word` for a shell, in single quotes.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::{by_hand, shown_bytes};

    /// The commands for a story of these steps.
    #[track_caller]
    fn check(steps: &[&str], expected: &[&str]) {
        let numbered = steps.iter().enumerate().map(|(index, step)| format!("  {:2}. {step}\n", index + 1));
        let story =
            format!("it went wrong\n\nsteps:\n{}\nserver printed: nothing\n", numbered.collect::<String>());
        let commands = by_hand(&story).map(|repeat| repeat.commands).unwrap_or_default();
        assert_eq!(commands, expected, "{story}");
    }

    #[test]
    fn sends_what_the_check_sent() {
        check(
            &[
                "client 127.0.0.1:1 is connected to 127.0.0.1:2",
                "client 127.0.0.1:1 sends 6 bytes: \"hello\\n\"",
            ],
            &["printf 'hello\\n' | nc -N 127.0.0.1 25000"],
        );
        check(
            &["client 127.0.0.1:1 sends a datagram of 5 bytes: \"hello\""],
            &["printf 'hello' | nc -u -w 2 127.0.0.1 25000"],
        );
        check(
            &["client 127.0.0.1:1 sends 1 byte: \"a\"", "client 127.0.0.1:1 sends 2 bytes: \"\\xff'\""],
            &["(printf 'a'; sleep 1; printf '\\377\\047') | nc -N 127.0.0.1 25000"],
        );
        check(
            &["client A:1 sends 3 bytes: \"-%\\u{1b}\"", "client A:2 sends 2 bytes: \"b\\0\""],
            &["printf '\\055%%\\033' | nc -N 127.0.0.1 25000", "printf 'b\\000' | nc -N 127.0.0.1 25000"],
        );
    }

    #[test]
    fn takes_the_line_that_the_story_has() {
        let story = "it went wrong\nto see the same: nc -N 127.0.0.1 4711\n\nsteps:\n   1. client A:1 sends 1 byte: \"a\"\n";
        assert_eq!(
            by_hand(story).map(|repeat| repeat.commands),
            Some(vec!["nc -N 127.0.0.1 4711".to_owned()])
        );
        let story = "to see the same: (printf 'a (b'; sleep 1) | nc -l ::1 4711 (and the client in another terminal)\n";
        let repeat = by_hand(story).unwrap();
        assert_eq!(repeat.commands, ["(printf 'a (b'; sleep 1) | nc -l ::1 4711"]);
        assert!(repeat.how.starts_with("To see the same by hand, type this, and start your client"));
        let story = format!("to see the same: printf '{}' | nc -N ::1 4711\n", "x".repeat(400));
        assert_eq!(by_hand(&story), None);
    }

    #[test]
    fn asks_for_pages_with_curl() {
        check(&["client A:1 sends 29 bytes: \"GET /a.html HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n\""], &[]);
        check(
            &["client A:1 sends 33 bytes: \"GET /a.html HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n\""],
            &["curl -i --path-as-is 'http://127.0.0.1:6789/a.html'"],
        );
        check(
            &["client A:1 sends 15 bytes: \"GET / HTTP/1.1\\n\""],
            &["printf 'GET / HTTP/1.1\\n' | nc -N 127.0.0.1 6789"],
        );
    }

    #[test]
    fn plays_the_server_for_a_client() {
        check(
            &["type 6 bytes: \"hello\\n\"", "server A:2 sends 6 bytes: \"HELLO\\n\""],
            &["nc -l 127.0.0.1 25000"],
        );
        check(&["server A:2 sends a datagram of 5 bytes: \"HELLO\""], &["nc -u -l 127.0.0.1 25000"]);
    }

    #[test]
    fn gives_no_command_that_would_send_something_else() {
        check(&["client A:1 sends 5000 bytes: \"xxxx\"…"], &[]);
        check(&["client A:1 sends 3 bytes: \"\\n\""], &[]);
        check(&["start `server`"], &[]);
        assert_eq!(shown_bytes("2 bytes: \"\\"), None);
        assert_eq!(shown_bytes("2 bytes: \"\\u{}\""), None);
        assert_eq!(shown_bytes("1 byte: \"\\xé\""), None);
        assert_eq!(shown_bytes("2 bytes: \"\\n\"").as_deref(), None);
        assert_eq!(shown_bytes("3 bytes: \"\"x\"\"").as_deref(), Some(&b"\"x\""[..]));
    }
}
