import java.io.*;
import java.net.*;
import java.time.LocalTime;

class TCPClient {
    public static void main(String[] args) throws Exception {
        BufferedReader user = new BufferedReader(new InputStreamReader(System.in));
        System.out.print("Input lowercase sentence: ");
        String sentence = user.readLine();
        System.out.println("connection requested " + LocalTime.now());
        Socket socket = new Socket(args[0], Integer.parseInt(args[1]));
        DataOutputStream out = new DataOutputStream(socket.getOutputStream());
        BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream()));
        System.out.println("sent " + LocalTime.now());
        long start = System.nanoTime();
        out.writeBytes(sentence + '\n');
        String reply = in.readLine();
        long end = System.nanoTime();
        System.out.println("received " + LocalTime.now());
        System.out.println("FROM SERVER: " + reply);
        System.out.println("round trip: " + (end - start) + " ns");
        socket.close();
    }
}
