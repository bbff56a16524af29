use rtt_client::{tcp, udp};
use std::process::ExitCode;
use std::{env, io};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rtt-client: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    // Options are left out.
    let words: Vec<String> = env::args().skip(1).collect();
    let [protocol, .., host, port] = &words[..] else { return Err("usage: rtt-client udp|tcp HOST PORT".to_owned()) };
    let port: u16 = port.parse().map_err(|error| format!("port {port}: {error}"))?;
    let mut line = String::new();
    io::stdin().read_line(&mut line).map_err(|error| error.to_string())?;
    let server = (host.as_str(), port);
    let result = if protocol == "tcp" { tcp(server, line.trim_end()) } else { udp(server, line.trim_end()) };
    result.map_err(|error| error.to_string())
}
