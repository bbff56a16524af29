//! The numbers in a reply. Addresses, dates and times of day are none, although they are written in digits.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// Bytes of the longest address, such as `[ffff:…:ffff]:65535`.
const ADDRESS_BYTES_MAX: usize = 54;

/// The numbers in a text, from left to right.
pub(super) fn numbers(text: &str) -> Vec<usize> {
    let (mut found, mut rest, mut previous) = (Vec::new(), text, None);
    while let Some(first) = rest.chars().next() {
        let begins = !previous.is_some_and(|c: char| c.is_ascii_alphanumeric() || c == '.');
        let mut length = if begins { length_left_out(rest) } else { 0 };
        if length == 0 && first.is_ascii_digit() {
            length = digits(rest);
            // A number of any size has its place among the others.
            found.push(rest[..length].parse().unwrap_or(usize::MAX));
        } else if length == 0 {
            length = first.len_utf8();
        }
        previous = rest[..length].chars().next_back();
        rest = &rest[length..];
    }
    found
}

/// The length of the address, date or time that `text` begins with, or 0.
fn length_left_out(text: &str) -> usize {
    [tuple(text), date_and_time(text), time_of_day(text), address(text)]
        .into_iter()
        .find(|&length| length > 0 && !text[length..].starts_with(|c: char| c.is_ascii_alphanumeric()))
        .unwrap_or(0)
}

/// The length of the address at the beginning, with its port if there is one.
fn address(text: &str) -> usize {
    if !text.starts_with(|c: char| c.is_ascii_hexdigit() || c == ':' || c == '[') {
        return 0;
    }
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b".:[]%".contains(byte);
    let most = text.bytes().take(ADDRESS_BYTES_MAX).take_while(is_part).count();
    let is_whole = |end: usize| !text[end..].starts_with(|c: char| c.is_ascii_alphanumeric());
    (1..=most).rev().find(|&end| is_whole(end) && is_address(&text[..end])).unwrap_or(0)
}

fn is_address(word: &str) -> bool {
    // `5::` may as well be a number with two colons.
    let is_ipv6 = || !word.ends_with("::") && word.parse::<Ipv6Addr>().is_ok();
    word.parse::<SocketAddr>().is_ok() || word.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv4()) || is_ipv6()
}

/// The length of an address as Python prints it: `('127.0.0.1', 40000)` or `('::1', 40000, 0, 0)`.
fn tuple(text: &str) -> usize {
    let Some(inner) = text.strip_prefix('(') else { return 0 };
    let inner = inner.trim_start_matches(['\'', '"']);
    let ports = inner[address(inner)..].trim_start_matches(['\'', '"']);
    let is_port = |c: char| c.is_ascii_digit() || c == ',' || c == ' ';
    let behind = ports.trim_start_matches(is_port);
    if address(inner) > 0 && behind.starts_with(')') { text.len() - behind.len() + 1 } else { 0 }
}

/// The length of a date such as `2026-11-28`, with its time of day in `2026-11-28T11:50:48`.
fn date_and_time(text: &str) -> usize {
    let is_date = |separator: u8| {
        let shape = |(at, &byte): (usize, &u8)| match at {
            4 | 7 => byte == separator,
            _ => byte.is_ascii_digit(),
        };
        text.len() >= 10 && text.as_bytes()[..10].iter().enumerate().all(shape)
    };
    if !is_date(b'-') && !is_date(b'/') {
        return 0;
    }
    let time = text[10..].strip_prefix('T').map_or(0, time_of_day);
    if time > 0 { 10 + 1 + time } else { 10 }
}

/// The length of a time of day such as `11:50:48` or `9:05:07.123`.
///
/// Without seconds, it may as well be two numbers.
fn time_of_day(text: &str) -> usize {
    let mut end = 0;
    for (part, (shortest, most)) in [(1, 23), (2, 59), (2, 60)].into_iter().enumerate() {
        if part > 0 {
            if !text[end..].starts_with(':') {
                return 0;
            }
            end += 1;
        }
        let length = digits(&text[end..]);
        let value = text[end..end + length].parse().unwrap_or(usize::MAX);
        if !(shortest..=2).contains(&length) || value > most {
            return 0;
        }
        end += length;
    }
    // A comma separates milliseconds in the logs of Python, and may as well stand between a time and a number.
    let fraction = match text.as_bytes().get(end) {
        Some(b'.') => digits(&text[end + 1..]),
        Some(b',') if digits(&text[end + 1..]) == 3 => 3,
        _ => 0,
    };
    if fraction > 0 { end + 1 + fraction } else { end }
}

/// The length of the number at the beginning.
fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn leaves_out_addresses() {
        for reply in [
            "('127.0.0.1', 40000): I received 5 chars: ",
            "('::1', 40000, 0, 0): I received 5 chars: ",
            "127.0.0.1:40000 I received 5 chars: ",
            "127.0.0.1:40000: I received 5 chars: ",
            "/127.0.0.1:40000: 5 chars",
            "[127.0.0.1] 5 chars",
            "[::1]:40000 I received 5 chars: ",
            "client=[fe80::1%2]:40000, 5 chars",
            "::ffff:127.0.0.1 sent 5 chars",
            "from ::1: 5 chars",
        ] {
            assert_eq!(numbers(reply), [5], "{reply}");
        }
    }

    #[test]
    fn leaves_out_dates_and_times() {
        for reply in [
            "[11:50:48] I received 5 chars: ",
            "9:05:07 5 chars",
            "2026-11-28 11:50:48,123 - 5 chars",
            "2026-11-28T11:50:48.123456: 5 chars",
            "2026/11/28: 5 chars",
            "11:50:48,5 chars",
            "11:50:48.12 5 chars",
        ] {
            assert_eq!(numbers(reply), [5], "{reply}");
        }
    }

    #[test]
    fn keeps_all_other_numbers() {
        let check = |text: &str, expected: &[usize]| assert_eq!(numbers(text), expected, "{text}");
        check("I received 5 chars: ", &[5]);
        check("Client 2 (thread 3): 5", &[2, 3, 5]);
        check("Thread-1, 12:5", &[1, 12, 5]);
        check("5::", &[5]);
        check("1.5 or 1.2.3", &[1, 5, 1, 2, 3]);
        check("Länge (5, 11): 140000000000000", &[5, 11, 140_000_000_000_000]);
        check("99999999999999999999999 5", &[usize::MAX, 5]);
        check("127.0.0.1:40000:5", &[5]);
        check("25:61:00", &[25, 61, 0]);
        check("(", &[]);
        check("", &[]);
    }
}
