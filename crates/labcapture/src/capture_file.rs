//! A capture file: pcap or pcapng, read from start to end, one frame at a time.
//!
//! A frame borrows the reader's buffer, so the memory use does not grow with the file.

use anyhow::{Context, bail};
use pcap_parser::traits::PcapNGPacketBlock;
use pcap_parser::{Block, InterfaceDescriptionBlock, PcapBlockOwned, PcapError, create_reader};
use std::fs::File;
use std::io::{Cursor, ErrorKind, Read};
use std::path::Path;

/// The part of a file that the reader holds at a time.
const BUFFER_BYTES: usize = 1 << 20;

/// The largest block that is read. No real frame comes near this size; only a wrong length does.
const BLOCK_BYTES_MAX: usize = 1 << 24;

/// The maximum number of interfaces of one pcapng section.
const INTERFACES_MAX: usize = 4096;

/// One captured frame.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The frame number, starting at 1, as in Wireshark.
    pub number: u64,
    /// Nanoseconds since 1970.
    pub time_ns: u64,
    /// The link type of its interface, as registered at tcpdump.org.
    pub link: i32,
    /// The captured bytes.
    pub bytes: &'a [u8],
    /// The length of the frame on the wire, in bytes.
    pub length: u32,
}

/// Reads the file at `path` and passes each frame to `each`.
///
/// # Errors
/// Fails if the file can't be read, is not a capture, is incomplete, or is damaged. The frames before the fault have
/// been passed to `each`.
pub fn read_file(path: &Path, each: impl FnMut(Frame<'_>)) -> anyhow::Result<()> {
    let name = path.display();
    let file = File::open(path).with_context(|| format!("failed to open `{name}`"))?;
    read(file, each).with_context(|| format!("failed to read `{name}`"))
}

/// Reads a capture and passes each frame to `each`.
///
/// # Errors
/// Fails for the same reasons as [`read_file`].
pub fn read(mut input: impl Read + Send, mut each: impl FnMut(Frame<'_>)) -> anyhow::Result<()> {
    // The reader needs the whole file header in its first read, but a pipe may deliver it in pieces.
    let mut first = Vec::with_capacity(BUFFER_BYTES / 2);
    input.by_ref().take(BUFFER_BYTES as u64 / 2).read_to_end(&mut first)?;
    match first[..] {
        [] => bail!("the file is empty; did the capture run, and was it stopped?"),
        [0x1f, 0x8b, ..] => bail!("the file is compressed; unpack it with `gunzip` first"),
        _ => {}
    }
    let input = Whole(Cursor::new(first).chain(input));
    let mut reader = match create_reader(BUFFER_BYTES, input) {
        Ok(reader) => reader,
        Err(PcapError::Incomplete(_)) => bail!("the file ends in the middle of its header"),
        Err(_) => bail!("it is not a pcap or pcapng file; save the capture from Wireshark as pcapng"),
    };
    let mut section = Section::default();
    let mut capacity = BUFFER_BYTES;
    let mut number = 0;
    loop {
        let seen = reader.data().len();
        match reader.next() {
            Ok((size, block)) => {
                section.take(block, &mut number, &mut each)?;
                reader.consume(size);
                continue;
            }
            Err(PcapError::Eof) => return Ok(()),
            Err(PcapError::Incomplete(_)) => {}
            Err(PcapError::BufferTooSmall) if capacity < BLOCK_BYTES_MAX => {
                capacity *= 2;
                reader.grow(capacity);
            }
            Err(PcapError::UnexpectedEof) => {
                bail!("the file ends in the middle of a frame, after frame {number}")
            }
            Err(PcapError::ReadError) => bail!("reading failed after frame {number}"),
            Err(_) => bail!("the file is damaged after frame {number}"),
        }
        let refilled = reader.refill().is_ok();
        if !refilled {
            bail!("reading failed after frame {number}");
        }
        // A block that states an inner length larger than the block is never complete, however much is read.
        if reader.data().len() == seen && !reader.reader_exhausted() {
            bail!("the file is damaged after frame {number}: it contains a wrong length");
        }
    }
}

/// A reader that fills the whole buffer unless the input ends.
struct Whole<R>(R);

impl<R: Read> Read for Whole<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.0.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(size) => filled += size,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }
}

/// The state that is needed to decode the packets of one section.
#[derive(Default)]
struct Section {
    big_endian: bool,
    interfaces: Vec<Interface>,
}

struct Interface {
    link: i32,
    snap_length: u32,
    units_per_second: u64,
    offset_s: i64,
}

impl Section {
    fn take(
        &mut self,
        block: PcapBlockOwned<'_>,
        number: &mut u64,
        each: &mut impl FnMut(Frame<'_>),
    ) -> anyhow::Result<()> {
        match block {
            PcapBlockOwned::LegacyHeader(header) => {
                let units_per_second =
                    if header.is_nanosecond_precision() { 1_000_000_000 } else { 1_000_000 };
                // The upper half may hold the length of a checksum at the end of each frame.
                let link = header.network.0 & 0xffff;
                self.interfaces = vec![Interface { link, snap_length: 0, units_per_second, offset_s: 0 }];
            }
            PcapBlockOwned::Legacy(packet) => {
                let Some(interface) = self.interfaces.first() else { return Ok(()) };
                *number += 1;
                let fraction_ns = u64::from(packet.ts_usec) * (1_000_000_000 / interface.units_per_second);
                let time_ns = u64::from(packet.ts_sec) * 1_000_000_000 + fraction_ns;
                let link = interface.link;
                each(Frame { number: *number, time_ns, link, bytes: packet.data, length: packet.origlen });
            }
            PcapBlockOwned::NG(Block::SectionHeader(header)) => {
                *self = Section { big_endian: header.big_endian(), interfaces: Vec::new() };
            }
            PcapBlockOwned::NG(Block::InterfaceDescription(description)) => {
                if self.interfaces.len() == INTERFACES_MAX {
                    bail!("the file has more than {INTERFACES_MAX} interfaces");
                }
                self.interfaces.push(interface(&description, self.big_endian));
            }
            PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
                *number += 1;
                let Some(interface) = self.interfaces.get(packet.if_id as usize) else {
                    bail!(
                        "frame {number} refers to interface {}, which the file does not describe",
                        packet.if_id
                    );
                };
                let units = u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
                each(Frame {
                    number: *number,
                    time_ns: interface.time_ns(units),
                    link: interface.link,
                    bytes: packet.packet_data(),
                    length: packet.origlen,
                });
            }
            PcapBlockOwned::NG(Block::SimplePacket(packet)) => {
                *number += 1;
                let Some(interface) = self.interfaces.first() else {
                    bail!("frame {number} comes before the description of its interface");
                };
                let bytes = packet.packet_data();
                let snap_length =
                    if interface.snap_length == 0 { usize::MAX } else { interface.snap_length as usize };
                let bytes = &bytes[..bytes.len().min(snap_length)];
                each(Frame {
                    number: *number,
                    time_ns: 0,
                    link: interface.link,
                    bytes,
                    length: packet.origlen,
                });
            }
            PcapBlockOwned::NG(_) => {} // statistics, resolved names, decryption secrets
        }
        Ok(())
    }
}

fn interface(description: &InterfaceDescriptionBlock<'_>, big_endian: bool) -> Interface {
    let resolution = description.if_tsresol;
    // pcap-parser's own conversion handles neither powers of two nor offsets in big-endian files.
    let units_per_second = match resolution {
        0x80.. => 1_u64.checked_shl(u32::from(resolution & 0x7f)),
        _ => 10_u64.checked_pow(u32::from(resolution)),
    };
    let offset = description.if_tsoffset;
    Interface {
        link: description.linktype.0,
        snap_length: description.snaplen,
        units_per_second: units_per_second.unwrap_or(1_000_000),
        offset_s: if big_endian { offset.swap_bytes() } else { offset },
    }
}

impl Interface {
    fn time_ns(&self, units: u64) -> u64 {
        let ns = match self.units_per_second {
            1_000_000_000 => units,
            1_000_000 => units.saturating_mul(1000),
            other => {
                let ns = u128::from(units) * 1_000_000_000 / u128::from(other);
                u64::try_from(ns).unwrap_or(u64::MAX)
            }
        };
        ns.saturating_add_signed(self.offset_s.saturating_mul(1_000_000_000))
    }
}
