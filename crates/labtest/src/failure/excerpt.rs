//! *Excerpts*: the bytes that a failure shows, as many as a person can use.

use labcore::printable;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::{Error, ErrorKind};

/// Bytes that an excerpt keeps; longer data is cut.
const KEPT_BYTES_MAX: usize = 2048;

/// Bytes before the one that matters.
const BEFORE_BYTES: usize = 24;

/// Bytes that one line of text shows.
const SHOWN_BYTES_MAX: usize = 120;

/// A part of some data: the bytes from `offset` on, of `length` in all.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Excerpt {
    /// Length of the data in bytes.
    pub length: usize,
    /// Where the excerpt begins.
    pub offset: usize,
    /// The bytes, in JSON as hexadecimal digits.
    #[serde(with = "hex")]
    pub bytes: Vec<u8>,
}

impl Excerpt {
    /// The beginning of `data`.
    pub fn of(data: &[u8]) -> Excerpt {
        Excerpt::around(data, 0)
    }

    /// The part of `data` around the byte `at`.
    pub fn around(data: &[u8], at: usize) -> Excerpt {
        // A difference near the beginning is shown with the beginning.
        let offset = if at < SHOWN_BYTES_MAX / 2 { 0 } else { (at - BEFORE_BYTES).min(data.len()) };
        let end = data.len().min(offset + KEPT_BYTES_MAX);
        Excerpt { length: data.len(), offset, bytes: data[offset..end].to_vec() }
    }

    /// True if the excerpt is all of the data.
    pub fn is_whole(&self) -> bool {
        self.bytes.len() == self.length
    }
}

impl Excerpt {
    /// Like the text of [`fmt::Display`], with up to `bytes_max` bytes.
    pub(super) fn shown(&self, bytes_max: usize) -> String {
        let shown = &self.bytes[..self.bytes.len().min(bytes_max)];
        match self.length {
            0 => "0 bytes".to_owned(),
            1 => format!("1 byte: \"{}\"", printable(shown)),
            length => {
                let before = if self.offset > 0 { "…" } else { "" };
                let behind = if self.offset + shown.len() < length { "…" } else { "" };
                format!("{length} bytes: {before}\"{}\"{behind}", printable(shown))
            }
        }
    }
}

/// `6 bytes: "hello\n"`: the length, and the bytes, escaped.
impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown(SHOWN_BYTES_MAX))
    }
}

/// Names `bytes` in a line of text: `6 bytes: "hello\n"`.
pub(crate) fn bytes_shown(bytes: &[u8]) -> String {
    Excerpt::of(bytes).to_string()
}

/// Why no more bytes came.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// Enough came to compare.
    Enough,
    /// Nothing more came in time.
    Silence,
    /// The stream ended.
    Closed,
    /// The connection was reset.
    Reset,
    /// Nobody listens at the address.
    Refused,
}

impl End {
    /// What a failed socket call means.
    pub fn of(error: &Error) -> End {
        match error.kind() {
            ErrorKind::ConnectionRefused => End::Refused,
            _ if labcore::is_timeout(error) => End::Silence,
            _ => End::Reset,
        }
    }
}

/// Continues a sentence that says what was received.
impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            End::Enough => "",
            End::Silence => ", then nothing more",
            End::Closed => ", then the end of the stream",
            End::Reset => ", then a reset of the connection",
            End::Refused => ", then a refusal: nobody listens at that address",
        })
    }
}

/// What came, and why no more did.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Received {
    /// The bytes.
    #[serde(flatten)]
    pub bytes: Excerpt,
    /// Why no more came.
    pub end: End,
}

/// Bytes as a string of hexadecimal digits.
mod hex {
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        serializer.serialize_str(&digits)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(byte).collect();
        bytes.ok_or_else(|| de::Error::custom("not hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::{BEFORE_BYTES, Excerpt};

    #[test]
    fn keeps_the_bytes_around_a_difference() {
        let data: Vec<u8> = (0..10_000_u32).map(|number| number.to_le_bytes()[0]).collect();
        let excerpt = Excerpt::around(&data, 9_000);
        assert_eq!((excerpt.length, excerpt.offset), (10_000, 9_000 - BEFORE_BYTES));
        assert!(!excerpt.is_whole() && Excerpt::of(b"hello").is_whole());
    }

    #[test]
    fn reads_its_own_json() {
        let excerpt = Excerpt::of(b"hello\n\xff\0");
        let json = serde_json::to_string(&excerpt).unwrap();
        assert_eq!(json, r#"{"length":8,"offset":0,"bytes":"68656c6c6f0aff00"}"#);
        assert_eq!(serde_json::from_str::<Excerpt>(&json).unwrap(), excerpt);
        assert!(serde_json::from_str::<Excerpt>(&json.replace("68", "6x")).is_err());
        assert!(serde_json::from_str::<Excerpt>(&json.replace("68", "é")).is_err());
    }

    #[test]
    fn shows_bytes_escaped() {
        assert_eq!(Excerpt::of(b"hi\n").to_string(), "3 bytes: \"hi\\n\"");
        assert!(Excerpt::of(&[b'x'; 500]).to_string().ends_with("x\"…"));
    }
}
