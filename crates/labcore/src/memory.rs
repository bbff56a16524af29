use crate::note;
use std::hint::black_box;

/// What is asked for at once. More than an allocator keeps in store, so that it has to ask the system.
const PIECE_BYTES: usize = 40 << 20;

/// Memory for all else: the screen, what the allocator keeps, threads that are about to end.
const SPARE_BYTES: usize = 32 << 20;

/// The number of clients, up to `wanted`, that there is memory for, if each may need so many bytes.
///
/// A thread that finds no memory at its start ends the whole program, and so does any small allocation. So a server that
/// runs under a limit (`ulimit -d`) finds out beforehand how many threads it can have. A person who wanted more is told.
pub fn clients_that_fit(wanted: usize, bytes_each: usize) -> usize {
    let fit = fit(wanted, bytes_each);
    if fit < wanted {
        note(&format!("memory is limited: there is room for {fit} clients at once, not for {wanted}"));
    }
    fit
}

fn fit(wanted: usize, bytes_each: usize) -> usize {
    let needed = wanted.saturating_mul(bytes_each).saturating_add(SPARE_BYTES);
    let mut pieces = Vec::new();
    let mut piece = PIECE_BYTES;
    let mut room = 0;
    while room < needed && piece >= bytes_each {
        let mut bytes = Vec::<u8>::new();
        if bytes.try_reserve_exact(piece).is_ok() {
            room += piece;
            // Nobody writes to it, so it takes room and no memory. The compiler, which sees that too, must not leave it out.
            pieces.push(black_box(bytes));
        } else {
            piece /= 2;
        }
    }
    (room.saturating_sub(SPARE_BYTES) / bytes_each).clamp(1, wanted)
}

#[cfg(test)]
mod tests {
    use super::{SPARE_BYTES, fit};

    #[test]
    fn finds_room_for_all_who_fit() {
        assert_eq!(fit(100, 1 << 10), 100);
        assert_eq!(fit(1, SPARE_BYTES), 1);
    }

    #[test]
    fn finds_that_not_everybody_fits() {
        // No system has room for all of these, and there is always one client.
        let found = fit(usize::MAX, 1 << (usize::BITS - 10));
        assert!((1..1 << 10).contains(&found), "{found}");
        assert_eq!(fit(5, usize::MAX), 1);
    }
}
