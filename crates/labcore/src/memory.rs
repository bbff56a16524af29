//! How many clients a server with a thread for each has memory for.

use crate::exit::note;

/// Memory for everything but clients: the program itself, the event log, what the allocator keeps, threads that end.
const SPARE_BYTES: u64 = 36 << 20;

/// Returns the number of clients, up to `wanted`, that the process has memory for if each may need `bytes_each`.
///
/// A thread that finds no memory at its start ends the whole program, and so does any small allocation. So a server
/// that runs under a limit (`ulimit -d`) calculates beforehand how many threads it can have. A note tells the user if
/// there are fewer than wanted.
pub fn limit_clients(wanted: usize, bytes_each: usize) -> usize {
    let fit = clients_that_fit(memory_limit(), wanted, bytes_each);
    if fit < wanted {
        note(&format!("memory is limited: there is room for {fit} clients at once, not for {wanted}"));
    }
    fit
}

/// Returns the number of clients that fit within a limit in bytes: at least one, and at most `wanted`.
fn clients_that_fit(limit: Option<u64>, wanted: usize, bytes_each: usize) -> usize {
    let Some(limit) = limit else { return wanted };
    let fit = limit.saturating_sub(SPARE_BYTES) / (bytes_each as u64).max(1);
    usize::try_from(fit).unwrap_or(usize::MAX).clamp(1, wanted.max(1))
}

/// Reads how many bytes of memory the system lets this process have: `None` if there is no limit, or none is known.
#[cfg(unix)]
fn memory_limit() -> Option<u64> {
    use rustix::process::{Resource, getrlimit};
    // `ulimit -d` limits the heap and the stacks of threads, `ulimit -v` everything that is mapped.
    [Resource::Data, Resource::As].into_iter().filter_map(|resource| getrlimit(resource).current).min()
}

#[cfg(not(unix))]
fn memory_limit() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::{SPARE_BYTES, clients_that_fit};

    #[track_caller]
    fn check(limit: Option<u64>, wanted: usize, bytes_each: usize, expected: usize) {
        assert_eq!(clients_that_fit(limit, wanted, bytes_each), expected);
    }

    #[test]
    fn finds_room_for_all_without_a_limit() {
        check(None, 10_000, 1 << 20, 10_000);
        check(None, 1, usize::MAX, 1);
    }

    #[test]
    fn divides_what_the_limit_leaves() {
        check(Some(SPARE_BYTES + 999), 100, 100, 9);
        check(Some(SPARE_BYTES + 1000), 100, 100, 10);
        check(Some(SPARE_BYTES + 100_000), 100, 100, 100);
        check(Some(u64::MAX), 100, 100, 100);
        check(Some(u64::MAX), usize::MAX, 1, usize::try_from(u64::MAX - SPARE_BYTES).unwrap_or(usize::MAX));
    }

    #[test]
    fn has_room_for_one_client_in_any_case() {
        check(Some(0), 100, 100, 1);
        check(Some(SPARE_BYTES), 100, 100, 1);
        check(Some(SPARE_BYTES + 100), 100, usize::MAX, 1);
        check(Some(SPARE_BYTES + 100), 100, 0, 100);
    }
}
