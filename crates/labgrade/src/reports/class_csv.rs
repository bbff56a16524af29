//! `class.csv`: one row per submission, for a spreadsheet.
//!
//! RFC 4180 in UTF-8: a field stands in double quotes if it needs them, and rows end in `\r\n`. The columns are
//! `submission`, `score`, `score_max`, `robust`, `robust_max` (a total that the grader could not find out is empty),
//! `submitted` (empty if there was no file), `seconds`, `remarks` (their number), `isolated`, `answers` and `answers_max`
//! (right facts of the sheet of answers, and all of them), `explained` and `explained_max` (points of the explanations),
//! `explained_open` (explanations that nobody has graded yet), and then one column per check with its status. Without a
//! sheet of answers, the columns about it are empty.
//!
//! A spreadsheet takes a field that begins with `=`, `+`, `-` or `@` for a formula and runs it. Such a field gets a `'` in
//! front, as [OWASP advises](https://owasp.org/www-community/attacks/CSV_Injection).

use super::text;
use crate::outcome::Outcome;
use labrubric::Kind;
use std::borrow::Cow;
use std::collections::HashMap;

const FIXED_COLUMNS: [&str; 14] = [
    "submission",
    "score",
    "score_max",
    "robust",
    "robust_max",
    "submitted",
    "seconds",
    "remarks",
    "isolated",
    "answers",
    "answers_max",
    "explained",
    "explained_max",
    "explained_open",
];

/// The text of the file.
pub fn text_of(outcomes: &[Outcome]) -> String {
    let mut tests: Vec<&str> = Vec::new();
    for checked in outcomes.iter().flat_map(|outcome| &outcome.checks) {
        if !tests.contains(&&*checked.check.test) {
            tests.push(&checked.check.test);
        }
    }
    let mut csv = row(FIXED_COLUMNS.iter().chain(&tests).map(|head| (*head).to_owned()));
    for outcome in outcomes {
        let points = |kind| outcome.points(kind).map(|points| points.to_string()).unwrap_or_default();
        let answers = outcome.answers.as_ref();
        let fixed = [
            text::line(&outcome.submission),
            points(Kind::Core),
            outcome.points_possible(Kind::Core).to_string(),
            points(Kind::Robust),
            outcome.points_possible(Kind::Robust).to_string(),
            outcome.submitted.map(|time| time.format("%Y-%m-%dT%H:%M:%SZ").to_string()).unwrap_or_default(),
            format!("{:.1}", outcome.seconds),
            outcome.remarks.len().to_string(),
            outcome.isolated.to_string(),
            answers.map(|answers| answers.right.to_string()).unwrap_or_default(),
            answers.map(|answers| answers.of.to_string()).unwrap_or_default(),
            answers.map(|answers| answers.explained_points().to_string()).unwrap_or_default(),
            answers.map(|answers| answers.explained_max().to_string()).unwrap_or_default(),
            answers.map(|answers| answers.open().to_string()).unwrap_or_default(),
        ];
        let status: HashMap<&str, String> =
            outcome.checks.iter().map(|checked| (&*checked.check.test, checked.status.to_string())).collect();
        let of_tests = tests.iter().map(|test| status.get(test).cloned().unwrap_or_default());
        csv.push_str(&row(fixed.into_iter().chain(of_tests)));
    }
    csv
}

fn row(fields: impl Iterator<Item = String>) -> String {
    let fields: Vec<String> = fields.map(|text| field(&text).into_owned()).collect();
    fields.join(",") + "\r\n"
}

fn field(text: &str) -> Cow<'_, str> {
    // Some spreadsheets read the full-width characters as the usual ones.
    let is_formula = text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    let text = if is_formula { Cow::from(format!("'{text}")) } else { Cow::from(text) };
    if text.contains(['"', ',', '\r', '\n']) || text.starts_with(' ') || text.ends_with(' ') {
        return Cow::from(format!("\"{}\"", text.replace('"', "\"\"")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::field;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(field(text), expected);
    }

    #[test]
    fn quotes_what_needs_it() {
        check("plain", "plain");
        check("two words", "two words");
        check("a,b", "\"a,b\"");
        check("a \"b\"", "\"a \"\"b\"\"\"");
    }

    #[test]
    fn defuses_formulas() {
        check("=1+1", "'=1+1");
        check("+1", "'+1");
        check("-1", "'-1");
        check("@SUM(A1)", "'@SUM(A1)");
        check(" =1", "' =1");
        check("＝1", "'＝1");
        check("=HYPERLINK(\"x\",1)", "\"'=HYPERLINK(\"\"x\"\",1)\"");
        check("a=1", "a=1");
    }
}
