//! A field of a sheet.

use crate::conversation::Conversation;
use crate::sheet::expected::Expected;

/// A field of a sheet.
pub struct Field {
    /// The number of its question, and which part of the question it answers.
    pub name: &'static str,
    /// What to fill in.
    pub hint: &'static str,
    /// Whether the right answer differs from one conversation to the next, for example a port that the operating system
    /// chooses.
    pub identifies_conversation: bool,
    /// Tells what is right.
    pub rule: Rule,
}

/// Tells what is right in a field, or `None` if the capture does not contain it.
#[derive(Clone, Copy)]
pub enum Rule {
    /// The field is about one conversation.
    Conversation(fn(&Conversation) -> Option<Expected>),
    /// The field is about all conversations together.
    Capture(fn(&[&Conversation]) -> Option<Expected>),
}

impl Field {
    /// A field about one conversation.
    pub const fn of_conversation(
        name: &'static str,
        hint: &'static str,
        rule: fn(&Conversation) -> Option<Expected>,
    ) -> Field {
        Field { name, hint, identifies_conversation: false, rule: Rule::Conversation(rule) }
    }

    /// A field about all conversations together.
    pub const fn of_capture(
        name: &'static str,
        hint: &'static str,
        rule: fn(&[&Conversation]) -> Option<Expected>,
    ) -> Field {
        Field { name, hint, identifies_conversation: false, rule: Rule::Capture(rule) }
    }

    /// Returns the number of its question.
    pub fn question(&self) -> u32 {
        self.name.split('.').next().and_then(|number| number.parse().ok()).unwrap_or(0)
    }

    /// Marks a field whose right answer differs from one conversation to the next.
    pub const fn identifying(self) -> Field {
        Field { identifies_conversation: true, ..self }
    }
}
