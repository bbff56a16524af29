//! Is computed while it compiles, and that never ends.
#![allow(long_running_const_eval)]

const fn forever() -> u64 {
    let mut number: u64 = 0;
    loop {
        number = number.wrapping_add(1);
    }
}

/// Never known.
pub const NUMBER: u64 = forever();
