import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { AppError } from "../../src/errors.ts";
import { type AuditRecord, parseAuditRecord } from "../../src/model/audit_record.ts";
import type { PeerCredentials } from "../../src/model/peer_credentials.ts";
import { AuditService } from "../../src/service/audit.ts";
import type { AuditTrail } from "../../src/audit/trail.ts";
import { openTrail } from "../support/audit_trail.ts";
import { failure, withFolder } from "../support/open_keystore.ts";

const FORBIDDEN = new AppError("ERR_FORBIDDEN", "no");

function peer(uid: number): PeerCredentials {
  return { uid, gid: uid, groups: [], pid: 7 };
}

function asked(uid: number, alias?: string) {
  const peerProcess = () => ({ executable: "/bin/x", loginUid: 5, unit: "x.service" });
  return { act: "create", peer: peer(uid), peerProcess, alias };
}

interface Setting {
  readonly audit: AuditService;
  readonly records: () => AuditRecord[];
  /** What could not be recorded. */
  readonly complaints: AppError[];
  /** As long as it is set, nothing can be written. */
  broken: boolean;
}

async function withAudit(
  work: (setting: Setting) => Promise<void>,
  isOwnProcess = false,
): Promise<void> {
  await withFolder(async (folder) => {
    const real = openTrail(folder);
    const setting = { broken: false } as { -readonly [Name in keyof Setting]: Setting[Name] };
    const trail = {
      name: "log",
      head: () => real.head(),
      forget: () => real.forget(),
      append(...args: Parameters<AuditTrail["append"]>) {
        const full = new AppError("ERR_AUDIT", "full");
        return setting.broken ? Promise.reject(full) : real.append(...args);
      },
    } as AuditTrail;
    setting.complaints = [];
    setting.audit = new AuditService({
      trail,
      identity: () => Promise.resolve(IDENTITY),
      inTurn: (work) => work(),
      isOwnProcess,
      self: { peer: peer(0), peerProcess: () => undefined },
      complain: (error) => setting.complaints.push(error),
    });
    setting.records = () => {
      const lines = readFileSync(`${folder}/log`, "utf8").trimEnd().split("\n");
      return lines.map((line) => parseAuditRecord(line) ?? assert.unreachable(line) as never);
    };
    await work(setting);
  });
}

const IDENTITY = {
  certificate: new Uint8Array(),
  signingKey: undefined as never,
  digestKey: new Uint8Array(32),
};

test("an act is on record before it is done, and what became of it before it is answered", async () => {
  await withAudit(async ({ audit, records }) => {
    const result = await audit.perform(asked(3, "a"), () => {
      assert.equal(records().map(({ outcome, alias }) => [outcome, alias]), [["asked", "a"]]);
      return Promise.resolve({ result: 5, done: { key: "secret", changes: ["owner"] } });
    });
    assert.is(result, 5);
    const [first, second] = records();
    assert.equal(first?.peer, {
      uid: 3,
      gid: 3,
      pid: 7,
      executable: "/bin/x",
      loginUid: 5,
      unit: "x.service",
    });
    assert.equal([second?.outcome, second?.of, second?.changes], ["done", 1, ["owner"]]);
    assert.is(second?.key, await audit.digest("secret"));
    assert.not.match(JSON.stringify(records()), /secret/);
  });
});

test("why an act was refused or failed is recorded", async () => {
  await withAudit(async ({ audit, records }) => {
    for (const code of ["ERR_ALIAS_EXISTS", "ERR_KEYSTORE_IO", "ERR_INTERNAL"] as const) {
      const error = code === "ERR_INTERNAL" ? new Error("defect") : new AppError(code, "no");
      const attempt = audit.perform(asked(0, "a"), () => Promise.reject(error));
      assert.is(await attempt.catch((reason) => reason), error);
    }
    const ends = records().filter(({ of }) => of !== undefined);
    assert.equal(ends.map(({ outcome, reason, of }) => [outcome, reason, of]), [
      ["refused", "ERR_ALIAS_EXISTS", 1],
      ["failed", "ERR_KEYSTORE_IO", 3],
      ["failed", "ERR_INTERNAL", 5],
    ]);
  });
});

test("what cannot be recorded is not done", async () => {
  await withAudit(async (setting) => {
    setting.broken = true;
    const work = () => Promise.reject(new Error("it was done"));
    await failure("ERR_AUDIT", () => setting.audit.perform(asked(0, "a"), work));
    setting.broken = false;
    const done = await setting.audit.perform(
      asked(0, "a"),
      () => Promise.resolve({ result: "done", done: {} }),
    );
    assert.is(done, "done");
  });
});

test("an end that cannot be recorded is recorded before anything else is done", async () => {
  await withAudit(async (setting) => {
    const { audit, records, complaints } = setting;
    const breaking = () => {
      setting.broken = true;
      return Promise.resolve({ result: 1, done: {} });
    };
    assert.is(await audit.perform(asked(0, "a"), breaking), 1, "done is done");
    assert.equal(complaints.map(({ code }) => code), ["ERR_AUDIT"]);
    await failure("ERR_AUDIT", () => audit.perform(asked(0, "b"), breaking));
    setting.broken = false;
    await audit.perform(asked(0, "c"), () => Promise.resolve({ result: 2, done: {} }));
    assert.equal(records().map(({ outcome, alias }) => `${outcome} ${alias}`), [
      "asked a",
      "done a",
      "asked c",
      "done c",
    ]);
  });
});

test("acts asked for together record once what could not be recorded before", async () => {
  await withAudit(async (setting) => {
    const { audit, records } = setting;
    const done = () => Promise.resolve({ result: 1, done: {} });
    const breaking = () => {
      setting.broken = true;
      return done();
    };
    await audit.perform(asked(0, "a"), breaking);
    setting.broken = false;
    await Promise.all(["b", "c", "d"].map((alias) => audit.perform(asked(0, alias), done)));
    const ends = records().filter(({ outcome }) => outcome === "done").map(({ alias }) => alias);
    assert.equal(ends.sort(), ["a", "b", "c", "d"]);
  });
});

test("counts that cannot be recorded are recorded later", async () => {
  await withAudit(async (setting) => {
    const { audit, records } = setting;
    setting.broken = true;
    for (let i = 0; i < 70; i++) await audit.refuse(asked(1000), FORBIDDEN);
    audit.noteFailure({
      reason: "NOT_FOUND",
      alias: undefined,
      key: "k",
      clientAddress: undefined,
      peer: peer(33),
    });
    await audit.flush();
    setting.broken = false;
    await audit.flush();
    assert.equal(records().map(({ act, counts }) => [act, counts]), [
      ["refusals", { ERR_FORBIDDEN: 70 }],
      ["verify", { NOT_FOUND: 1 }],
    ]);
  });
});

test("many users together are counted, too, and no record is longer than it may be", async () => {
  await withAudit(async ({ audit, records }) => {
    const executable = `/${"\u0001".repeat(4_000)}`;
    const peerProcess = () => ({ executable, loginUid: undefined, unit: executable });
    for (let uid = 1_000; uid < 1_200; uid++) {
      for (let i = 0; i < 20; i++) {
        const alias = "\u0001".repeat(300);
        await audit.refuse({ act: "show", peer: peer(uid), peerProcess, alias }, FORBIDDEN);
      }
    }
    assert.is(records().length, 600);
    assert.ok(JSON.stringify(records()[0]).length < 3_000);
    await audit.flush();
    const counted = records().slice(600).flatMap(({ counts = {} }) => Object.values(counts));
    assert.is(counted.reduce((sum, count) => sum + count, 0), 3_400);
  });
});

test("a refusal is recorded, and stands where it cannot be", async () => {
  await withAudit(async (setting) => {
    const { audit, records, complaints } = setting;
    await audit.refuse(asked(1000), FORBIDDEN);
    setting.broken = true;
    await audit.refuse(asked(1000), FORBIDDEN);
    await audit.refuse(asked(1000), FORBIDDEN);
    assert.is(complaints.length, 1, "said once");
    const [record] = records();
    assert.equal([record?.outcome, record?.reason, record?.peer?.uid], [
      "refused",
      "ERR_FORBIDDEN",
      1000,
    ]);
  });
});

test("whoever is refused again and again is counted, and nobody else because of him", async () => {
  await withAudit(async ({ audit, records }) => {
    for (let i = 0; i < 500; i++) await audit.refuse(asked(1000), FORBIDDEN);
    await audit.refuse(asked(1001), FORBIDDEN);
    assert.equal(records().map(({ peer }) => peer?.uid), [...Array(60).fill(1000), 1001]);
    await audit.flush();
    const last = records().at(-1);
    assert.equal([last?.outcome, last?.peer?.uid, last?.counts], ["counted", 1000, {
      ERR_FORBIDDEN: 440,
    }]);
    await audit.refuse(asked(1000), FORBIDDEN);
    assert.is(records().length, 63, "by itself again");
  });
});

test("failed verifications are counted, and a few are recorded", async () => {
  await withAudit(async ({ audit, records }) => {
    await audit.flush();
    const failed = { alias: undefined, clientAddress: "10.0.0.1", peer: peer(33) };
    for (let i = 0; i < 1_000; i++) {
      audit.noteFailure({ ...failed, reason: "NOT_FOUND", key: `key-${i}` });
    }
    audit.noteFailure({ ...failed, reason: "EXPIRED", alias: "old", key: "old" });
    await audit.flush();
    const samples = records().filter(({ outcome }) => outcome === "refused");
    assert.is(samples.length, 10);
    assert.equal([samples[3]?.key, samples[3]?.clientAddress], [
      await audit.digest("key-3"),
      "10.0.0.1",
    ]);
    const [counted] = records().filter(({ outcome }) => outcome === "counted");
    assert.equal(counted?.counts, { NOT_FOUND: 1_000, EXPIRED: 1 });
    const length = records().length;
    await audit.flush();
    assert.is(records().length, length, "nothing is counted twice");
  });
});

test("a command leaves refusals of the system, and its own checks, to itself", async () => {
  await withAudit(async ({ audit, records }) => {
    await audit.refuse(asked(1000), FORBIDDEN);
    audit.noteFailure({
      reason: "NOT_FOUND",
      alias: undefined,
      key: "k",
      clientAddress: undefined,
      peer: peer(0),
    });
    await audit.refuse(asked(0), new AppError("ERR_INVALID_REQUEST", "no"));
    assert.equal(records().map(({ reason }) => reason), ["ERR_INVALID_REQUEST"]);
  }, true);
});

test("foreign text is cut and cannot break a line", async () => {
  await withAudit(async ({ audit, records }) => {
    await audit.refuse(asked(0, `x\n\ud800"}${"y".repeat(5_000)}`), FORBIDDEN);
    const [record] = records();
    assert.is(record?.alias?.length, 300);
    assert.ok(record?.alias?.startsWith('x\n\ufffd"}yy'));
  });
});

test.run();
