/**
 * Other people's readers and writers of keystores: Java, through
 * `test/interop/KeystoreTool.java`, and the command line tools of OpenSSL,
 * GnuTLS and NSS.
 */
import { Buffer } from "node:buffer";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { access, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import process from "node:process";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { AUDIT_ENTRY } from "../../src/keystore/audit_entry.ts";

const CACHE = fileURLToPath(
  new URL("../../node_modules/.cache/apikey-java/", import.meta.url),
);

/** A bag attribute as `KeyStore.Entry.getAttributes()` hands it out; `der` in hex. */
export interface JavaAttribute {
  readonly oid: string;
  readonly value: string;
  readonly der: string;
}

/** A keystore entry as Java sees it; bytes in hex. */
export interface JavaEntry {
  /** The whole friendlyName, `api_key:` included. */
  readonly name: string;
  readonly kind: "secret" | "private" | "certificate";
  /** Null for a trusted certificate: Java keeps no date of it. */
  readonly createdAtMs: number | null;
  /** Which password opened the key; absent from a certificate, and when none did. */
  readonly openedWith?: "entry" | "store";
  readonly algorithm?: string;
  /** `Key.getEncoded()`: the payload of a secret, the PKCS#8 of a private key. */
  readonly key?: string;
  readonly attributes?: readonly JavaAttribute[];
  readonly certificates: readonly string[];
}

/** What was in a keystore before the first change gave it what its audit log is signed with. */
export function withoutAuditEntry(entries: readonly JavaEntry[]): readonly JavaEntry[] {
  return entries.filter(({ name }) => name !== AUDIT_ENTRY);
}

/** The text in an API key's entry: the key, and its expiry where it has one. */
export function payloadOf({ key = "" }: JavaEntry): string {
  return Buffer.from(key, "hex").toString();
}

/** What MetricsHub's web server makes of a presented key. */
export type JavaScan =
  | {
    readonly outcome: "valid" | "expired";
    readonly alias: string;
    readonly expiry: string | null;
  }
  | { readonly outcome: "unknown" }
  | { readonly outcome: "aborted"; readonly error: string };

/** A request that Java refused; `name` is the class of the exception. */
export class JavaError extends Error {
  constructor(name: string, message: string | null) {
    super(message ?? "");
    this.name = name;
  }
}

/** One running Java program; requests are answered in order. */
export interface JavaTool {
  /** Writes a new keystore without entries. */
  create(file: string, password: string): Promise<void>;
  dump(file: string, password: string): Promise<readonly JavaEntry[]>;
  /**
   * Adds an API key as MetricsHub's tool does; `expiry` is a LocalDateTime.
   *
   * @returns the names of all the entries in the file that it loaded and then wrote anew
   */
  add(
    file: string,
    password: string,
    alias: string,
    key: string,
    expiry?: string,
  ): Promise<readonly string[]>;
  /** @returns as `add` does */
  remove(file: string, password: string, alias: string): Promise<readonly string[]>;
  scan(file: string, password: string, key: string): Promise<JavaScan>;
  /** Sets any secret entry, under any entry password, with further attributes. */
  put(
    file: string,
    password: string,
    name: string,
    payload: Uint8Array,
    protection: string,
    ...attributes: readonly (readonly [oid: string, value: string])[]
  ): Promise<void>;
  /** Adds the API keys k0, k1, … in one go. */
  fill(file: string, password: string, count: number): Promise<void>;
  /**
   * The moments, in milliseconds since 1970, at which a scan turns to refuse or to honour a key of
   * this expiry, looked for in steps from one moment to before another.
   */
  expiryFlips(
    expiry: string,
    fromMs: number,
    toMs: number,
    stepMs: number,
  ): Promise<readonly number[]>;
  close(): Promise<void>;
}

type Send = <T>(operation: string, ...args: readonly string[]) => Promise<T>;

/**
 * Starts the Java program, compiling it where that has not been done before.
 *
 * @param timeZone for TZ, in place of this machine's
 */
export async function startJavaTool(timeZone?: string): Promise<JavaTool> {
  const classes = await compileJava(
    new URL("../interop/KeystoreTool.java", import.meta.url),
  );
  const child = spawn("java", [
    "-XX:+UseSerialGC",
    "-cp",
    classes,
    "KeystoreTool",
  ], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, ...(timeZone === undefined ? {} : { TZ: timeZone }) },
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const send = conversation(child);
  return {
    create: (...args) => send("create", ...args),
    dump: (...args) => send("dump", ...args),
    add: (file, password, alias, key, expiry) =>
      send("add", file, password, alias, key, ...(expiry ? [expiry] : [])),
    remove: (...args) => send("remove", ...args),
    scan: (...args) => send("scan", ...args),
    put: (file, password, name, payload, protection, ...attributes) =>
      send(
        "put",
        file,
        password,
        name,
        Buffer.from(payload).toString("hex"),
        protection,
        ...attributes.flat(),
      ),
    fill: (file, password, count) => send("fill", file, password, String(count)),
    expiryFlips: (expiry, ...range) => send("flips", expiry, ...range.map(String)),
    close: async () => {
      child.stdin.end();
      await exited;
    },
  };
}

interface Waiting {
  readonly resolve: (line: string) => void;
  readonly reject: (error: Error) => void;
}

/** One line out, one line back; an end of the program fails whoever waits. */
function conversation(child: ChildProcess): Send {
  if (!child.stdin || !child.stdout) throw new TypeError("needs pipes");
  const { stdin, stdout } = child;
  const waiting: Waiting[] = [];
  let failure: Error | undefined;
  const fail = (error: Error) => {
    failure ??= error;
    for (const { reject } of waiting.splice(0)) reject(failure);
  };
  createInterface({ input: stdout })
    .on("line", (line) => waiting.shift()?.resolve(line));
  child.once("error", fail);
  child.once("exit", (status) => fail(new Error(`java has ended: ${status}`)));
  stdin.on("error", fail);
  return async <T>(operation: string, ...args: readonly string[]) => {
    if (failure) throw failure;
    const line = await new Promise<string>((resolve, reject) => {
      waiting.push({ resolve, reject });
      const fields = args.map((arg) => Buffer.from(arg).toString("base64"));
      stdin.write([operation, ...fields].join("\t") + "\n");
    });
    return parseAnswer<T>(line);
  };
}

function parseAnswer<T>(line: string): T {
  const answer = JSON.parse(line) as
    | { ok: true; value: T }
    | { ok: false; error: string; message: string | null };
  if (!answer.ok) throw new JavaError(answer.error, answer.message);
  return answer.value;
}

/**
 * Compiles a Java source of one file and resolves to the folder of its classes.
 * Kept by the hash of the source. Processes that compile at once each do so in
 * a folder of their own, and the first to rename it wins.
 */
export async function compileJava(source: URL): Promise<string> {
  const name = basename(fileURLToPath(source), ".java");
  const hash = createHash("sha256").update(await readFile(source)).digest(
    "hex",
  );
  const classes = join(CACHE, `${name}-${hash.slice(0, 16)}`);
  if (await exists(classes)) return classes;
  await mkdir(CACHE, { recursive: true });
  const scratch = await mkdtemp(`${classes}.`);
  const file = fileURLToPath(source);
  const args = ["--release", "17", "-d", scratch, file];
  const { status, output } = await run("javac", args);
  if (status !== 0) throw new Error(`cannot compile ${file}: ${output}`);
  try {
    await rename(scratch, classes);
  } catch (error) {
    await rm(scratch, { recursive: true });
    if (!await exists(classes)) throw error;
  }
  return classes;
}

/** What a foreign reader said about a keystore; `output` has both streams. */
export interface Reading {
  readonly reader: "openssl" | "certtool" | "pk12util";
  readonly status: number | null;
  readonly output: string;
}

/**
 * Lets OpenSSL, GnuTLS and NSS list a keystore. None of them opens a secret
 * bag; NSS does not name it either. GnuTLS names the first 32 of each
 * SafeContents. Private keys and certificates they decrypt.
 */
export async function readers(
  file: string,
  passwordFile: string,
): Promise<readonly Reading[]> {
  return await Promise.all([
    openssl(file, passwordFile),
    certtool(file, passwordFile),
    pk12util(file, passwordFile),
  ]);
}

async function openssl(file: string, passwordFile: string): Promise<Reading> {
  const args = ["pkcs12", "-info", "-nodes", "-in", file, "-passin"];
  const first = await run("openssl", [...args, `file:${passwordFile}`]);
  // OpenSSL 3 keeps RC2 and its like in a provider that is off by default.
  const result = first.status !== 0 && /unsupported/i.test(first.output)
    ? await run("openssl", [...args, `file:${passwordFile}`, "-legacy"])
    : first;
  return { reader: "openssl", ...result };
}

async function certtool(file: string, passwordFile: string): Promise<Reading> {
  const password = (await readFile(passwordFile, "utf8")).replace(/\r?\n$/, "");
  const args = ["--p12-info", "--inder", "--infile", file];
  const result = await run("certtool", [...args, `--password=${password}`]);
  return { reader: "certtool", ...result };
}

async function pk12util(file: string, passwordFile: string): Promise<Reading> {
  const database = await mkdtemp(join(tmpdir(), "apikey-nss-"));
  try {
    const args = ["-l", file, "-w", passwordFile, "-d", `sql:${database}`];
    return { reader: "pk12util", ...await run("pk12util", args) };
  } finally {
    await rm(database, { recursive: true });
  }
}

function run(
  command: string,
  args: readonly string[],
): Promise<{ readonly status: number | null; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const limits = { maxBuffer: 64 << 20, timeout: 60_000 };
    execFile(command, [...args], limits, (error, stdout, stderr) => {
      if (!error) return resolve({ status: 0, output: stdout + stderr });
      if (typeof error.code === "string") return reject(error);
      resolve({ status: error.code ?? null, output: stdout + stderr });
    });
  });
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(() => true, () => false);
}
