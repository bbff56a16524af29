//! The values of a sheet.

use toml::Value;

/// The maximum number of values of one answer that are considered.
pub const VALUES_MAX: usize = 1000;

/// The maximum number of values that an explanation names.
pub const SHOWN_MAX: usize = 4;

/// The part of a question that asks for an explanation, as in `4.explain`.
pub const EXPLANATION: &str = "explain";

/// Tells whether a field is an explanation.
pub fn is_explanation(field: &str) -> bool {
    field.split_once('.').is_some_and(|(_, part)| part == EXPLANATION)
}

/// Returns an answer as it was written.
pub fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().take(VALUES_MAX).map(shown).collect::<Vec<_>>().join(", "),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(_) | Value::Datetime(_) | Value::Table(_) => "a value of another kind".to_owned(),
    }
}

/// Splits a text into words at spaces, commas and similar separators.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ' ', ';', '/', '(', ')', '[', ']', '\t', '\n']).filter(|word| !word.is_empty())
}
