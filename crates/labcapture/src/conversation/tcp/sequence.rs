//! Positions: sequence numbers that do not wrap around.

/// Returns the position of `sequence` in a stream whose initial sequence number is `initial`.
///
/// A sequence number has only 32 bits, so it wraps around after 4 GiB (RFC 9293, section 3.4). Of all positions with
/// these 32 bits, the one nearest to `next`, the position that is expected, is returned. It is negative for a number
/// before the initial one.
pub fn position(sequence: u32, initial: u32, next: u64) -> i64 {
    #[allow(clippy::cast_possible_truncation)] // only the low 32 bits are on the wire
    let expected = initial.wrapping_add(next as u32);
    let difference = sequence.wrapping_sub(expected) as i32;
    i64::try_from(next).unwrap_or(i64::MAX).saturating_add(i64::from(difference))
}

#[cfg(test)]
mod tests {
    use super::position;

    #[test]
    fn counts_from_the_initial_sequence_number() {
        assert_eq!(position(1000, 1000, 0), 0);
        assert_eq!(position(1001, 1000, 1), 1);
        assert_eq!(position(1501, 1000, 1), 501);
    }

    #[test]
    fn continues_where_the_numbers_wrap_around() {
        assert_eq!(position(4, u32::MAX - 5, 1), 10);
        assert_eq!(position(u32::MAX, 0, 1 << 32), (1 << 32) - 1);
        assert_eq!(position(5, 0, 3 << 32), (3 << 32) + 5);
    }

    #[test]
    fn is_negative_before_the_initial_sequence_number() {
        assert_eq!(position(999, 1000, 1), -1);
    }
}
