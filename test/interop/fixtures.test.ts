// What is created and revoked here, Java, OpenSSL, GnuTLS and NSS still read,
// on keystores of every make; and what Java adds is listed here.
import { Buffer } from "node:buffer";
import { chmod, copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { BUILT_IN_PASSWORD, type Fixture, fixturePath, FIXTURES } from "./fixtures.ts";
import { apikey } from "../support/execute.ts";
import { IS_SOURCE, sampled } from "../support/extent.ts";
import { AUDIT_ENTRY } from "../../src/keystore/audit_entry.ts";
import {
  type JavaEntry,
  type JavaTool,
  readers,
  startJavaTool,
  withoutAuditEntry,
} from "../support/java.ts";
import { requiring } from "../support/requirements.ts";
import { setUpWith } from "./setup.ts";

const JAVA_KEY = "7c1d3f0a-6b1e-4a58-8f7e-2d9b60c1e5aa";

/** With the last one, of 1,000 keys, each command takes Deno seconds. */
const TRIED = IS_SOURCE ? FIXTURES.slice(0, -1) : FIXTURES;

let tool: JavaTool;
let folder: string;

const javaTest = requiring(test, "javac");
const readersTest = requiring(test, "javac", "openssl", "certtool", "pk12util");

test.before(setUpWith(["javac"], async () => {
  tool = await startJavaTool();
  folder = await mkdtemp(join(tmpdir(), "apikey-fixtures-"));
}));

test.after(async () => {
  await tool?.close();
  if (folder) await rm(folder, { recursive: true });
});

for (const fixture of TRIED) {
  readersTest(`Java and others read ${fixture.file} after create and revoke`, async () => {
    const { file, passwordFile, options } = await copyOf(fixture);
    const before = await tool.dump(file, fixture.password);
    const startedAtMs = Date.now();
    const key = await create(options, "new-one");
    const revoked = aliasToRevoke(fixture);
    if (revoked) await revoke(options, revoked);

    const after = await tool.dump(file, fixture.password);
    const created = "api_key:new-one";
    assert.equal(
      withoutAuditEntry(after).filter(({ name }) => name !== created),
      before.filter(({ name }) => name !== `api_key:${revoked}`),
    );
    assertNewEntry(
      after.find(({ name }) => name === created),
      key,
      startedAtMs,
    );
    assert.is(after.findLast(({ kind }) => kind === "secret")?.name, created);
    await assertScans(fixture, file, revoked, key);
    await assertForeignReaders(fixture, file, passwordFile, after);
  });

  javaTest(`lists what Java adds to ${fixture.file}`, async () => {
    const { file, options } = await copyOf(fixture);
    const until = "2031-12-31T23:59:59";
    await tool.add(file, fixture.password, "Java-Plain", JAVA_KEY);
    await tool.add(file, fixture.password, "java-expiring", JAVA_KEY, until);
    const lines = await list(options);
    const own = fixture.names.filter((name) => name.startsWith("api_key:"));
    assert.is(lines.length, own.length + 2);
    assert.equal(lines.slice(-2), [
      "java-plain ********************e5aa",
      `java-expiring ********************e5aa (Expires on ${until})`,
    ]);
    // Ours over Java's rewriting, and Java's over ours.
    const key = await create(options, "ours");
    await tool.remove(file, fixture.password, "java-plain");
    const { outcome } = await tool.scan(file, fixture.password, key);
    assert.is(outcome, "valid");
  });
}

for (const fixture of sampled(TRIED, 3)) {
  readersTest(`Java and others read ${fixture.file} under another password`, async () => {
    const { file, options } = await copyOf(fixture);
    const before = await tool.dump(file, fixture.password);
    const next = `${file}.next`;
    await writeFile(next, "Another 1\n", { mode: 0o600 });
    const rekey = ["keystore", "rekey", "--force", "--new-password-file", next];
    await succeeds(...rekey, ...options);
    assert.equal(await tool.dump(file, "Another 1"), before);
    const [old] = await Promise.allSettled([tool.dump(file, fixture.password)]);
    assert.is(old?.status, "rejected", "the old password still opens it");
    await assertForeignReaders(fixture, file, next, before);
    // What Java writes on top of it is read here again.
    await tool.add(file, "Another 1", "java-plain", JAVA_KEY);
    assert.ok((await list(options)).includes("java-plain ********************e5aa"));
  });
}

interface Copy {
  readonly file: string;
  readonly passwordFile: string;
  readonly options: readonly string[];
}

/** A copy of a fixture; the built-in password is left for the command to find. */
async function copyOf({ file, password }: Fixture): Promise<Copy> {
  const own = await mkdtemp(join(folder, "copy-"));
  const copy = join(own, "metricshub-keystore.p12");
  await copyFile(fixturePath(file), copy);
  await chmod(copy, 0o600);
  const passwordFile = join(folder, `${file}.password`);
  await writeFile(passwordFile, password, { mode: 0o600 });
  const options = ["--keystore", copy];
  if (password !== BUILT_IN_PASSWORD) {
    options.push("--password-file", passwordFile);
  }
  return { file: copy, passwordFile, options };
}

function aliasToRevoke({ file, keys }: Fixture): string | undefined {
  return file === "jdk17-1000-keys.p12" ? "k500" : keys[0]?.alias;
}

async function create(
  options: readonly string[],
  alias: string,
): Promise<string> {
  const stdout = await succeeds("create", "--alias", alias, ...options);
  const [first = "", ...rest] = stdout.split("\n");
  const lead = `API key created for alias '${alias}': `;
  assert.is(first.slice(0, lead.length), lead);
  assert.equal(rest, [
    "Please store this key securely, as it will not be shown again.",
    "",
  ]);
  return first.slice(lead.length);
}

async function revoke(
  options: readonly string[],
  alias: string,
): Promise<void> {
  const stdout = await succeeds("revoke", "--alias", alias, ...options);
  assert.is(stdout, `API key '${alias}' has been revoked.\n`);
}

/** One line a key. */
async function list(options: readonly string[]): Promise<readonly string[]> {
  return (await succeeds("list", ...options)).trimEnd().split("\n");
}

async function succeeds(...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await apikey(args);
  assert.is(status, 0, `apikey ${args.join(" ")}: ${stderr}`);
  return stdout;
}

function assertNewEntry(
  entry: JavaEntry | undefined,
  key: string,
  startedAtMs: number,
): void {
  assert.match(
    key,
    /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  assert.is(Buffer.from(entry?.key ?? "", "hex").toString(), key);
  assert.is(entry?.kind, "secret");
  assert.is(entry?.openedWith, "entry");
  assert.is(entry?.algorithm, "AES");
  const createdAtMs = entry?.createdAtMs ?? 0;
  assert.ok(createdAtMs >= startedAtMs - 1000 && createdAtMs <= Date.now());
}

async function assertScans(
  { password, keys }: Fixture,
  file: string,
  revoked: string | undefined,
  key: string,
): Promise<void> {
  assert.equal(await tool.scan(file, password, key), {
    outcome: "valid",
    alias: "new-one",
    expiry: null,
  });
  for (const { alias, key, expiry } of keys) {
    const outcome = alias === "retired" ? "expired" : "valid";
    assert.equal(
      await tool.scan(file, password, key),
      alias === revoked ? { outcome: "unknown" } : { outcome, alias, expiry: expiry ?? null },
    );
  }
}

/** GnuTLS exits 0 on bags it cannot parse, so what it names is what counts. */
async function assertForeignReaders(
  fixture: Fixture,
  file: string,
  passwordFile: string,
  entries: readonly JavaEntry[],
): Promise<void> {
  const original = await readers(fixturePath(fixture.file), `${folder}/${fixture.file}.password`);
  for (const { reader, status, output } of await readers(file, passwordFile)) {
    assert.is(status, 0, `${reader}: ${output}`);
    const secretsToo = reader === "openssl" ||
      reader === "certtool" && !fixture.beyondGnutls;
    const names = secretsToo
      ? entries.slice(0, reader === "openssl" ? entries.length : 32)
      : entries.filter(({ kind }) => kind !== "secret");
    for (const { name } of names) {
      assert.ok(output.includes(name), `${reader} names ${name}: ${output}`);
    }
    const before = pem(original.find((reading) => reading.reader === reader)?.output ?? "");
    const [now, added] = partition(pem(output), (each) => before.includes(each));
    assert.equal(now, before);
    // GnuTLS looks at the first 32 entries.
    const seen = reader === "certtool" ? entries.slice(0, 32) : entries;
    const isSigned = seen.some(({ name }) => name === AUDIT_ENTRY);
    const kinds = added.map((each) => each.split("-----")[1]?.slice("BEGIN ".length)).sort();
    const expected = isSigned ? AUDIT_PEM[reader] : [];
    assert.equal(kinds, expected, `${reader} reads what the audit log is signed with`);
  }
}

/** What each prints of a private key entry. */
const AUDIT_PEM: Readonly<Record<string, readonly string[]>> = {
  openssl: ["CERTIFICATE", "PRIVATE KEY"],
  certtool: ["CERTIFICATE"],
  pk12util: [],
};

function partition<T>(all: readonly T[], isFirst: (each: T) => boolean): [T[], T[]] {
  return [all.filter(isFirst), all.filter((each) => !isFirst(each))];
}

/** The keys and certificates that a reader has decrypted and printed. */
function pem(output: string): readonly string[] {
  return output.match(/-----BEGIN (?!ENCRYPTED)[^]*?-----END [A-Z ]+-----/g) ?? [];
}

test.run();
