import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.PKCS12Attribute;
import java.security.UnrecoverableEntryException;
import java.security.cert.Certificate;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import javax.crypto.spec.SecretKeySpec;

/**
 * Reads and writes keystores with nothing but {@link KeyStore}, the way
 * MetricsHub does, and answers questions about them.
 *
 * <p>One request a line on standard input: the operation and its arguments,
 * separated by tabs, each argument the base64 of its UTF-8 bytes. One answer a
 * line on standard output: <code>{"ok":true,"value":…}</code> or
 * <code>{"ok":false,"error":CLASS,"message":TEXT}</code>. Bytes are hex. The
 * program ends with its input.
 *
 * <pre>
 * create FILE PASSWORD                              a new keystore without entries
 * dump   FILE PASSWORD                              every entry, in Java's order
 * add    FILE PASSWORD ALIAS KEY [EXPIRY]           an API key, as MetricsHub's tool adds it; the names found before
 * remove FILE PASSWORD ALIAS                        an API key, as MetricsHub's tool revokes it; the names found before
 * scan   FILE PASSWORD KEY                          what MetricsHub's web server makes of a key
 * put    FILE PASSWORD NAME PAYLOAD PROTECTION [OID VALUE]…   any secret entry; payload in hex
 * fill   FILE PASSWORD COUNT                        API keys k0, k1, … in one go
 * flips  EXPIRY FROM TO STEP                        the moments, in ms since 1970, at which a scan turns to refuse or to honour a key
 * quit
 * </pre>
 */
public final class KeystoreTool {
  private static final String API_KEY_PREFIX = "api_key:";
  private static final String ENTRY_PASSWORD = "secret";

  private KeystoreTool() {}

  public static void main(final String[] args) throws Exception {
    final var requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    final var answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    for (String line = requests.readLine(); line != null; line = requests.readLine()) {
      final String[] request = line.split("\t", -1);
      for (int i = 1; i < request.length; i++) {
        request[i] = new String(Base64.getDecoder().decode(request[i]), StandardCharsets.UTF_8);
      }
      answers.println(answer(request));
      if (request[0].equals("quit")) {
        return;
      }
    }
  }

  private static String answer(final String[] request) {
    try {
      return "{\"ok\":true,\"value\":" + run(request) + "}";
    } catch (Exception e) {
      return (
        "{\"ok\":false,\"error\":" + quote(e.getClass().getName()) + ",\"message\":" + quote(e.getMessage()) + "}"
      );
    }
  }

  private static String run(final String[] request) throws Exception {
    return switch (request[0]) {
      case "create" -> create(request[1], request[2]);
      case "dump" -> dump(request[1], request[2]);
      case "add" -> add(request[1], request[2], request[3], request[4], request.length > 5 ? request[5] : null);
      case "remove" -> remove(request[1], request[2], request[3]);
      case "scan" -> scan(request[1], request[2], request[3]);
      case "put" -> put(request);
      case "fill" -> fill(request[1], request[2], Integer.parseInt(request[3]));
      case "flips" -> flips(
        LocalDateTime.parse(request[1]),
        Long.parseLong(request[2]),
        Long.parseLong(request[3]),
        Long.parseLong(request[4])
      );
      case "quit" -> "null";
      default -> throw new IllegalArgumentException("no such operation: " + request[0]);
    };
  }

  private static String create(final String file, final String password) throws Exception {
    final var keyStore = KeyStore.getInstance("PKCS12");
    keyStore.load(null, null);
    store(keyStore, file, password);
    return "null";
  }

  private static String add(
    final String file,
    final String password,
    final String alias,
    final String apiKey,
    final String expiry
  ) throws Exception {
    final var keyStore = load(file, password);
    final String found = names(keyStore);
    if (keyStore.getEntry(API_KEY_PREFIX + alias, protection(ENTRY_PASSWORD)) != null) {
      throw new IllegalStateException("An API key with alias '" + alias + "' already exists.");
    }
    final String payload = expiry == null ? apiKey : apiKey + "__" + LocalDateTime.parse(expiry);
    // MetricsHub opens, and so truncates, the file before it makes the entry.
    try (OutputStream out = new FileOutputStream(file)) {
      setSecret(keyStore, API_KEY_PREFIX + alias, payload.getBytes(StandardCharsets.UTF_8), ENTRY_PASSWORD, Set.of());
      keyStore.store(out, password.toCharArray());
    }
    return found;
  }

  private static String remove(final String file, final String password, final String alias) throws Exception {
    final var keyStore = load(file, password);
    final String found = names(keyStore);
    if (!keyStore.containsAlias(API_KEY_PREFIX + alias)) {
      throw new IllegalStateException("No API key found with alias '" + alias + "'.");
    }
    keyStore.deleteEntry(API_KEY_PREFIX + alias);
    store(keyStore, file, password);
    return found;
  }

  private static String names(final KeyStore keyStore) throws GeneralSecurityException {
    final var names = new ArrayList<String>();
    for (final String name : Collections.list(keyStore.aliases())) {
      names.add(quote(name));
    }
    return "[" + String.join(",", names) + "]";
  }

  private static String put(final String[] request) throws Exception {
    final var attributes = new HashSet<KeyStore.Entry.Attribute>();
    for (int i = 6; i + 1 < request.length; i += 2) {
      attributes.add(new PKCS12Attribute(request[i], request[i + 1]));
    }
    final var keyStore = load(request[1], request[2]);
    setSecret(keyStore, request[3], HexFormat.of().parseHex(request[4]), request[5], attributes);
    store(keyStore, request[1], request[2]);
    return "null";
  }

  private static String fill(final String file, final String password, final int count) throws Exception {
    final var keyStore = load(file, password);
    for (int i = 0; i < count; i++) {
      final byte[] payload = UUID.randomUUID().toString().getBytes(StandardCharsets.UTF_8);
      setSecret(keyStore, API_KEY_PREFIX + "k" + i, payload, ENTRY_PASSWORD, Set.of());
    }
    store(keyStore, file, password);
    return "null";
  }

  /**
   * What the web server does for each request: reads the file anew, opens the
   * API keys one by one and stops at the first that matches. An entry that
   * does not open, or whose date does not parse, ends the scan there.
   */
  private static String scan(final String file, final String password, final String presented) throws Exception {
    final var keyStore = load(file, password);
    try {
      for (final String name : Collections.list(keyStore.aliases())) {
        if (
          name.startsWith(API_KEY_PREFIX) &&
          keyStore.getEntry(name, protection(ENTRY_PASSWORD)) instanceof KeyStore.SecretKeyEntry entry
        ) {
          final String[] parts = new String(entry.getSecretKey().getEncoded(), StandardCharsets.UTF_8).split("__");
          final LocalDateTime expiry = parts.length > 1 ? LocalDateTime.parse(parts[1]) : null;
          if (parts[0].equals(presented)) {
            final boolean expired = expiry != null && isExpired(expiry, Clock.systemDefaultZone());
            return object(
              field("outcome", quote(expired ? "expired" : "valid")),
              field("alias", quote(name.substring(API_KEY_PREFIX.length()))),
              field("expiry", expiry == null ? "null" : quote(expiry.toString()))
            );
          }
        }
      }
      return object(field("outcome", quote("unknown")));
    } catch (Exception e) {
      return object(field("outcome", quote("aborted")), field("error", quote(e.getClass().getName())));
    }
  }

  /** How the web server judges a key that has an expiry. */
  private static boolean isExpired(final LocalDateTime expiry, final Clock clock) {
    return expiry.isBefore(LocalDateTime.now(clock));
  }

  /** Looks every <code>step</code> milliseconds; before the first look a key counts as honoured. */
  private static String flips(final LocalDateTime expiry, final long from, final long to, final long step) {
    final var flips = new ArrayList<String>();
    boolean wasExpired = false;
    for (long now = from; now < to; now += step) {
      final var clock = Clock.fixed(Instant.ofEpochMilli(now), ZoneId.systemDefault());
      if (isExpired(expiry, clock) != wasExpired) {
        wasExpired = !wasExpired;
        flips.add(String.valueOf(now));
      }
    }
    return "[" + String.join(",", flips) + "]";
  }

  private static String dump(final String file, final String password) throws Exception {
    final var keyStore = load(file, password);
    final var entries = new ArrayList<String>();
    for (final String name : Collections.list(keyStore.aliases())) {
      entries.add(describe(keyStore, name, password));
    }
    return "[" + String.join(",", entries) + "]";
  }

  private static String describe(final KeyStore keyStore, final String name, final String password) throws Exception {
    final var fields = new ArrayList<String>();
    fields.add(field("name", quote(name)));
    fields.add(field("kind", quote(kind(keyStore, name))));
    fields.add(field("createdAtMs", createdAtMs(keyStore, name)));
    fields.addAll(keyFields(keyStore, name, password));
    fields.add(field("certificates", certificates(keyStore, name)));
    return object(fields.toArray(String[]::new));
  }

  /** The key, under whichever of the two passwords opens it, and the attributes of the entry. */
  private static List<String> keyFields(final KeyStore keyStore, final String name, final String password)
    throws Exception {
    if (keyStore.isCertificateEntry(name)) {
      final var attributes = keyStore.getEntry(name, null).getAttributes();
      return List.of(field("attributes", attributes(attributes)));
    }
    for (final String candidate : List.of(ENTRY_PASSWORD, password)) {
      try {
        final var entry = keyStore.getEntry(name, protection(candidate));
        final Key key = keyOf(entry);
        return List.of(
          field("openedWith", quote(candidate.equals(ENTRY_PASSWORD) ? "entry" : "store")),
          field("algorithm", quote(key.getAlgorithm())),
          field("key", quote(HexFormat.of().formatHex(key.getEncoded()))),
          field("attributes", attributes(entry.getAttributes()))
        );
      } catch (UnrecoverableEntryException e) {
        continue;
      }
    }
    return List.of();
  }

  private static Key keyOf(final KeyStore.Entry entry) {
    return entry instanceof KeyStore.PrivateKeyEntry owner
      ? owner.getPrivateKey()
      : ((KeyStore.SecretKeyEntry) entry).getSecretKey();
  }

  /** Java dates trusted certificates by the moment at which it loads them. */
  private static String createdAtMs(final KeyStore keyStore, final String name) throws GeneralSecurityException {
    return keyStore.isCertificateEntry(name) ? "null" : String.valueOf(keyStore.getCreationDate(name).getTime());
  }

  private static String kind(final KeyStore keyStore, final String name) throws GeneralSecurityException {
    if (keyStore.isCertificateEntry(name)) {
      return "certificate";
    }
    return keyStore.entryInstanceOf(name, KeyStore.PrivateKeyEntry.class) ? "private" : "secret";
  }

  private static String certificates(final KeyStore keyStore, final String name) throws GeneralSecurityException {
    Certificate[] chain = keyStore.getCertificateChain(name);
    if (chain == null) {
      final Certificate only = keyStore.getCertificate(name);
      chain = only == null ? new Certificate[0] : new Certificate[] { only };
    }
    final var encodings = new ArrayList<String>();
    for (final Certificate certificate : chain) {
      encodings.add(quote(HexFormat.of().formatHex(certificate.getEncoded())));
    }
    return "[" + String.join(",", encodings) + "]";
  }

  /** Sorted: Java keeps them in a set. */
  private static String attributes(final Set<KeyStore.Entry.Attribute> attributes) {
    final var encodings = new TreeSet<String>();
    for (final KeyStore.Entry.Attribute attribute : attributes) {
      final byte[] der = attribute instanceof PKCS12Attribute known ? known.getEncoded() : new byte[0];
      encodings.add(
        object(
          field("oid", quote(attribute.getName())),
          field("value", quote(attribute.getValue())),
          field("der", quote(HexFormat.of().formatHex(der)))
        )
      );
    }
    return "[" + String.join(",", encodings) + "]";
  }

  private static KeyStore load(final String file, final String password) throws Exception {
    final var keyStore = KeyStore.getInstance("PKCS12");
    try (InputStream in = new FileInputStream(file)) {
      keyStore.load(in, password.toCharArray());
    }
    return keyStore;
  }

  private static void store(final KeyStore keyStore, final String file, final String password) throws Exception {
    try (OutputStream out = new FileOutputStream(file)) {
      keyStore.store(out, password.toCharArray());
    }
  }

  private static void setSecret(
    final KeyStore keyStore,
    final String name,
    final byte[] payload,
    final String password,
    final Set<KeyStore.Entry.Attribute> attributes
  ) throws GeneralSecurityException {
    final var entry = new KeyStore.SecretKeyEntry(new SecretKeySpec(payload, "AES"), attributes);
    keyStore.setEntry(name, entry, protection(password));
  }

  private static KeyStore.PasswordProtection protection(final String password) {
    return new KeyStore.PasswordProtection(password.toCharArray());
  }

  private static String object(final String... fields) {
    return "{" + String.join(",", fields) + "}";
  }

  private static String field(final String name, final String json) {
    return quote(name) + ":" + json;
  }

  private static String quote(final String text) {
    if (text == null) {
      return "null";
    }
    final var quoted = new StringBuilder("\"");
    for (final char c : text.toCharArray()) {
      if (c < ' ' || c > '~' || c == '"' || c == '\\') {
        quoted.append(String.format("\\u%04x", (int) c));
      } else {
        quoted.append(c);
      }
    }
    return quoted.append('"').toString();
  }
}
