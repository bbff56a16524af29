use clap::Parser;
use labcore::ServerAddress;
use std::net::UdpSocket;

#[derive(Parser)]
struct Args {
    #[command(flatten)]
    address: ServerAddress<25000>,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let socket = UdpSocket::bind(&args.address.resolve()?)?;
    args.address.announce(socket.local_addr()?);
    udp_echo::serve(&socket)?;
    Ok(())
}
