//! Previews: the first bytes of a payload, which is all that is kept of it.

/// The maximum number of bytes of a preview.
const PREVIEW_BYTES_MAX: usize = 160;

/// Returns the start of `payload` that a preview holds.
pub fn start_of(payload: &[u8]) -> &[u8] {
    &payload[..payload.len().min(PREVIEW_BYTES_MAX)]
}

/// Copies the start of `payload`.
pub fn preview(payload: &[u8]) -> Box<[u8]> {
    start_of(payload).into()
}

#[cfg(test)]
mod tests {
    use super::{PREVIEW_BYTES_MAX, preview};

    #[test]
    fn is_bounded() {
        assert_eq!(preview(b"hello").as_ref(), b"hello");
        assert_eq!(preview(&[0; 1000]).len(), PREVIEW_BYTES_MAX);
    }
}
