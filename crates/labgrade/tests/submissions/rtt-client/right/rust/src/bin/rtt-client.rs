use rtt_client::{Settings, ping};
use std::env;
use std::process::ExitCode;
use std::time::Duration;

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
    let mut settings =
        Settings { count: 10, interval: Duration::from_millis(200), timeout: Duration::from_secs(1) };
    let mut words = Vec::new();
    let mut args = env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value"));
        match arg.as_str() {
            "--count" => settings.count = value()?.parse().map_err(|error| format!("--count: {error}"))?,
            "--interval" => settings.interval = time(&value()?)?,
            "--timeout" => settings.timeout = time(&value()?)?,
            "udp" => {}
            _ => words.push(arg),
        }
    }
    let [host, port] = &words[..] else { return Err("usage: rtt-client udp HOST PORT".to_owned()) };
    let port: u16 = port.parse().map_err(|error| format!("port {port}: {error}"))?;
    ping((host.as_str(), port), &settings).map_err(|error| error.to_string())
}

fn time(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 1e-3),
        None => (text.strip_suffix('s').unwrap_or(text), 1.0),
    };
    let number: f64 = number.parse().map_err(|error| format!("{text}: {error}"))?;
    Duration::try_from_secs_f64(number * unit).map_err(|error| format!("{text}: {error}"))
}
