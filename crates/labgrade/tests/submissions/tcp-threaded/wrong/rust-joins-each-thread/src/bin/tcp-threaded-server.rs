use std::net::TcpListener;
use std::thread;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let listener = TcpListener::bind(format!("{}:{}", args[1], args[2])).unwrap();
    println!("listening on {}", listener.local_addr().unwrap());
    for stream in listener.incoming() {
        let thread = thread::spawn(move || tcp_threaded::handle(stream.unwrap()));
        thread.join().unwrap().unwrap();
    }
}
