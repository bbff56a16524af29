//! Random numbers that a seed repeats.

/// SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014; the constants
/// are those of Vigna's public-domain version.
pub struct Random(u64);

impl Random {
    /// Begins the series that belongs to `seed`.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// The next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    /// A whole number from 0 to `end` − 1, each about as likely.
    #[allow(clippy::cast_possible_truncation)] // the product's upper half is below `end`
    pub fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.bits()) * end as u128) >> 64) as usize
    }

    /// A number from 0 up to, but not including, 1.
    pub fn share(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn gives_the_published_series() {
        // The first values for seed 1234567, as printed by the reference implementation.
        let mut random = Random::new(1_234_567);
        let series = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!([random.bits(), random.bits(), random.bits()], series);
    }

    #[test]
    fn stays_within_its_bounds() {
        let mut random = Random::new(1);
        assert!((0..1000).all(|_| random.below(3) < 3 && random.share() < 1.0));
    }
}
