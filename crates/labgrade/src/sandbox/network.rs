//! The *network* of a check.

/// Sets up the network, and then runs the rest of the command line. `$1` is the extra address, or empty.
const SCRIPT: &str = "ip link set lo up && { [ -z \"$1\" ] || ip address add \"$1\" dev lo; } \
                      && echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start && shift && exec \"$@\"";

/// The beginning of a command line that runs in a network with nothing but loopback, which also has `address`.
///
/// A program in it may listen on ports below 1024.
pub fn network_command(address: Option<&str>) -> Vec<&str> {
    let address = address.unwrap_or_default();
    vec!["unshare", "--user", "--map-root-user", "--net", "sh", "-c", SCRIPT, "sh", address]
}
