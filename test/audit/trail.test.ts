import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type AuditLine, verifyAuditLog } from "../../src/model/audit_chain.ts";
import { parseAuditHead } from "../../src/model/audit_head.ts";
import { parseAuditRecord } from "../../src/model/audit_record.ts";
import { factsOf, newSigner, openTrail, write } from "../support/audit_trail.ts";
import { failure, withFolder } from "../support/open_keystore.ts";
import { requiring } from "../support/requirements.ts";

const rootTest = requiring(test, "linux", "root");

const SIGNER = await newSigner();
const SIGNED = { signer: () => SIGNER };

function linesOf(path: string): string[] {
  return readFileSync(path, "utf8").trimEnd().split("\n");
}

/** What is wrong with a log, if anything is: `missing 3`. */
async function findingIn(folder: string, ...earlier: readonly string[]): Promise<string> {
  const head = parseAuditHead(readFileSync(`${folder}/log.head`, "utf8"));
  const lines = [...earlier, `${folder}/log`].flatMap(linesOf);
  async function* read(): AsyncGenerator<AuditLine> {
    for (const text of lines) yield await Promise.resolve({ text, isWhole: true });
  }
  const expectations = { trusted: [SIGNER.certificate], first: 1, head };
  const { finding } = await verifyAuditLog(read(), expectations);
  return finding === undefined ? "intact" : `${finding.fault} ${finding.sequence}`;
}

test("records that arrive together are written together, in order, under one signature", async () => {
  await withFolder(async (folder) => {
    const trail = openTrail(folder, SIGNED);
    const sequences = await Promise.all(
      Array.from(
        { length: 50 },
        (_, i) => trail.append(factsOf(`k${i}`), { isDurable: i % 2 === 0 }),
      ),
    );
    assert.equal(sequences, Array.from({ length: 50 }, (_, index) => index + 1));
    const records = linesOf(`${folder}/log`).map(parseAuditRecord);
    assert.equal(records.map((record) => record?.alias), sequences.map((n) => `k${n - 1}`));
    assert.is(records.filter((record) => record?.signature !== undefined).length, 2);
    assert.is(await findingIn(folder), "intact");
    assert.equal(["log", "log.head"].map((name) => statSync(`${folder}/${name}`).mode & 0o777), [
      0o600,
      0o600,
    ]);
  });
});

test("another process goes on where the one before has ended, also where others write between", async () => {
  await withFolder(async (folder) => {
    await write(openTrail(folder, SIGNED), 3, 1);
    const trails = [1, 2, 3].map(() => openTrail(folder, SIGNED));
    for (let round = 0; round < 4; round++) {
      for (const trail of trails) {
        trail.forget();
        await write(trail, 1, 1);
      }
    }
    assert.is(linesOf(`${folder}/log`).length, 15);
    assert.is(await findingIn(folder), "intact");
  });
});

test("what a killed process has written of a record is gone, and what it has written whole counts", async () => {
  await withFolder(async (folder) => {
    await write(openTrail(folder, SIGNED), 3, 1);
    const head = readFileSync(`${folder}/log.head`);
    await write(openTrail(folder, SIGNED), 1, 1);
    // As if it had not come to the head any more.
    writeFileSync(`${folder}/log.head`, head);
    appendFileSync(`${folder}/log`, '{"v":1,"sequence":5,"at":"2026');
    await write(openTrail(folder, SIGNED), 2, 1);
    assert.equal(linesOf(`${folder}/log`).map((line) => parseAuditRecord(line)?.sequence), [
      1,
      2,
      3,
      4,
      5,
      6,
    ]);
    assert.is(await findingIn(folder), "intact");
  });
});

test("a record that is cut off shows, whatever is written after it", async () => {
  await withFolder(async (folder) => {
    await write(openTrail(folder, SIGNED), 5, 1);
    truncateSync(`${folder}/log`, statSync(`${folder}/log`).size - 10);
    await write(openTrail(folder, SIGNED), 2, 1);
    assert.is(await findingIn(folder), "missing 5");
  });
});

test("a log that is taken away to be rotated goes on with the next number", async () => {
  await withFolder(async (folder) => {
    const trail = openTrail(folder, SIGNED);
    await write(trail, 4, 1);
    renameSync(`${folder}/log`, `${folder}/log.1`);
    await write(trail, 2, 1);
    renameSync(`${folder}/log`, `${folder}/log.0`);
    await write(openTrail(folder, SIGNED), 1, 1);
    assert.is(await findingIn(folder, `${folder}/log.1`, `${folder}/log.0`), "intact");
    assert.is(await findingIn(folder, `${folder}/log.1`), "missing 5");
  });
});

test("a head that is lost or nonsense is found again in the log", async () => {
  await withFolder(async (folder) => {
    for (const damage of [() => rmSync(`${folder}/log.head`), () => writeNonsense(folder)]) {
      await write(openTrail(folder, SIGNED), 2, 1);
      damage();
    }
    await write(openTrail(folder, SIGNED), 2, 1);
    assert.is(linesOf(`${folder}/log`).length, 6);
    assert.is(await findingIn(folder), "intact");
  });
});

function writeNonsense(folder: string): void {
  writeFileSync(`${folder}/log.head`, "{".repeat(200));
}

test("where nothing can be written the record fails, and leaves nothing", async () => {
  await withFolder(async (folder) => {
    const append = () => openTrail(folder, SIGNED).append(factsOf("k"), { isDurable: true });
    symlinkSync("/etc/passwd", `${folder}/log`);
    await failure("ERR_AUDIT", append);
    rmSync(`${folder}/log`);
    mkdirSync(`${folder}/log`);
    await failure("ERR_AUDIT", append);
    rmSync(`${folder}/log`, { recursive: true });
    assert.not.ok(existsSync(`${folder}/log.head`));
    assert.is(await append(), 1, "and works once it can be");
  });
});

test("another program's file is left as it is", async () => {
  await withFolder(async (folder) => {
    const append = () => openTrail(folder, SIGNED).append(factsOf("k"), { isDurable: true });
    for (const text of ["a=1", "a=1\n", "a=1\nb=2", '{"v":2}\n', "x".repeat(100_000)]) {
      writeFileSync(`${folder}/log`, text);
      await failure("ERR_AUDIT", append);
      assert.is(readFileSync(`${folder}/log`, "utf8"), text);
    }
    rmSync(`${folder}/log`);
    writeFileSync(`${folder}/log.head`, "y".repeat(1_000));
    await failure("ERR_AUDIT", append);
    assert.is(readFileSync(`${folder}/log.head`, "utf8"), "y".repeat(1_000));
  });
});

test("a head that makes no sense is not begun anew behind a log that was rotated", async () => {
  await withFolder(async (folder) => {
    await write(openTrail(folder, SIGNED), 2, 1);
    renameSync(`${folder}/log`, `${folder}/log.1`);
    writeNonsense(folder);
    await failure("ERR_AUDIT", () => write(openTrail(folder, SIGNED), 1, 1));
    rmSync(`${folder}/log.head`);
    await write(openTrail(folder, SIGNED), 1, 1);
  });
});

test("zeros that a power failure has left are gone with the next record", async () => {
  await withFolder(async (folder) => {
    for (const rest of ["", '{"v":1,"sequence":3,"at"']) {
      await write(openTrail(folder, SIGNED), 1, 1);
      appendFileSync(`${folder}/log`, rest + "\0".repeat(600));
    }
    await write(openTrail(folder, SIGNED), 1, 1);
    assert.is(await findingIn(folder), "intact");
  });
});

test("what another writer has added meanwhile is gone on with", async () => {
  await withFolder(async (folder) => {
    const trail = openTrail(folder, SIGNED);
    await write(trail, 2, 1);
    await write(openTrail(folder, SIGNED), 2, 1);
    await write(trail, 2, 1);
    assert.is(await findingIn(folder), "intact");
  });
});

test("a disk that fails under a record takes nothing with it", async () => {
  await withFolder(async (folder) => {
    const trail = openTrail(folder, SIGNED);
    await write(trail, 2, 1);
    // The head is written between the record and its way to the disk.
    rmSync(`${folder}/log.head`);
    mkdirSync(`${folder}/log.head`);
    await failure("ERR_AUDIT", () => write(trail, 1, 1));
    rmSync(`${folder}/log.head`, { recursive: true });
    await write(trail, 2, 1);
    assert.is(linesOf(`${folder}/log`).length, 4);
    assert.is(await findingIn(folder), "intact");
  });
});

rootTest("neither log nor head of another user counts in a folder that all may write", async () => {
  await withFolder(async (folder) => {
    chmodSync(folder, 0o1777);
    const append = () => openTrail(folder, SIGNED).append(factsOf("k"), { isDurable: false });
    for (const name of ["log", "log.head"]) {
      writeFileSync(`${folder}/${name}`, '{"v":1,"sequence":5000,"hash":"x"}\n');
      chownSync(`${folder}/${name}`, 1000, 1000);
      await failure("ERR_AUDIT", append);
      rmSync(`${folder}/${name}`);
      execFileSync("mkfifo", [`${folder}/${name}`]);
      await failure("ERR_AUDIT", append);
      rmSync(`${folder}/${name}`);
    }
    assert.is(await append(), 1);
  });
});

test("a log that others may read keeps its mode", async () => {
  await withFolder(async (folder) => {
    await write(openTrail(folder, SIGNED), 1, 1);
    chmodSync(`${folder}/log`, 0o640);
    await write(openTrail(folder, SIGNED), 1, 1);
    assert.is(statSync(`${folder}/log`).mode & 0o777, 0o640);
  });
});

test.run();
