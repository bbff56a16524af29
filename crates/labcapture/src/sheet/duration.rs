//! Answers that are durations.

use crate::formatting::milliseconds;
use crate::sheet::value::{SHOWN_MAX, shown};
use toml::Value;

/// Returns why an answer is none of these durations, or `None` if it is right to 1 % or to a microsecond. A number
/// without a unit is in milliseconds. The decimal separator is a point or a comma.
pub fn differs_from_durations(expected: &[u64], value: &Value) -> Option<String> {
    let text = shown(value).trim().to_ascii_lowercase();
    let digits = text.trim_end_matches(|character: char| character.is_alphabetic()).trim_end();
    let unit_ns = match text[digits.len()..].trim() {
        "" | "ms" | "msec" => Some(1e6),
        "s" | "sec" | "second" | "seconds" => Some(1e9),
        "us" | "µs" | "μs" | "usec" => Some(1e3), // micro sign and Greek mu
        "ns" => Some(1.0),
        _ => None,
    };
    let number: Option<f64> = digits.replacen(',', ".", 1).parse().ok();
    let Some(given_ns) = unit_ns.and_then(|unit_ns| Some(number? * unit_ns)) else {
        return Some("that is not a duration; write milliseconds, as in 0.153".to_owned());
    };
    let is_near = |given: f64| {
        expected.iter().any(|right| (given - *right as f64).abs() <= (*right as f64 * 0.01).max(1e3))
    };
    if is_near(given_ns) {
        return None;
    }
    let right = expected.iter().take(SHOWN_MAX).map(|ns| milliseconds(*ns)).collect::<Vec<_>>().join(" or ");
    let unit = [1e3, 1e-3, 1e6]
        .into_iter()
        .any(|factor| is_near(given_ns * factor) && *expected.iter().min().unwrap_or(&0) > 10_000);
    Some(if unit { format!("the unit is milliseconds; it is {right}") } else { format!("it is {right}") })
}

#[cfg(test)]
mod tests {
    use super::differs_from_durations;
    use crate::sheet::checking::check;

    #[test]
    fn reads_durations() {
        check(
            |value| differs_from_durations(&[153_217], value),
            &[
                "0.153",
                "\"0.153 ms\"",
                "\"153 us\"",
                "\"153 \u{b5}s\"",
                "\"153 \u{3bc}s\"",
                "\"0.000153 s\"",
                "0.1532",
                "\"0,153\"",
            ],
            &[
                ("0.16", "0.153 ms"),
                ("153", "unit is milliseconds"),
                ("\"fast\"", "not a duration"),
                ("\"nan\"", ""),
            ],
        );
    }
}
