//! Texts that are drawn at random, so that no program knows the reply beforehand.

use crate::settings;
use labcore::random::SplitMix64;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The seed of this run: `LAB_SEED`, or a random number.
static SEED: LazyLock<u64> = LazyLock::new(|| {
    // The standard library seeds its hash maps at random, and offers no other random numbers.
    settings::seed().unwrap_or_else(|| RandomState::new().hash_one(0))
});

/// Draws a text of `length` small letters, with single spaces between words: another one each time.
///
/// With `LAB_SEED` set, a check gets the same texts in every run.
pub fn unforeseen_text(length: usize) -> String {
    static DRAWN: AtomicU64 = AtomicU64::new(0);
    draw(*SEED ^ DRAWN.fetch_add(1, Ordering::Relaxed).wrapping_mul(0xa076_1d64_78bd_642f), length)
}

fn draw(seed: u64, length: usize) -> String {
    let mut numbers = SplitMix64::new(seed);
    let mut text = String::new();
    for at in 0..length {
        let bits = numbers.next_u64();
        let may_be_space = at > 0 && at + 1 < length && !text.ends_with(' ');
        text.push(if may_be_space && bits % 6 == 0 {
            ' '
        } else {
            char::from(b'a' + ((bits >> 32) % 26).to_le_bytes()[0])
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{draw, unforeseen_text};

    #[test]
    fn draws_the_same_text_for_the_same_seed_only() {
        assert_eq!(draw(1, 40), draw(1, 40));
        assert_ne!(draw(1, 40), draw(2, 40));
        assert_ne!(unforeseen_text(40), unforeseen_text(40));
    }

    #[test]
    fn draws_words_of_small_letters() {
        for seed in 0..100 {
            let text = draw(seed, 30);
            assert_eq!(text.len(), 30);
            assert!(text.bytes().all(|byte| byte == b' ' || byte.is_ascii_lowercase()), "{text}");
            assert!(!text.contains("  ") && text.trim() == text, "{text}");
        }
    }
}
