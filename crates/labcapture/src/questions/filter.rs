//! Display filters for Wireshark.

use crate::conversation::{Conversation, Protocol};
use crate::formatting::list;
use std::collections::BTreeSet;
use std::fmt;

/// A display filter, built from conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// A condition, as in `tcp.len > 0`.
    Is(String),
    /// All of these filters must match.
    All(Vec<Filter>),
    /// One of these filters must match.
    Any(Vec<Filter>),
}

impl Filter {
    /// A condition.
    pub fn is(condition: impl Into<String>) -> Filter {
        Filter::Is(condition.into())
    }

    /// The condition that `field` has one of these values, which come in ascending order. Three or more consecutive
    /// values become a range.
    pub fn one_of(field: &str, values: impl IntoIterator<Item = u64>) -> Filter {
        let mut ranges: Vec<(u64, u64)> = Vec::new();
        for value in values {
            match ranges.last_mut() {
                Some((_, last)) if *last + 1 == value => *last = value,
                _ => ranges.push((value, value)),
            }
        }
        if let [(value, last)] = ranges[..] {
            if value == last {
                return Filter::Is(format!("{field} == {value}"));
            }
        }
        let ranges = ranges.iter().flat_map(|(first, last)| match last - first {
            0 => vec![first.to_string()],
            1 => vec![first.to_string(), last.to_string()],
            _ => vec![format!("{first}..{last}")],
        });
        Filter::Is(format!("{field} in {{{}}}", list(ranges)))
    }

    /// All packets of these conversations, together with the ICMP errors that quote them.
    pub fn streams_with_icmp(conversations: &[&Conversation]) -> Filter {
        let of = |protocol: Protocol| {
            let chosen = conversations.iter().filter(|conversation| conversation.protocol() == protocol);
            let streams: BTreeSet<u64> = chosen.map(|chosen| chosen.common.stream as u64).collect();
            let field = format!("{}.stream", protocol.filter_name());
            (!streams.is_empty()).then(|| Filter::one_of(&field, streams))
        };
        Filter::Any([of(Protocol::Udp), of(Protocol::Tcp)].into_iter().flatten().collect())
    }

    /// All packets of these conversations. Wireshark assigns an ICMP error to the stream of the packet that it quotes,
    /// so ICMP is excluded.
    pub fn streams(conversations: &[&Conversation]) -> Filter {
        let streams = Filter::streams_with_icmp(conversations);
        if conversations.iter().all(|conversation| conversation.common.icmp_errors.is_empty()) {
            return streams;
        }
        streams.and(Filter::is("!icmp")).and(Filter::is("!icmpv6"))
    }

    /// The packets that match both filters.
    pub fn and(self, other: Filter) -> Filter {
        let mut parts = Vec::new();
        for filter in [self, other] {
            match filter {
                Filter::All(more) => parts.extend(more),
                filter => parts.push(filter),
            }
        }
        Filter::All(parts)
    }

    fn needs_parentheses(&self) -> bool {
        match self {
            Filter::Is(_) => false,
            Filter::All(parts) => match &parts[..] {
                [one] => one.needs_parentheses(),
                _ => true,
            },
            Filter::Any(parts) => match &parts[..] {
                [one] => one.needs_parentheses(),
                _ => true,
            },
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (parts, operator) = match self {
            Filter::Is(condition) => return f.write_str(condition),
            Filter::All(parts) => (parts, " && "),
            Filter::Any(parts) => (parts, " || "),
        };
        if let [one] = &parts[..] {
            return one.fmt(f);
        }
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                f.write_str(operator)?;
            }
            if part.needs_parentheses() {
                write!(f, "({part})")?;
            } else {
                part.fmt(f)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Filter;

    #[test]
    fn writes_values_as_ranges() {
        let written = |values: &[u64]| Filter::one_of("frame.number", values.iter().copied()).to_string();
        assert_eq!(written(&[4]), "frame.number == 4");
        assert_eq!(written(&[4, 5]), "frame.number in {4, 5}");
        assert_eq!(written(&[1, 4, 5, 6, 9]), "frame.number in {1, 4..6, 9}");
    }

    #[test]
    fn puts_parentheses_where_operators_mix() {
        let is = |condition: &str| Filter::is(condition);
        let any = || Filter::Any(vec![is("a"), is("b")]);
        assert_eq!(any().to_string(), "a || b");
        assert_eq!(any().and(is("c")).to_string(), "(a || b) && c");
        assert_eq!(is("a").and(is("b")).and(is("c")).to_string(), "a && b && c");
        assert_eq!(Filter::Any(vec![is("a").and(is("b")), is("c")]).to_string(), "(a && b) || c");
        assert_eq!(Filter::Any(vec![any()]).and(is("c")).to_string(), "(a || b) && c");
    }
}
