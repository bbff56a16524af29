use std::net::UdpSocket;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let socket = UdpSocket::bind(format!("{}:{}", args[1], args[2])).unwrap();
    println!("listening on {}", socket.local_addr().unwrap());
    udp_echo::serve(&socket).unwrap();
}
