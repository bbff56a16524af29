use std::collections::BTreeMap;
use std::io;
use std::net::{ToSocketAddrs, UdpSocket};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

pub struct Settings {
    pub count: u32,
    pub interval: Duration,
    pub timeout: Duration,
}

type Reply = (io::Result<u32>, Instant);

pub fn ping(server: impl ToSocketAddrs, settings: &Settings) -> io::Result<()> {
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    socket.connect(server)?;
    let replies = receive_in_background(socket.try_clone()?);
    let mut sent = BTreeMap::new();
    let mut rtts = Vec::new();
    for number in 1..=settings.count {
        let start = Instant::now();
        sent.insert(number, start);
        if let Err(error) = socket.send(format!("ping {number}").as_bytes()) {
            println!("{number}: failed to send: {error}");
        }
        match wait_for(number, &replies, start + settings.timeout) {
            Some(Ok(end)) => {
                let rtt = end - sent[&number];
                println!("{number}: {:.3} ms", rtt.as_secs_f64() * 1e3);
                rtts.push(rtt);
            }
            Some(Err(error)) => println!("{number}: lost, {error}"),
            None => println!("{number}: request timed out"),
        }
        thread::sleep((start + settings.interval).saturating_duration_since(Instant::now()));
    }
    println!("{} of {} lost", settings.count as usize - rtts.len(), settings.count);
    if let (Some(min), Some(max)) = (rtts.iter().min(), rtts.iter().max()) {
        let mean = rtts.iter().sum::<Duration>() / rtts.len() as u32;
        println!("min/mean/max {min:?}/{mean:?}/{max:?}");
    }
    Ok(())
}

fn receive_in_background(socket: UdpSocket) -> Receiver<Reply> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut buffer = [0; 2048];
        loop {
            let result = socket.recv(&mut buffer);
            let now = Instant::now();
            let number = match result {
                Ok(size) => match number_of(&buffer[..size]) {
                    Some(number) => Ok(number),
                    None => continue,
                },
                Err(error) => Err(error),
            };
            if sender.send((number, now)).is_err() {
                return;
            }
        }
    });
    receiver
}

fn number_of(reply: &[u8]) -> Option<u32> {
    std::str::from_utf8(reply).ok()?.strip_prefix("PING ")?.parse().ok()
}

fn wait_for(number: u32, replies: &Receiver<Reply>, deadline: Instant) -> Option<io::Result<Instant>> {
    loop {
        match replies.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok((Ok(found), end)) if found == number => return Some(Ok(end)),
            // A late reply to an earlier one.
            Ok((Ok(_), _)) => {}
            Ok((Err(error), _)) => return Some(Err(error)),
            Err(_) => return None,
        }
    }
}
