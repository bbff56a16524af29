import java.io.*;
import java.net.*;
import java.time.LocalTime;

class UDPClient {
    public static void main(String[] args) throws Exception {
        BufferedReader user = new BufferedReader(new InputStreamReader(System.in));
        DatagramSocket socket = new DatagramSocket();
        InetAddress server = InetAddress.getByName(args[0]);
        System.out.print("Input lowercase sentence: ");
        byte[] text = user.readLine().getBytes();
        byte[] buffer = new byte[1024];
        LocalTime sentAt = LocalTime.now();
        long start = System.nanoTime();
        socket.send(new DatagramPacket(text, text.length, server, Integer.parseInt(args[1])));
        DatagramPacket reply = new DatagramPacket(buffer, buffer.length);
        socket.receive(reply);
        long end = System.nanoTime();
        System.out.println("sent " + sentAt + ", received " + LocalTime.now());
        System.out.println("FROM SERVER: " + new String(reply.getData(), 0, reply.getLength()));
        System.out.println("round trip: " + (end - start) + " ns");
    }
}
