//! The answer to one question of a handout, with its proof.

use crate::conversation::{Conversation, PacketRecord};
use crate::formatting::frames;
use crate::questions::filter::Filter;
use std::collections::BTreeSet;
use std::io::{self, Write};

/// The answer to one question of a handout.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The number of the question in the handout.
    pub number: u8,
    /// The question in short.
    pub question: &'static str,
    /// The answer, one line per statement. Empty if the capture does not contain it.
    pub lines: Vec<String>,
    /// What the capture lacks, if it does not contain the answer.
    pub absent: Option<&'static str>,
    /// The frames that prove the answer, in ascending order.
    pub frames: Vec<u64>,
    /// The display filter that shows these frames.
    pub filter: Option<Filter>,
    /// Why the capture alone does not prove the answer.
    pub inferred: Option<&'static str>,
}

impl Answer {
    /// Starts the answer to a question.
    pub fn to(number: u8, question: &'static str) -> Answer {
        Answer { number, question, ..Answer::default() }
    }

    /// Adds one line.
    pub fn line(mut self, line: impl Into<String>) -> Answer {
        self.lines.push(line.into());
        self
    }

    /// Adds several lines.
    pub fn lines(mut self, lines: impl IntoIterator<Item = String>) -> Answer {
        self.lines.extend(lines);
        self
    }

    /// Proves the answer by all packets of these conversations that match a condition. `kind` is the condition as a
    /// display filter, and `matches` is the same condition as a function. Without `kind`, all packets match.
    pub fn shown(
        self,
        conversations: &[&Conversation],
        kind: Option<Filter>,
        matches: impl Fn(&Conversation, &PacketRecord) -> bool,
    ) -> Answer {
        let answer = self.proof(frames_of(conversations, matches));
        let streams = Filter::streams(conversations);
        answer.filter(match kind {
            Some(kind) => streams.and(kind),
            None => streams,
        })
    }

    /// Replaces the filter of frame numbers by `filter`, if the packets that match it are exactly the frames of the
    /// proof.
    pub fn shown_as(
        self,
        conversations: &[&Conversation],
        filter: impl FnOnce() -> Filter,
        matches: impl Fn(&Conversation, &PacketRecord) -> bool,
    ) -> Answer {
        let frames = frames_of(conversations, matches);
        if frames == self.frames { self.filter(filter()) } else { self }
    }

    /// Adds frames to the proof, and filters by frame numbers.
    pub fn proof(mut self, frames: impl IntoIterator<Item = u64>) -> Answer {
        self.frames.extend(frames);
        self.frames.sort_unstable();
        self.frames.dedup();
        let numbers = self.frames.iter().copied();
        self.filter = (!self.frames.is_empty()).then(|| Filter::one_of("frame.number", numbers));
        self
    }

    /// Replaces the filter, if there are frames to show.
    pub fn filter(mut self, filter: Filter) -> Answer {
        if !self.frames.is_empty() {
            self.filter = Some(filter);
        }
        self
    }

    /// Marks the answer as inferred: `reason` says what the capture can't prove.
    pub fn inferred(mut self, reason: &'static str) -> Answer {
        self.inferred = Some(reason);
        self
    }

    /// States what the capture lacks, if the answer has no lines.
    pub fn or_absent(mut self, lacking: &'static str) -> Answer {
        if self.lines.is_empty() {
            self.absent = Some(lacking);
        }
        self
    }

    /// Returns the lines to show: the answer, or what the capture lacks.
    pub fn text(&self) -> Vec<String> {
        match self.absent {
            Some(lacking) => vec![format!("not in this capture: {lacking}")],
            None => self.lines.clone(),
        }
    }
}

/// Returns the frames of all packets that match, in ascending order.
pub fn frames_of(
    conversations: &[&Conversation],
    matches: impl Fn(&Conversation, &PacketRecord) -> bool,
) -> Vec<u64> {
    let mut frames = BTreeSet::new();
    for conversation in conversations {
        let packets = conversation.common.packets.iter().filter(|packet| matches(conversation, packet));
        frames.extend(packets.map(|packet| packet.at.frame));
    }
    frames.into_iter().collect()
}

/// Writes the answers as text.
///
/// # Errors
/// Fails if writing to `output` fails.
pub fn write(answers: &[Answer], output: &mut dyn Write) -> io::Result<()> {
    for answer in answers {
        writeln!(output, "{:>2}. {}", answer.number, answer.question)?;
        for line in answer.text() {
            writeln!(output, "    {line}")?;
        }
        if !answer.frames.is_empty() {
            writeln!(output, "    proof: {}", frames(&answer.frames))?;
        }
        if let Some(filter) = &answer.filter {
            writeln!(output, "    filter: {filter}")?;
        }
        if let Some(reason) = answer.inferred {
            writeln!(output, "    inferred: {reason}")?;
        }
        writeln!(output)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Answer, write};

    fn written(answer: Answer) -> String {
        let mut output = Vec::new();
        write(&[answer], &mut output).unwrap();
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn is_written_with_its_proof() {
        let answer = Answer::to(3, "Which port?").line("25000").proof([7, 5, 7]).inferred("of its owner");
        assert_eq!(
            written(answer),
            " 3. Which port?\n    25000\n    proof: frames 5, 7\n    filter: frame.number in {5, 7}\n    \
             inferred: of its owner\n\n"
        );
    }

    #[test]
    fn says_what_the_capture_lacks() {
        let answer = Answer::to(3, "Which port?").or_absent("there is no datagram");
        assert_eq!(written(answer), " 3. Which port?\n    not in this capture: there is no datagram\n\n");
    }
}
