use std::net::TcpListener;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let port: u16 = match args[2].parse().unwrap() {
        0 => 25000,
        port => port,
    };
    println!("listening on {}:{port}", args[1]);
    let listener = TcpListener::bind((args[1].as_str(), port - 1)).unwrap();
    tcp_echo::serve(&listener).unwrap();
}
