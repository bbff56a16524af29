use std::net::TcpListener;
use std::thread;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let listener = TcpListener::bind(args.join(":")).unwrap();
    println!("listening on {}", listener.local_addr().unwrap());
    for stream in listener.incoming() {
        thread::spawn(|| http_file_server::answer(stream.unwrap()));
    }
}
