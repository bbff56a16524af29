//! Checks of answers, for the unit tests of this folder.

use toml::Value;

/// Checks that `differs` accepts each of the right answers, and that it explains each wrong one with the text beside
/// it. Answers are written as in a sheet.
#[track_caller]
pub fn check(differs: impl Fn(&Value) -> Option<String>, right: &[&str], wrong: &[(&str, &str)]) {
    for text in right {
        assert_eq!(differs(&value(text)), None, "{text}");
    }
    for (text, why) in wrong {
        let given = differs(&value(text)).unwrap_or_else(|| panic!("{text} counts as right"));
        assert!(given.contains(why), "{text}: {given}");
    }
}

fn value(text: &str) -> Value {
    let table: toml::Table = format!("a = {text}").parse().unwrap();
    table["a"].clone()
}
