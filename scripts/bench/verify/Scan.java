import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.LocalDateTime;
import java.util.Collections;
import java.util.Locale;

/**
 * Checks API keys as MetricsHub's web server does, for every request anew, and nothing besides: a
 * thread for each connection, and as little HTTP as the load generator speaks.
 *
 * <pre>
 * java -cp CLASSES Scan SOCKET KEYSTORE
 * </pre>
 */
public final class Scan {
  private static final String API_KEY_PREFIX = "api_key:";
  private static final String BEARER = "authorization: bearer ";
  private static final String END_OF_HEAD = "\r\n\r\n";
  private static final byte[] VALID = answer("204 No Content", "");
  private static final byte[] INVALID = answer("401 Unauthorized", "Content-Length: 0\r\n");
  private static final char[] ENTRY_PASSWORD = "secret".toCharArray();
  private static final char[] STORE_PASSWORD =
    "Matrix, Credits: Bertrand, Elvis, Fadhela, Huan, Nassim, Ramassh and Thomas".toCharArray();

  private Scan() {}

  public static void main(final String[] args) throws IOException {
    try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(Path.of(args[0])));
      while (true) {
        final SocketChannel connection = server.accept();
        new Thread(() -> serve(connection, args[1])).start();
      }
    }
  }

  private static void serve(final SocketChannel connection, final String file) {
    try (connection) {
      final var buffer = ByteBuffer.allocate(8192);
      final var head = new StringBuilder();
      while (connection.read(buffer.clear()) >= 0) {
        head.append(StandardCharsets.ISO_8859_1.decode(buffer.flip()));
        // One request at a time, without a body: its end is that of what has come in.
        if (head.indexOf(END_OF_HEAD) >= 0) {
          // The keys that are stored here are lower-case, too.
          final String key = presentedKey(head.toString().toLowerCase(Locale.ROOT));
          head.setLength(0);
          connection.write(ByteBuffer.wrap(key != null && isValid(file, key) ? VALID : INVALID));
        }
      }
    } catch (Exception e) {
      System.err.println(e);
    }
  }

  private static String presentedKey(final String head) {
    final int begin = head.indexOf(BEARER);
    return begin < 0 ? null : head.substring(begin + BEARER.length(), head.indexOf("\r\n", begin));
  }

  private static boolean isValid(final String file, final String presented) throws Exception {
    final var keyStore = KeyStore.getInstance("PKCS12");
    try (InputStream in = new FileInputStream(file)) {
      keyStore.load(in, STORE_PASSWORD);
    }
    final var protection = new KeyStore.PasswordProtection(ENTRY_PASSWORD);
    for (final String name : Collections.list(keyStore.aliases())) {
      if (
        name.startsWith(API_KEY_PREFIX) &&
        keyStore.getEntry(name, protection) instanceof KeyStore.SecretKeyEntry entry
      ) {
        final String[] parts = new String(entry.getSecretKey().getEncoded(), StandardCharsets.UTF_8).split("__");
        final LocalDateTime expiry = parts.length > 1 ? LocalDateTime.parse(parts[1]) : null;
        if (parts[0].equals(presented)) {
          return expiry == null || expiry.isAfter(LocalDateTime.now());
        }
      }
    }
    return false;
  }

  private static byte[] answer(final String status, final String headers) {
    return ("HTTP/1.1 " + status + "\r\n" + headers + "\r\n").getBytes(StandardCharsets.ISO_8859_1);
  }
}
