//! *Sockets* of a program, read from Linux's `/proc`: no packet is sent to find them.

use super::{process, second_host};
use crate::settings;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::fmt;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// What a socket speaks.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// A connection: a stream of bytes.
    Tcp,
    /// Datagrams.
    Udp,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Transport::Tcp { "TCP" } else { "UDP" })
    }
}

/// Finds where the programs of process group `group` listen (TCP) or are bound (UDP), and whatever they started, also
/// in a session of its own. Empty where there is no `/proc`.
pub(crate) fn open(group: u32) -> Vec<(Transport, SocketAddr)> {
    const LOCAL: usize = 1;
    let (tcp, udp) = (Transport::Tcp, Transport::Udp);
    find(group, LOCAL, [("tcp", "0A", tcp), ("tcp6", "0A", tcp), ("udp", "07", udp), ("udp6", "07", udp)])
}

/// Finds the other ends of the connections (TCP) and of the connected sockets (UDP) of the same programs.
pub(crate) fn connected(group: u32) -> Vec<(Transport, SocketAddr)> {
    const REMOTE: usize = 2;
    let (tcp, udp) = (Transport::Tcp, Transport::Udp);
    find(group, REMOTE, [("tcp", "01", tcp), ("tcp6", "01", tcp), ("udp", "01", udp), ("udp6", "01", udp)])
}

/// True if a datagram has come to the socket at `address` that its program has not received.
pub(crate) fn has_unread_datagram(address: SocketAddr) -> bool {
    ["udp", "udp6"].into_iter().any(|table| {
        let table = fs::read_to_string(format!("/proc/self/net/{table}")).unwrap_or_default();
        table.lines().any(|row| {
            // sl local remote state tx_queue:rx_queue …
            let fields: Vec<&str> = row.split_whitespace().collect();
            let queue = fields.get(4).and_then(|queues| queues.split_once(':'));
            let bound = fields.get(1).and_then(|word| parse_address(word));
            queue.is_some_and(|(_, unread)| unread.contains(|digit| digit != '0'))
                && bound.is_some_and(|bound| reaches(bound, address))
        })
    })
}

/// Finds the addresses in column `column` of the rows of these tables that have this state, for the programs' sockets.
fn find(group: u32, column: usize, tables: [(&str, &str, Transport); 4]) -> Vec<(Transport, SocketAddr)> {
    let mut found = Vec::new();
    let mut processes = process::tree(group);
    // In a sandbox nothing leaves the tree, and looking at every process of a busy machine is slow.
    if settings::programs().is_none() {
        processes.extend(process::group(group));
    }
    processes.sort_unstable();
    processes.dedup();
    for process in processes {
        let inodes = socket_inodes(process);
        if inodes.is_empty() {
            continue;
        }
        for (table, state, transport) in tables {
            let table = fs::read_to_string(format!("/proc/{process}/net/{table}")).unwrap_or_default();
            let rows = table.lines().filter_map(|row| address_in(row, column, state, &inodes));
            found.extend(rows.map(|address| (transport, address)));
        }
    }
    found
}

/// How many datagrams came to ports where nobody listens (Linux). `None` unless the check has the network to itself: those
/// of others on the machine are counted as well.
pub(crate) fn unreachable_datagrams() -> Option<u64> {
    if !settings::has_own_network() {
        return None;
    }
    let table = fs::read_to_string("/proc/self/net/snmp").ok()?;
    let mut rows = table.lines().filter_map(|line| line.strip_prefix("Udp: "));
    let column = rows.next()?.split(' ').position(|name| name == "NoPorts")?;
    rows.next()?.split(' ').nth(column)?.parse().ok()
}

fn socket_inodes(process: u32) -> HashSet<u64> {
    let Ok(entries) = fs::read_dir(format!("/proc/{process}/fd")) else { return HashSet::new() };
    let links = entries.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    links
        .filter_map(|link| link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok())
        .collect()
}

/// True if the system asks after a silent client of the server at this port of IPv4 (keepalive, Linux).
#[cfg(target_os = "linux")]
pub(crate) fn has_keepalive(server_port: u16) -> bool {
    const ESTABLISHED: &str = "01";
    const KEEPALIVE_TIMER: &str = "02:";
    let local = format!(":{server_port:04X}");
    let table = fs::read_to_string("/proc/net/tcp").unwrap_or_default();
    table.lines().any(|row| {
        // sl local remote state queues timer …
        let fields: Vec<&str> = row.split_whitespace().collect();
        let [_, address, _, state, _, timer, ..] = &*fields else { return false };
        address.ends_with(&local) && *state == ESTABLISHED && timer.starts_with(KEEPALIVE_TIMER)
    })
}

/// Reads one row of `/proc/net/tcp` and its like: `sl local remote state … uid timeout inode …`.
fn address_in(row: &str, column: usize, state: &str, inodes: &HashSet<u64>) -> Option<SocketAddr> {
    let fields: Vec<&str> = row.split_whitespace().collect();
    let inode = fields.get(9)?.parse().ok()?;
    if *fields.get(3)? != state || !inodes.contains(&inode) {
        return None;
    }
    parse_address(fields[column])
}

/// Reads an address as these tables write it, `0100007F:2EE0`.
fn parse_address(word: &str) -> Option<SocketAddr> {
    let (ip, port) = word.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    // Four bytes at a time, each group in the machine's byte order.
    let groups =
        ip.as_bytes().chunks(8).map(|group| u32::from_str_radix(std::str::from_utf8(group).ok()?, 16).ok());
    let bytes: Vec<u8> =
        groups.collect::<Option<Vec<u32>>>()?.into_iter().flat_map(u32::to_ne_bytes).collect();
    let ip = match bytes.len() {
        4 => IpAddr::from(<[u8; 4]>::try_from(bytes).ok()?),
        _ => IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?),
    };
    Some(SocketAddr::new(reachable(ip), port))
}

/// True if a client that asks at `asked` reaches a socket bound to `bound`, as [`open`] returns it.
pub(crate) fn reaches(bound: SocketAddr, asked: SocketAddr) -> bool {
    // A socket bound to all addresses is listed on loopback, and each of its addresses will do.
    bound.port() == asked.port() && (bound.ip() == asked.ip() || bound.ip() == reachable(asked.ip()))
}

/// The address that reaches a server bound to `ip`: one bound to all addresses is reached on loopback, or on another host
/// at the address of that host.
pub(crate) fn reachable(ip: IpAddr) -> IpAddr {
    match (ip, second_host::program_address()) {
        (ip, Some(host)) if ip.is_unspecified() => host,
        (IpAddr::V4(ip), None) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        (IpAddr::V6(ip), None) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        (ip, _) => ip,
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::{Transport, open};
    use std::net::{TcpListener, UdpSocket};

    #[test]
    fn finds_listening_sockets_of_every_kind() {
        let own = std::process::id();
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let udp_socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let found = open(own);
        assert!(found.contains(&(Transport::Tcp, listener.local_addr().unwrap())), "{found:?}");
        assert!(found.contains(&(Transport::Udp, udp_socket.local_addr().unwrap())), "{found:?}");
        assert!(!found.contains(&(Transport::Tcp, tcp)), "closed: {found:?}");
    }

    #[test]
    fn finds_ipv6_sockets() {
        let Ok(listener) = TcpListener::bind("[::1]:0") else { return }; // a machine without IPv6
        assert!(open(std::process::id()).contains(&(Transport::Tcp, listener.local_addr().unwrap())));
    }
}
