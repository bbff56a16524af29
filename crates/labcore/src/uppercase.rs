//! The transform of the echo labs.

/// Turns the letters a–z among `bytes` into A–Z, in place.
///
/// Every other byte stays as it is: digits, `&*!`, NUL, and the bytes of a multi-byte UTF-8 character, which are all above
/// 127. So valid UTF-8 stays valid. The length stays the same too, so that a server can answer from the buffer that it
/// received into.
pub fn uppercase(bytes: &mut [u8]) {
    bytes.make_ascii_uppercase();
}

#[cfg(test)]
mod tests {
    use super::uppercase;
    use proptest::prelude::*;

    fn upper(bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        uppercase(&mut bytes);
        bytes
    }

    #[test]
    fn changes_letters_and_nothing_else() {
        for byte in 0..=u8::MAX {
            let expected = if byte.is_ascii_lowercase() { byte - 32 } else { byte };
            assert_eq!(upper(&[byte]), [expected], "byte {byte}");
        }
        assert_eq!(upper("Straße, naïve, &*! 42\0".as_bytes()), "STRAßE, NAïVE, &*! 42\0".as_bytes());
    }

    proptest! {
        #[test]
        fn keeps_the_length_and_every_byte_outside_a_to_z(bytes: Vec<u8>) {
            let result = upper(&bytes);
            prop_assert_eq!(result.len(), bytes.len());
            for (before, after) in bytes.iter().zip(&result) {
                let letter = before.is_ascii_lowercase();
                prop_assert_eq!(*after, if letter { before - 32 } else { *before });
            }
        }

        #[test]
        fn is_idempotent(bytes: Vec<u8>) {
            let once = upper(&bytes);
            prop_assert_eq!(upper(&once), once);
        }

        #[test]
        fn keeps_valid_utf8_valid(text: String) {
            prop_assert!(String::from_utf8(upper(text.as_bytes())).is_ok());
        }
    }
}
