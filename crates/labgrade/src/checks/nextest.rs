//! *nextest*, which runs the tests: its configuration, and the expressions that select tests.

use crate::limits;
use labrubric::Check;
use std::path::Path;

/// The variable that makes nextest start each test by another program.
pub fn runner_variable() -> String {
    let arch = std::env::consts::ARCH.to_uppercase();
    let env = if cfg!(target_env = "musl") { "MUSL" } else { "GNU" };
    format!("CARGO_TARGET_{arch}_UNKNOWN_LINUX_{env}_RUNNER")
}

/// The expression that selects these checks.
pub fn filter<'a>(checks: impl Iterator<Item = &'a Check>) -> String {
    checks.filter_map(filter_one).collect::<Vec<_>>().join(" | ")
}

fn filter_one(check: &Check) -> Option<String> {
    let (binary, test) = check.test.split_once("::")?;
    Some(format!("(binary(={binary}) & test(={test}))"))
}

/// The configuration for tests whose results go to `store`, so many of them at once.
pub fn config(store: &Path, at_once: usize) -> String {
    let time_max_s = (limits::CHECK + limits::GRACE).as_secs();
    format!(
        "[store]\ndir = {store:?}\n\n[profile.default]\nretries = 0\nfail-fast = false\ntest-threads = {at_once}\n\
         slow-timeout = {{ period = \"{time_max_s}s\", terminate-after = 1, grace-period = \"3s\" }}\nleak-timeout = \"500ms\"\n\
         status-level = \"fail\"\nfinal-status-level = \"none\"\nfailure-output = \"never\"\n\n[profile.default.junit]\n\
         path = \"junit.xml\"\n",
        store = store.display().to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::filter;
    use labrubric::Rubric;

    #[test]
    fn selects_tests_by_program_and_name() {
        let row = |test: &str| {
            format!("[[check]]\ntest = \"{test}\"\nkind = \"core\"\npoints = 1\nshows = \"\"\nhint = \"\"\n")
        };
        let rubric: Rubric = toml::from_str(&(row("http::requests::keeps") + &row("core::answers"))).unwrap();
        assert_eq!(
            filter(rubric.checks.iter()),
            "(binary(=http) & test(=requests::keeps)) | (binary(=core) & test(=answers))"
        );
    }
}
