//! *Assertions* for facts that no method of this crate looks at. A check that fails by them is a [`Failure`] like any other;
//! a panic of another kind means that the check itself is broken.
//!
//! [`Failure`]: crate::failure::Failure

use crate::diagnosis::fail::{Problem, fail};
use crate::transcript::Transcript;
use std::fmt::Debug;

/// Fails the check unless a condition holds: `check!(time < LIMIT, "it took {time:?}")`.
#[macro_export]
macro_rules! check {
    ($condition:expr $(,)?) => {
        if !$condition {
            $crate::fail_check(concat!("expected that ", stringify!($condition)));
        }
    };
    ($condition:expr, $($what:tt)+) => {
        if !$condition {
            $crate::fail_check(&format!($($what)+));
        }
    };
}

/// Fails the check unless two values are equal: `check_eq!(found, expected)`.
#[macro_export]
macro_rules! check_eq {
    ($found:expr, $expected:expr $(,)?) => {
        $crate::expect_equal(&$found, &$expected, stringify!($found))
    };
    ($found:expr, $expected:expr, $($what:tt)+) => {
        $crate::expect_equal(&$found, &$expected, &format!($($what)+))
    };
}

/// Fails the check that runs on this thread.
#[track_caller]
pub fn fail_check(what: &str) -> ! {
    fail(&Transcript::current(), Problem::new(what));
}

/// Fails the check unless `found` equals `expected`; `what` names the value.
#[track_caller]
pub fn expect_equal<F: Debug + PartialEq<E>, E: Debug>(found: &F, expected: &E, what: &str) {
    if found != expected {
        fail_check(&format!("{what}: expected {expected:?}, found {found:?}"));
    }
}

#[cfg(test)]
mod tests {
    use crate::failure::{Failure, Verdict};
    use std::panic::catch_unwind;

    #[test]
    fn fails_with_a_value() {
        let failure: Failure = *catch_unwind(|| crate::check_eq!(1 + 1, 3)).unwrap_err().downcast().unwrap();
        assert_eq!(failure.summary, "1 + 1: expected 3, found 2");
        assert_eq!(failure.verdict, Verdict::Fail);
        crate::check!(failure.cause.is_none(), "it has a cause: {:?}", failure.cause);
    }
}
