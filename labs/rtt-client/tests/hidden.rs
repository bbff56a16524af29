//! The exercise with a delay that no program can know beforehand. Students do not see this test.

mod pinger;

use labtest::unforeseen_text;
use std::time::Duration;

#[test]
fn measures_a_delay_that_nobody_could_foresee() {
    let drawn: u64 = unforeseen_text(8).bytes().map(u64::from).sum();
    pinger::check_shown(pinger::SERIES, 2, Duration::from_millis(180 + drawn % 200));
}
