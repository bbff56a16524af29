//! *Settings* from the environment: which programs to test, and where results go.
//!
//! All variables that this crate reads are named here, and nowhere else.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::env;
use std::net::IpAddr;
use std::path::PathBuf;

/// Command line of the server under test, in place of the crate's own.
pub(crate) const SERVER: &str = "LAB_SERVER";

/// Command line of the client under test, in place of the crate's own.
pub(crate) const CLIENT: &str = "LAB_CLIENT";

/// Command line of the client for TCP, in a lab whose client may be two programs: [`CLIENT`] is then the one for UDP.
pub(crate) const TCP_CLIENT: &str = "LAB_TCP_CLIENT";

/// Why a program cannot be tried at all, which says nothing about whether it is right.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The submission names no server.
    NoServer,
    /// The submission names no client.
    NoClient,
    /// The submission names no client for TCP, and its client has no `{args}` to tell it the protocol.
    NoTcpClient,
    /// The check needs options or another address, and the command line has no `{args}` to put them in.
    NoOptions,
    /// The program did not compile.
    NotBuilt,
    /// The check needs two hosts, and this machine allows no networks for them.
    OneHost,
    /// The check is about bytes that come back, and the server replies with the number of characters.
    CountsCharacters,
}

/// The program under test that has a host of its own, in a check on two hosts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum OnSecondHost {
    Server,
    Client,
}

/// The command line that `variable` holds.
pub(crate) fn command_line(variable: &str) -> Option<String> {
    env::var(variable).ok()
}

/// What a person types to start the program of `variable`: the command line itself, unless a variable with `_SHOWN` at
/// its end (`LAB_CLIENT_SHOWN`) holds another one, as it does where a sandbox stands in between.
pub(crate) fn shown_command_line(variable: &str) -> Option<String> {
    env::var(format!("{variable}_SHOWN")).or_else(|_| env::var(variable)).ok()
}

/// The folder whose programs replace the crate's own of the same name (`LAB_PROGRAMS`).
pub(crate) fn programs() -> Option<PathBuf> {
    env::var_os("LAB_PROGRAMS").map(PathBuf::from)
}

/// True if `name` is a script in [`programs`] that starts the command line of its arguments, not a program of its own.
pub(crate) fn is_role(name: &str) -> bool {
    ["server", "client", "tcp-client"].contains(&name)
}

/// The programs in [`programs`] that cannot be started, with the reason (`LAB_ABSENT`, a JSON object).
pub(crate) fn absent() -> BTreeMap<String, Reason> {
    let Ok(text) = env::var("LAB_ABSENT") else { return BTreeMap::new() };
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("`LAB_ABSENT={text}` is not valid: {error}"))
}

/// True if another program than the crate's own is tested.
pub(crate) fn has_submission() -> bool {
    programs().is_some() || command_line(SERVER).is_some()
}

/// True if the server and the client under test belong together: both are replaced, or none is.
pub(crate) fn has_whole_pair() -> bool {
    programs().is_some() || command_line(SERVER).is_some() == command_line(CLIENT).is_some()
}

/// Names the folder for the results of failed checks.
pub(crate) const REPORT: &str = "LAB_REPORT";

/// The folder for the results of failed checks (`LAB_REPORT`).
pub(crate) fn report() -> Option<PathBuf> {
    env::var_os(REPORT).map(PathBuf::from)
}

/// Set if the test has the network to itself.
pub(crate) const OWN_NETWORK: &str = "LAB_OWN_NETWORK";

/// True if the test has the network to itself (`LAB_OWN_NETWORK`), so that all traffic on it belongs to the check.
pub(crate) fn has_own_network() -> bool {
    env::var_os(OWN_NETWORK).is_some()
}

/// The run file that describes the programs under test, if there is one (`LAB_RUN_FILE`).
pub(crate) fn has_run_file() -> bool {
    env::var_os("LAB_RUN_FILE").is_some()
}

/// Holds the address of a scripted server.
pub(crate) const ADDRESS: &str = "LAB_ADDRESS";

/// Where a scripted server listens, for clients that have the address in their code (`LAB_ADDRESS`).
pub(crate) fn address() -> Option<IpAddr> {
    env::var(ADDRESS).ok()?.parse().ok()
}

/// The port that goes with [`address`] (`LAB_PORT`).
pub(crate) fn port() -> Option<u16> {
    env::var("LAB_PORT").ok()?.parse().ok()
}

/// Set to `server` or `client` in a check on two hosts: that program has a host of its own.
pub(crate) const TWO_HOSTS: &str = "LAB_TWO_HOSTS";

/// The program that has a host of its own, if the check has two hosts (`LAB_TWO_HOSTS`).
pub(crate) fn on_second_host() -> Option<OnSecondHost> {
    match &*env::var(TWO_HOSTS).ok()? {
        "server" => Some(OnSecondHost::Server),
        "client" => Some(OnSecondHost::Client),
        word => panic!("`{TWO_HOSTS}={word}` is neither `server` nor `client`"),
    }
}

/// The seed for texts that no program can know beforehand (`LAB_SEED`).
pub(crate) fn seed() -> Option<u64> {
    let word = env::var("LAB_SEED").ok()?;
    Some(word.parse().unwrap_or_else(|_| panic!("`LAB_SEED={word}` is not a whole number, like 1")))
}

/// Seconds that one step may take (`LAB_PATIENCE`).
pub(crate) fn patience_s() -> Option<f64> {
    let word = env::var("LAB_PATIENCE").ok()?;
    let seconds = word.parse().ok().filter(|seconds| (0.001..=86_400.0).contains(seconds));
    Some(seconds.unwrap_or_else(|| panic!("`LAB_PATIENCE={word}` is not a number of seconds, like 2")))
}
