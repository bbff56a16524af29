//! Passes.

#[test]
fn server_answers_in_upper_case() {}
