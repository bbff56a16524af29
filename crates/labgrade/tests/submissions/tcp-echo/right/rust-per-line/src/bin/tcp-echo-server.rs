use std::net::TcpListener;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let listener = TcpListener::bind(format!("{}:{}", args[1], args[2])).unwrap();
    println!("server up");
    tcp_echo::serve(&listener).unwrap();
}
