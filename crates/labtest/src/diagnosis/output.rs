//! Why a client under test does not show what it should.

use crate::failure::Cause;
use crate::os::socket::Transport;
use crate::peer_log::Role;
use crate::transcript::Transcript;

/// A beginning of a reply that is no accident.
const SHOWN_BYTES_MIN: usize = 4;

/// Places in an output at which a reply may begin; each is compared with it.
const STARTS_MAX: usize = 1000;

/// Why `text` is not in the output of a client under test, which shows something else.
pub(crate) fn cause(transcript: &Transcript, text: &str, shown: &str, has_crashed: bool) -> Option<Cause> {
    let (replies, transport) = transcript.peers(|peers| {
        let servers = || peers.iter().filter(|peer| peer.role == Role::Server);
        let replies = servers().flat_map(|peer| &peer.sent).filter(|sent| !sent.is_empty()).cloned();
        (replies.collect::<Vec<_>>(), servers().next().map(|peer| peer.socket.transport()))
    });
    cause_of(&replies, transport?, text, shown, has_crashed)
}

fn cause_of(
    replies: &[Vec<u8>],
    transport: Transport,
    text: &str,
    shown: &str,
    has_crashed: bool,
) -> Option<Cause> {
    let is_in_text = |reply: &[u8]| text.as_bytes().windows(reply.len().max(1)).any(|part| part == reply);
    let replies = replies.iter().map(|reply| reply.trim_ascii_end());
    let reply = replies.max_by_key(|reply| if is_in_text(reply) { reply.len() } else { 0 })?;
    let shown_bytes = beginning_in(shown.as_bytes(), reply);
    Some(if has_crashed {
        Cause::CrashedBeforeShowing
    } else if text.contains("\\u{") && shown.contains('\u{1b}') {
        Cause::ControlCharactersShown
    } else if shown.contains('\0') {
        Cause::WholeBufferShown
    } else if (SHOWN_BYTES_MIN..reply.len()).contains(&shown_bytes) {
        Cause::ReplyShownInPart { shown: shown_bytes, length: reply.len(), transport }
    } else {
        Cause::ReplyNotShown
    })
}

/// How much of the beginning of `text` stands somewhere in `shown`.
fn beginning_in(shown: &[u8], text: &[u8]) -> usize {
    let common = |at: usize| shown[at..].iter().zip(text).take_while(|(one, other)| one == other).count();
    let starts = (0..shown.len()).filter(|at| text.first() == Some(&shown[*at]));
    starts.take(STARTS_MAX).map(common).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::cause_of;
    use crate::failure::Cause;
    use crate::os::socket::Transport;

    #[test]
    fn names_what_a_client_shows_in_place_of_the_reply() {
        let transport = Transport::Udp;
        let in_part = Cause::ReplyShownInPart { shown: 8, length: 11, transport };
        for (text, shown, has_crashed, cause) in [
            ("HELLO WORLD", "", false, Cause::ReplyNotShown),
            ("HELLO WORLD", "sent\n", true, Cause::CrashedBeforeShowing),
            ("HELLO WORLD", "got HELLO WO\n", false, in_part),
            ("> HELLO WORLD\n", "> HELLO WORLD\0\0\0\n", false, Cause::WholeBufferShown),
            ("\\u{1b}[2J", "\u{1b}[2J", false, Cause::ControlCharactersShown),
        ] {
            assert_eq!(
                cause_of(&[b"HELLO WORLD".to_vec()], transport, text, shown, has_crashed),
                Some(cause)
            );
        }
        assert_eq!(cause_of(&[], transport, "HELLO", "", false), None);
    }
}
