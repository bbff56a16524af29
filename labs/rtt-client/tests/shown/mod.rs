//! What a client shows, in any wording: round-trip times, and times of day.

// Each test program uses a part of this.
#![allow(dead_code)]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How much longer than the server's delay a round trip may take, on a busy machine.
pub const SLACK: Duration = Duration::from_millis(500);

/// How long before the server notices a request it may have been sent, and how long after the reply it may be received.
const CLOCK_SLACK_S: f64 = 1.0;

/// How far two readings of one clock may seem to be in the wrong order: programs round, and clocks are adjusted.
const CLOCK_ORDER_S: f64 = 0.02;

/// The offset of each time zone from UTC is a multiple of this.
const ZONE_STEP_S: f64 = 900.0;

/// Numbers of seconds from here on, the year 2001, are times since 1970.
const EPOCH_S_MIN: f64 = 1e9;

/// The lines of `output` that report measurements. The reference also prints a line about the settings (`measuring … one
/// every 500ms, timeout 1s`) and one about the schedule, which contain other times.
pub fn measurements(output: &str) -> String {
    let is_given = |line: &&str| line.starts_with("measuring `") || line.contains(" from the schedule ");
    output.lines().filter(|line| !is_given(line)).map(|line| format!("{line}\n")).collect()
}

/// Counts the numbers in an output that may be a round-trip time of at least `min` and at most `max`. A number without a
/// unit may have any unit.
pub fn count_round_trip_times(output: &str, min: Duration, max: Duration) -> usize {
    // Programs round what they show.
    let range = min.as_secs_f64() * 0.95..max.as_secs_f64() * 1.1 + 0.01;
    let is_time = |(number, unit): (f64, &str)| {
        let units: &[f64] = match unit.to_lowercase().as_str() {
            "s" | "sec" | "secs" | "second" | "seconds" => &[1.0],
            "ms" | "msec" | "msecs" | "milli" | "millis" | "millisecond" | "milliseconds" => &[1e-3],
            "us" | "µs" | "μs" | "usec" | "usecs" | "micro" | "micros" | "microsecond" | "microseconds" => {
                &[1e-6]
            }
            "ns" | "nsec" | "nano" | "nanos" | "nanosecond" | "nanoseconds" => &[1e-9],
            "b" | "byte" | "bytes" | "octets" | "bits" | "char" | "chars" | "character" | "characters"
            | "packet" | "packets" | "datagram" | "datagrams" | "request" | "requests" | "times" => &[],
            _ => &[1.0, 1e-3, 1e-6, 1e-9],
        };
        units.iter().any(|unit| range.contains(&(number * unit)))
    };
    let text = without_times_of_day(&measurements(output));
    numbers(&text).into_iter().filter(|number| is_time(*number)).count()
}

/// True if an output has a number of seconds since 1970.
pub fn has_epoch(output: &str) -> bool {
    numbers(output).iter().any(|(number, _)| *number >= EPOCH_S_MIN)
}

/// Finds the numbers in a text, each with the word behind it. A number with a comma is read in every way: `160,234` may be
/// two numbers, a large one, or one with a decimal comma.
fn numbers(text: &str) -> Vec<(f64, &str)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(|character: char| character.is_ascii_digit()) {
        rest = &rest[start..];
        let is_part = |character: char| character.is_ascii_digit() || ".,".contains(character);
        let end = rest.find(|character| !is_part(character)).unwrap_or(rest.len());
        let digits = rest[..end].trim_end_matches(['.', ',']);
        let (exponent, behind) = exponent(&rest[digits.len()..]);
        let word = behind.trim_start_matches([' ', '(', '[']);
        let word = &word[..word.find(|character: char| !character.is_alphabetic()).unwrap_or(word.len())];
        let parse = |digits: &str| digits.parse::<f64>().ok().map(|number| number * 10_f64.powi(exponent));
        found.extend(parse(digits.rsplit(',').next().unwrap_or(digits)).map(|number| (number, word)));
        if let Some((others, _)) = digits.rsplit_once(',') {
            found.extend(others.split(',').filter_map(parse).map(|number| (number, "")));
            let readings = [digits.replace(',', ""), digits.replace(',', ".")];
            found.extend(readings.iter().filter_map(|digits| parse(digits)).map(|number| (number, word)));
        }
        rest = behind;
    }
    found
}

/// Parses an exponent at the beginning of `text`, as in `1.5e-05`, and returns what follows. Without one it is 0.
fn exponent(text: &str) -> (i32, &str) {
    let Some(number) = text.strip_prefix(['e', 'E']) else { return (0, text) };
    let digits = number.trim_start_matches(['+', '-']);
    let end = digits.find(|character: char| !character.is_ascii_digit()).unwrap_or(digits.len());
    let (number, behind) = number.split_at(number.len() - digits.len() + end);
    number.parse().map_or((0, text), |exponent| (exponent, behind))
}

/// A time of day, such as `05:53:56.844703`. A person in any time zone may read it, so the hour is left out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeOfDay {
    /// Seconds since the last quarter of an hour.
    seconds: f64,
    /// The value of the last digit: 1 for whole seconds.
    unit: f64,
}

impl TimeOfDay {
    /// True if this is how a client shows a moment that a server notices, at `noticed`, when it is over.
    pub fn is_before(self, noticed: SystemTime) -> bool {
        self.is_between(noticed, -CLOCK_SLACK_S, CLOCK_ORDER_S)
    }

    /// True if this is how a client shows a moment that follows one of the server, `caused`.
    pub fn is_after(self, caused: SystemTime) -> bool {
        self.is_between(caused, -CLOCK_ORDER_S, CLOCK_SLACK_S)
    }

    /// A time is cut to its last digit, so it stands for all moments up to the next one.
    fn is_between(self, moment: SystemTime, from: f64, to: f64) -> bool {
        let since_1970 = moment.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let later = (self.seconds - since_1970 % ZONE_STEP_S).rem_euclid(ZONE_STEP_S);
        let later = if later > ZONE_STEP_S / 2.0 { later - ZONE_STEP_S } else { later };
        later <= to && later + self.unit > from
    }
}

/// Finds the times of day in an output: hour, minute and second, with `:` between them, `h` and `m`, or such words. Some
/// languages write `05.53.56`.
pub fn times_of_day(output: &str) -> Vec<TimeOfDay> {
    places(&measurements(output)).into_iter().map(|(_, _, time)| time).collect()
}

/// Leaves out the times of day, whose seconds are no round-trip times. `0:00:00.160` may be a duration, and stays.
fn without_times_of_day(text: &str) -> String {
    let (mut kept, mut end) = (String::new(), 0);
    for (from, to, _) in places(text).into_iter().filter(|(from, to, _)| !is_duration(&text[*from..*to])) {
        kept += &text[end..from];
        end = to;
    }
    kept + &text[end..]
}

fn is_duration(time: &str) -> bool {
    numbers(time).iter().take(2).all(|(number, _)| *number == 0.0)
}

/// The times of day in `text`, and where each begins and ends.
fn places(text: &str) -> Vec<(usize, usize, TimeOfDay)> {
    let mut found: Vec<(usize, usize, TimeOfDay)> = Vec::new();
    for (at, character) in text.char_indices() {
        let is_inside = found.last().is_some_and(|(_, end, _)| at < *end) || is_continued(&text[..at]);
        if character.is_ascii_digit() && !is_inside {
            if let Some((time, rest)) = parse(&text[at..]) {
                found.push((at, text.len() - rest.len(), time));
            }
        }
    }
    found
}

/// True if a number goes on after `before`: after a digit, and after a point or colon that follows one. A year may stand
/// before the colon, as in `28/Nov/2026:05:53:56`.
fn is_continued(before: &str) -> bool {
    let number = before.strip_suffix(['.', ':']).unwrap_or(before);
    let digits = number.len() - number.trim_end_matches(|character: char| character.is_ascii_digit()).len();
    digits > 0 && (number == before || digits != 4)
}

/// Parses a time of day at the beginning of `text`, and returns what follows.
fn parse(text: &str) -> Option<(TimeOfDay, &str)> {
    // With fewer digits it may be any number with a fraction, and part of an address.
    let has_points = text.get(..8).is_some_and(|text| {
        text.split('.').all(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit()))
    });
    let mark = if has_points { '.' } else { ':' };
    let (_, rest) = number_below(24, text)?;
    let rest = separator(rest, mark, &["h", "hour", "hours"])?;
    let (minute, rest) = number_below(60, rest)?;
    let rest = separator(rest, mark, &["m", "min", "minute", "minutes"])?;
    let (second, rest) = number_below(61, rest)?;
    // In many countries a comma stands before the fraction.
    let digits = rest.strip_prefix(['.', ',']).map_or(0, |fraction| {
        fraction.find(|character: char| !character.is_ascii_digit()).unwrap_or(fraction.len())
    });
    let (fraction, rest) = rest.split_at(if digits > 0 { digits + 1 } else { 0 });
    let fraction = fraction.replacen(',', ".", 1).parse().unwrap_or(0.0);
    let unit = 0.1_f64.powi(i32::try_from(digits).unwrap_or(9));
    let seconds = f64::from(minute * 60 + second) % ZONE_STEP_S + fraction;
    Some((TimeOfDay { seconds, unit }, rest))
}

/// One or two digits, and no third one.
fn number_below(limit: u32, text: &str) -> Option<(u32, &str)> {
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let number = text[..end].parse().ok().filter(|number| end <= 2 && *number < limit)?;
    Some((number, &text[end..]))
}

/// Skips what stands between two parts of a time: the mark, or one of the words.
fn separator<'a>(text: &'a str, mark: char, words: &[&str]) -> Option<&'a str> {
    if let Some(rest) = text.strip_prefix(mark) {
        return Some(rest);
    }
    let text = text.trim_start_matches(' ');
    let (word, rest) = text.split_at(text.find(|character: char| !character.is_alphabetic())?);
    let is_one = words.contains(&word.to_lowercase().as_str());
    is_one.then(|| rest.trim_start_matches([' ', ',']))
}
