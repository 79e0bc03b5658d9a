import { Buffer } from "node:buffer";
import {
  copyFileSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseAlias } from "../../src/model/alias.ts";
import type { Instant } from "../../src/model/instant.ts";
import { Secret } from "../../src/model/secret.ts";
import type { Keystore } from "../../src/keystore/keystore.ts";
import { openKeys } from "../../src/keystore/keystore_content.ts";
import { FileChangedError, KeystoreFile } from "../../src/keystore/keystore_file.ts";
import { BUILT_IN_PASSWORD } from "../../src/keystore/store_password.ts";
import { OID } from "../../src/pkcs12/oid.ts";
import { decodePfx, encodePfx } from "../../src/pkcs12/pfx.ts";
import { newSafeBag } from "../../src/pkcs12/safe_bag.ts";
import { fixturePath, FIXTURES, keysOf } from "../support/fixtures.ts";
import { sealSecretBag } from "../support/secret_bag.ts";
import { failure, openKeystore, platform, withFolder } from "../support/open_keystore.ts";

const NAME = "metricshub-keystore.p12";

function add(keystore: Keystore, alias: string) {
  return keystore.change((draft) =>
    draft.add({
      alias: parseAlias(alias),
      secret: new Secret("11111111-2222-4333-8444-55555555abcd"),
      createdAt: 1_800_000_000_000 as Instant,
      expiry: undefined,
    })
  );
}

async function aliases(keystore: Keystore): Promise<string[]> {
  return [...(await keystore.read()).content.entries.keys()];
}

async function bags(keystore: Keystore) {
  const { content } = await keystore.read();
  return content.pfx.contents.flatMap((part) => part.bags ?? []);
}

function withFixture<T>(name: string, work: (path: string, folder: string) => Promise<T>) {
  return withFolder(async (folder) => {
    const path = join(folder, NAME);
    copyFileSync(fixturePath(name), path);
    writeFileSync(join(folder, "password"), "correct horse battery\n");
    return await work(path, folder);
  });
}

for (const { name, password } of FIXTURES) {
  test(`adds to ${name} and removes again, leaving every other bag as it was`, async () => {
    await withFixture(name, async (path, folder) => {
      const options = password.startsWith("correct")
        ? { passwordFile: join(folder, "password") }
        : {};
      const keystore = openKeystore(path, options);
      const before = await bags(keystore);
      await add(keystore, "new-one");
      const during = await bags(openKeystore(path, options));
      assert.is(during.length, before.length + 1);
      await keystore.change((draft) => draft.remove(parseAlias("new-one")));
      const after = await bags(openKeystore(path, options));
      assert.equal(
        after.map((bag) => new Uint8Array(bag.encoding)),
        before.map((bag) => new Uint8Array(bag.encoding)),
      );
    });
  });
}

test("keeps the order of the file and puts new keys last", async () => {
  await withFixture("jdk17-metricshub.p12", async (path) => {
    const keystore = openKeystore(path);
    await add(keystore, "b");
    await add(keystore, "a");
    const expected = ["mcp-openai", "mcp-claude", "retired", "b", "a"];
    assert.equal(await aliases(openKeystore(path)), expected);
  });
});

test("shares one salt among its own keys", async () => {
  await withFolder(async (folder) => {
    const keystore = openKeystore(join(folder, NAME));
    for (const alias of ["a", "b", "c"]) await add(keystore, alias);
    const { content } = await openKeystore(join(folder, NAME)).read();
    const salts = Array.from(content.entries.values(), (entry) => entry.sealed()?.scheme.salt);
    assert.is(new Set(salts.map((salt) => Buffer.from(salt ?? []).toString("hex"))).size, 1);
    const encrypted = Array.from(content.entries.values(), ({ bag }) => bag.bagValue);
    assert.is(new Set(encrypted.map((value) => Buffer.from(value).toString("hex"))).size, 3);
  });
});

test("gives entries that Java salted the shared salt once they have been opened", async () => {
  await withFixture("jdk17-metricshub.p12", async (path) => {
    const salts = async () => {
      const { content } = await openKeystore(path).read();
      return new Set(
        Array.from(
          content.entries.values(),
          (entry) => Buffer.from(entry.sealed()?.scheme.salt ?? []).toString("hex"),
        ),
      ).size;
    };
    const keystore = openKeystore(path);
    await add(keystore, "unopened");
    assert.is(await salts(), 3, "nobody has opened the others");
    const before = await openKeys((await keystore.read()).content);
    await add(keystore, "opened");
    assert.is(await salts(), 1);
    const after = await openKeys((await openKeystore(path).read()).content);
    assert.equal(after.slice(0, before.length), before);
    assert.equal(await foreign(path), await foreign(fixturePath("jdk17-metricshub.p12")));
  });
});

/** All bags but those of API keys. */
async function foreign(path: string): Promise<string[]> {
  return (await bags(openKeystore(path)))
    .filter(({ friendlyName }) => !friendlyName?.startsWith("api_key:"))
    .map(({ encoding }) => Buffer.from(encoding).toString("hex"));
}

test("saves changes that come together in one write, each failing alone", async () => {
  await withFolder(async (folder) => {
    let saves = 0;
    class CountedFile extends KeystoreFile {
      override replace(...args: Parameters<KeystoreFile["replace"]>) {
        saves++;
        return super.replace(...args);
      }
    }
    const path = join(folder, NAME);
    const file = new CountedFile({
      path,
      mayBeDenied: false,
      uid: platform.self.uid,
      generations: 3,
    });
    const keystore = openKeystore(path, { file });
    const results = await Promise.allSettled([
      ...Array.from({ length: 20 }, (_, index) => add(keystore, `k${index}`)),
      keystore.change(() => {
        throw new RangeError("refused");
      }),
      add(keystore, "last"),
    ]);
    assert.equal(results.filter(({ status }) => status === "rejected").length, 1);
    assert.is((await aliases(openKeystore(path))).length, 21);
    assert.ok(saves <= 2, `${saves} saves`);
  });
});

test("sees what another program wrote, and writes on top of that", async () => {
  await withFixture("jdk17-metricshub.p12", async (path) => {
    const keystore = openKeystore(path);
    const other = openKeystore(path);
    await keystore.read();
    await add(other, "theirs");
    assert.ok((await aliases(keystore)).includes("theirs"));
    await add(keystore, "ours");
    assert.ok((await aliases(other)).includes("ours"));
    assert.ok((await aliases(other)).includes("theirs"));
  });
});

test("applies its change again to what another program wrote just before the rename", async () => {
  await withFixture("jdk17-metricshub.p12", async (path) => {
    let interfere = true;
    class ContestedFile extends KeystoreFile {
      override async replace(...args: Parameters<KeystoreFile["replace"]>) {
        if (interfere) {
          interfere = false;
          // Another program that takes no lock, as MetricsHub's Java programs do not.
          copyFileSync(fixturePath("jdk17-mixed-certificates.p12"), path);
        }
        return await super.replace(...args);
      }
    }
    const file = new ContestedFile({
      path,
      mayBeDenied: false,
      uid: platform.self.uid,
      generations: 3,
    });
    await add(openKeystore(path, { file }), "ours");
    assert.equal(await aliases(openKeystore(path)), ["rest-automation", "ours"]);
  });
});

test("reads the file again after a save that failed half-way", async () => {
  await withFixture("jdk17-metricshub.p12", async (path) => {
    let fail = true;
    class FailingFile extends KeystoreFile {
      override async replace(...args: Parameters<KeystoreFile["replace"]>) {
        const stamp = await super.replace(...args);
        if (fail) throw Object.assign(new Error(), { code: "EIO" });
        return stamp;
      }
    }
    const file = new FailingFile({
      path,
      mayBeDenied: false,
      uid: platform.self.uid,
      generations: 3,
    });
    const keystore = openKeystore(path, { file });
    await failure("EIO", () => add(keystore, "half"));
    fail = false;
    assert.ok((await aliases(keystore)).includes("half"));
    await failure("ERR_ALIAS_EXISTS", () =>
      keystore.change((draft) => {
        if (draft.has(parseAlias("half"))) {
          throw Object.assign(new Error(), { code: "ERR_ALIAS_EXISTS" });
        }
      }));
  });
});

test("lets go of a file's octets when another program has replaced it", async () => {
  await withFixture("jdk17-metricshub.p12", async (path) => {
    const keystore = openKeystore(path);
    const before = (await keystore.read()).content.entries.get(parseAlias("mcp-openai"));
    await add(openKeystore(path), "theirs");
    const after = (await keystore.read()).content.entries.get(parseAlias("mcp-openai"));
    assert.ok(before && after);
    assert.is.not(after.bag.encoding.buffer, before.bag.encoding.buffer);
  });
});

test("sees a change that a file system's clock of whole seconds hides", async () => {
  await withFixture("jdk17-metricshub.p12", async (path) => {
    const second = Math.floor(Date.now() / 1000);
    const stamp = () => utimesSync(path, second, second);
    const keystore = openKeystore(path);
    stamp();
    assert.is((await aliases(keystore)).length, 3);
    const theirs = readFileSync(path);
    await openKeystore(path).change((draft) => draft.remove(parseAlias("retired")));
    const ours = readFileSync(path);
    const { ino } = statSync(path);
    // In place, with as many octets and at the same second: nothing but the content differs.
    writeFileSync(path, theirs);
    stamp();
    assert.is((await aliases(keystore)).length, 3);
    writeFileSync(path, Buffer.concat([ours, theirs]).subarray(0, theirs.length));
    stamp();
    assert.is(statSync(path).ino, ino);
    assert.ok((await keystore.read()).fault, "the garbled file went unnoticed");
  });
});

test("gives up on a file that another program writes all the time", async () => {
  await withFixture("jdk17-metricshub.p12", async (path) => {
    class BusyFile extends KeystoreFile {
      override replace(): never {
        throw new FileChangedError();
      }
    }
    const file = new BusyFile({ path, mayBeDenied: false, uid: platform.self.uid, generations: 3 });
    await failure("ERR_KEYSTORE_IN_USE", () => add(openKeystore(path, { file }), "ours"));
  });
});

test("lists a key that does not open, and can remove it", async () => {
  await withFixture("jdk17-metricshub.p12", async (path) => {
    const password = keysOf(BUILT_IN_PASSWORD);
    const pfx = await decodePfx(readFileSync(path), password);
    const bagValue = await sealSecretBag(Buffer.from("x"), keysOf("another password"));
    const bag = newSafeBag(OID.SECRET_BAG, bagValue, "api_key:odd", Buffer.from("Time 1"));
    const [data, ...rest] = pfx.contents;
    const contents = [
      { kind: "data", encoding: undefined, bags: [...data?.bags ?? [], bag] } as const,
      ...rest,
    ];
    writeFileSync(path, await encodePfx({ ...pfx, contents }, password));
    const keystore = openKeystore(path);
    const { content } = await keystore.read();
    const keys = new Map((await openKeys(content)).map((key) => [key.alias, key.lastCharacters]));
    assert.ok(keys.has(parseAlias("odd")));
    assert.is(keys.get(parseAlias("odd")), undefined);
    assert.is(keys.get(parseAlias("mcp-openai")), "8986");
    await keystore.change((draft) => draft.remove(parseAlias("odd")));
    assert.equal(await aliases(openKeystore(path)), ["mcp-openai", "mcp-claude", "retired"]);
  });
});

test("a failed change leaves the file alone", async () => {
  await withFixture("jdk17-metricshub.p12", async (path, folder) => {
    const before = readFileSync(path);
    const keystore = openKeystore(path);
    await failure("ERR_X", () =>
      keystore.change(() => {
        throw Object.assign(new Error(), { code: "ERR_X" });
      }));
    assert.equal(readFileSync(path), before);
    assert.equal(readdirSync(folder).sort(), [NAME, `${NAME}.lock`, "password"]);
  });
});

test.run();
