use std::io;
use std::net::UdpSocket;

pub fn serve(socket: &UdpSocket) -> io::Result<()> {
    loop {
        let mut buffer = [0u8; 512];
        let (_size, from) = socket.recv_from(&mut buffer)?;
        buffer.make_ascii_uppercase();
        socket.send_to(&buffer, from)?;
    }
}
