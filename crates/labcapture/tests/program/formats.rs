//! Every file format gives the same result.

use crate::harness::capture;
use labcapture::text_view;

#[test]
fn reads_headers_without_their_options() {
    let capture = capture("snapped-short.pcap");
    assert_eq!((capture.conversations.len(), capture.conversations[0].common.packet_count()), (1, 10));
    // A truncated fragment does not complete a datagram.
    assert_eq!(self::capture("snapped-fragment.pcap").conversations.len(), 0);
}

#[test]
fn reads_every_file_format_alike() {
    let pages = |name: &str| {
        let mut text = Vec::new();
        text_view::write(&capture(name), &[], None, &mut text).unwrap();
        String::from_utf8(text).unwrap()
    };
    let expected = pages("pcap-nanoseconds.pcap");
    for name in ["pcap-nanoseconds-big-endian.pcap", "pcapng-nanoseconds.pcapng", "pcapng-big-endian.pcapng"]
    {
        assert_eq!(pages(name), expected, "{name}");
    }
    for name in ["pcapng-microseconds.pcapng", "pcapng-offset-big-endian.pcapng"] {
        assert_eq!(pages(name), pages("pcap-big-endian.pcap"), "{name}");
    }
    assert_eq!(capture("pcapng-two-sections.pcapng").conversations.len(), 8);
}
