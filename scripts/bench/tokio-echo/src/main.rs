//! Echo in upper case over UDP or TCP, with a task per connection: `tokio-echo udp|tcp`.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

fn main() -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_io().build()?;
    match std::env::args().nth(1).as_deref() {
        Some("udp") => runtime.block_on(udp()),
        Some("tcp") => runtime.block_on(tcp()),
        _ => Err(std::io::Error::other("usage: tokio-echo udp|tcp")),
    }
}

async fn udp() -> std::io::Result<()> {
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    println!("listening on {}", socket.local_addr()?);
    let mut buffer = [0; 65_536];
    loop {
        let (size, client) = socket.recv_from(&mut buffer).await?;
        buffer[..size].make_ascii_uppercase();
        let _ = socket.send_to(&buffer[..size], client).await;
    }
}

async fn tcp() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (connection, _) = listener.accept().await?;
        tokio::spawn(async move {
            let _ = serve(connection).await;
        });
    }
}

async fn serve(mut connection: TcpStream) -> std::io::Result<()> {
    connection.set_nodelay(true)?;
    let mut buffer = vec![0; 8192];
    loop {
        let size = connection.read(&mut buffer).await?;
        if size == 0 {
            return Ok(());
        }
        buffer[..size].make_ascii_uppercase();
        connection.write_all(&buffer[..size]).await?;
    }
}
