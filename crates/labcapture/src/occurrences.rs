//! Occurrences: how often something happened, and in which frames.

/// A count, with the numbers of the first frames.
#[derive(Clone, Debug, Default)]
pub struct Occurrences {
    /// How often it happened.
    pub count: u64,
    /// The first few frames, in the order of the capture.
    pub frames: Vec<u64>,
}

impl Occurrences {
    /// The maximum number of frames that are kept, so that the memory use does not grow with the capture.
    const FRAMES_MAX: usize = 8;

    /// Counts one more occurrence, in `frame`.
    pub fn add(&mut self, frame: u64) {
        self.count += 1;
        if self.frames.len() < Occurrences::FRAMES_MAX {
            self.frames.push(frame);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Occurrences;

    #[test]
    fn counts_all_and_keeps_the_first_frames() {
        let mut occurrences = Occurrences::default();
        (1..=20).for_each(|frame| occurrences.add(frame));
        assert_eq!((occurrences.count, occurrences.frames), (20, (1..=8).collect()));
    }
}
