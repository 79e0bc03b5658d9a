import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.util.Collections;
import java.util.UUID;
import javax.crypto.spec.SecretKeySpec;

/**
 * What MetricsHub's own tool does with the keystore, and nothing besides: no
 * argument parser, no colours, no logging to load. The lower bound of what a
 * Java program takes for the same work.
 *
 * <pre>
 * java -cp CLASSES Upstream create FILE ALIAS
 * java -cp CLASSES Upstream list FILE
 * </pre>
 */
public final class Upstream {
  private static final String API_KEY_PREFIX = "api_key:";
  private static final char[] ENTRY_PASSWORD = "secret".toCharArray();
  private static final char[] STORE_PASSWORD =
    "Matrix, Credits: Bertrand, Elvis, Fadhela, Huan, Nassim, Ramassh and Thomas".toCharArray();

  private Upstream() {}

  public static void main(final String[] args) throws Exception {
    if (args[0].equals("create")) {
      create(args[1], args[2]);
    } else {
      list(args[1]);
    }
  }

  private static void create(final String file, final String alias) throws Exception {
    final var keyStore = load(file);
    if (keyStore.getEntry(API_KEY_PREFIX + alias, protection()) != null) {
      throw new IllegalStateException("An API key with alias '" + alias + "' already exists.");
    }
    final String apiKey = UUID.randomUUID().toString();
    try (OutputStream out = new FileOutputStream(file)) {
      final var secretKey = new SecretKeySpec(apiKey.getBytes(StandardCharsets.UTF_8), "AES");
      keyStore.setEntry(API_KEY_PREFIX + alias, new KeyStore.SecretKeyEntry(secretKey), protection());
      keyStore.store(out, STORE_PASSWORD);
    }
    System.out.println("API key created for alias '" + alias + "': " + apiKey);
    System.out.println("Please store this key securely, as it will not be shown again.");
  }

  private static void list(final String file) throws Exception {
    final var keyStore = load(file);
    for (final String name : Collections.list(keyStore.aliases())) {
      if (
        name.startsWith(API_KEY_PREFIX) &&
        keyStore.getEntry(name, protection()) instanceof KeyStore.SecretKeyEntry entry
      ) {
        final String[] parts = new String(entry.getSecretKey().getEncoded(), StandardCharsets.UTF_8).split("__");
        final int masked = parts[0].length() - 4;
        final String expiry = parts.length > 1 ? " (Expires on " + parts[1] + ")" : "";
        System.out.println(
          name.substring(API_KEY_PREFIX.length()) + " " + "*".repeat(masked) + parts[0].substring(masked) + expiry
        );
      }
    }
  }

  private static KeyStore load(final String file) throws Exception {
    final var keyStore = KeyStore.getInstance("PKCS12");
    try (InputStream in = new FileInputStream(file)) {
      keyStore.load(in, STORE_PASSWORD);
    }
    return keyStore;
  }

  private static KeyStore.PasswordProtection protection() {
    return new KeyStore.PasswordProtection(ENTRY_PASSWORD);
  }
}
