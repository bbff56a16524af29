//! Validators tell one version of a file from another. Conditional requests refer to them (RFC 9110 §8.8, §13).

use crate::http::date::HttpDate;
use std::fs::Metadata;
use std::time::{SystemTime, UNIX_EPOCH};

/// The validators of one version of a file.
pub struct Validators {
    /// Changes with the file: made of its length and the time of its last change, in nanoseconds.
    pub etag: String,
    /// The time of the last change, for clients that do not support tags.
    pub last_modified: HttpDate,
}

impl Validators {
    /// Makes the validators of the file that `metadata` describes.
    pub fn of(metadata: &Metadata) -> Validators {
        let modified = metadata.modified().unwrap_or(UNIX_EPOCH);
        Validators {
            etag: tag(metadata.len(), modified),
            // A time in the future is replaced by the current time (RFC 9110 §8.8.2.1).
            last_modified: modified.min(SystemTime::now()).into(),
        }
    }
}

fn tag(length: u64, modified: SystemTime) -> String {
    match modified.duration_since(UNIX_EPOCH) {
        Ok(since) => format!("\"{length:x}-{:x}\"", since.as_nanos()),
        Err(before) => format!("\"{length:x}--{:x}\"", before.duration().as_nanos()),
    }
}

/// The conditions of a request, as they arrived.
#[derive(Debug, Default, PartialEq)]
pub struct Conditions {
    /// Answer only if the file has one of these tags.
    pub if_match: Option<String>,
    /// Answer only if the file has none of these tags.
    pub if_none_match: Option<String>,
    /// Answer only if the file has changed since this date.
    pub if_modified_since: Option<String>,
    /// Answer only if the file has not changed since this date.
    pub if_unmodified_since: Option<String>,
    /// Answer with a part only if the file still has this tag or date.
    pub if_range: Option<String>,
}

/// What the conditions of a request result in.
#[derive(Debug, PartialEq)]
pub enum Precondition {
    /// Answer as if there were no conditions.
    Proceed,
    /// The client has this version already: 304.
    NotModified,
    /// This is not the version that the client expects: 412.
    Failed,
}

impl Conditions {
    /// Evaluates the conditions, in the order of RFC 9110 §13.2.2: a tag takes precedence over a date.
    pub fn evaluate(&self, file: &Validators) -> Precondition {
        let date = |text: &Option<String>| text.as_deref().and_then(HttpDate::parse);
        let changed_since = |date| file.last_modified > date;
        let as_expected = match &self.if_match {
            Some(tags) => contains_tag(tags, &file.etag, false),
            None => !date(&self.if_unmodified_since).is_some_and(changed_since),
        };
        let is_modified = match &self.if_none_match {
            Some(tags) => !contains_tag(tags, &file.etag, true),
            None => date(&self.if_modified_since).is_none_or(changed_since),
        };
        match (as_expected, is_modified) {
            (false, _) => Precondition::Failed,
            (true, false) => Precondition::NotModified,
            (true, true) => Precondition::Proceed,
        }
    }

    /// True if the client may get a part. If it holds a part of another version, the two would not fit together.
    pub fn allow_part(&self, file: &Validators) -> bool {
        match &self.if_range {
            None => true,
            Some(tag) if tag.contains('"') => *tag == file.etag,
            // Within the second of its last change, a file may change again under the same date (RFC 9110 §8.8.2.2).
            Some(date) => {
                HttpDate::parse(date) == Some(file.last_modified) && file.last_modified < HttpDate::now()
            }
        }
    }
}

/// True if a list of tags contains `tag`, or is `*`.
///
/// This server's tags are all strong. `accept_weak` says whether a tag that is marked as weak (`W/"…"`: equivalent, but
/// not byte for byte the same) matches too (RFC 9110 §8.8.3.2).
fn contains_tag(list: &str, tag: &str, accept_weak: bool) -> bool {
    if list == "*" {
        return true;
    }
    let mut rest = list;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let strong = rest.strip_prefix("W/");
        let is_weak = strong.is_some();
        rest = strong.unwrap_or(rest);
        // A tag may contain commas, so its closing quote marks its end. Anything that is not a tag ends the list.
        let Some(length) = rest.strip_prefix('"').and_then(|inner| inner.find('"')) else { return false };
        let (candidate, after) = rest.split_at(length + 2);
        if candidate == tag && (accept_weak || !is_weak) {
            return true;
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::{Conditions, Precondition, Validators, tag};
    use crate::http::date::HttpDate;
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
    const AFTER: &str = "Sunday, 06-Nov-94 08:49:38 GMT";

    fn file() -> Validators {
        Validators { etag: "\"1-a\"".to_owned(), last_modified: HttpDate::parse(DATE).unwrap() }
    }

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[track_caller]
    fn check(conditions: &Conditions, expected: Precondition) {
        assert_eq!(conditions.evaluate(&file()), expected, "{conditions:?}");
    }

    #[test]
    fn compares_tags_weakly_for_if_none_match() {
        for (tags, expected) in [
            ("\"1-a\"", Precondition::NotModified),
            ("W/\"1-a\"", Precondition::NotModified),
            ("\"x\", \"1-a\"", Precondition::NotModified),
            ("\"x,\",W/\"y\" ,, \"1-a\"", Precondition::NotModified),
            ("*", Precondition::NotModified),
            ("\"x\"", Precondition::Proceed),
            ("\"1-a", Precondition::Proceed),
            ("1-a", Precondition::Proceed),
            ("", Precondition::Proceed),
        ] {
            check(&Conditions { if_none_match: text(tags), ..Conditions::default() }, expected);
        }
    }

    #[test]
    fn compares_tags_strongly_for_if_match() {
        for (tags, expected) in [
            ("\"x\", \"1-a\"", Precondition::Proceed),
            ("*", Precondition::Proceed),
            ("W/\"1-a\"", Precondition::Failed),
            ("\"x\"", Precondition::Failed),
        ] {
            check(&Conditions { if_match: text(tags), ..Conditions::default() }, expected);
        }
    }

    #[test]
    fn compares_dates_and_ignores_what_is_not_a_date() {
        for (date, modified, unmodified) in [
            (BEFORE, Precondition::Proceed, Precondition::Failed),
            (DATE, Precondition::NotModified, Precondition::Proceed),
            (AFTER, Precondition::NotModified, Precondition::Proceed),
            ("soon", Precondition::Proceed, Precondition::Proceed),
        ] {
            check(&Conditions { if_modified_since: text(date), ..Conditions::default() }, modified);
            check(&Conditions { if_unmodified_since: text(date), ..Conditions::default() }, unmodified);
        }
    }

    #[test]
    fn prefers_tags_to_dates() {
        let conditions = Conditions {
            if_none_match: text("\"x\""),
            if_modified_since: text(AFTER),
            if_match: text("\"1-a\""),
            if_unmodified_since: text(BEFORE),
            if_range: None,
        };
        check(&conditions, Precondition::Proceed);
    }

    #[test]
    fn does_not_trust_a_date_within_its_second() {
        let date = HttpDate::from(SystemTime::now() + Duration::from_secs(60)); // within that second for long enough
        let file = Validators { etag: String::new(), last_modified: date };
        let conditions = Conditions { if_range: text(&date.to_string()), ..Conditions::default() };
        assert!(!conditions.allow_part(&file));
    }

    #[test]
    fn tags_differ_before_1970_too() {
        let times = [-1, 0, 1].map(|second: i64| match u64::try_from(second) {
            Ok(after) => UNIX_EPOCH + Duration::from_secs(after),
            Err(_) => UNIX_EPOCH - Duration::from_secs(second.unsigned_abs()),
        });
        assert_eq!(times.map(|time| tag(5, time)), ["\"5--3b9aca00\"", "\"5-0\"", "\"5-3b9aca00\""]);
    }

    #[test]
    fn allows_a_part_of_the_same_version_only() {
        for (if_range, expected) in [
            (None, true),
            (text("\"1-a\""), true),
            (text("W/\"1-a\""), false),
            (text("\"x\""), false),
            (text(DATE), true),
            (text(AFTER), false),
            (text("soon"), false),
        ] {
            let conditions = Conditions { if_range, ..Conditions::default() };
            assert_eq!(conditions.allow_part(&file()), expected, "{conditions:?}");
        }
    }
}
