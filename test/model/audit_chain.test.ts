import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  type AuditExpectations,
  type AuditLine,
  type AuditVerdict,
  verifyAuditLog,
} from "../../src/model/audit_chain.ts";
import { parseAuditHead } from "../../src/model/audit_head.ts";
import { hashLine, parseAuditRecord } from "../../src/model/audit_record.ts";
import { newSigner, openTrail, write } from "../support/audit_trail.ts";
import { withFolder } from "../support/open_keystore.ts";

const SIGNER = await newSigner();

interface Log {
  readonly lines: readonly string[];
  readonly expectations: AuditExpectations;
}

/** Of so many records, each so many of which were written together, and signed once. */
async function logOf(count: number, size: number): Promise<Log> {
  return await withFolder(async (folder) => {
    await write(openTrail(folder, { signer: () => SIGNER }), count, size);
    const lines = readFileSync(`${folder}/log`, "utf8").trimEnd().split("\n");
    const head = parseAuditHead(readFileSync(`${folder}/log.head`, "utf8"));
    return { lines, expectations: { trusted: [SIGNER.certificate], first: 1, head } };
  });
}

async function* whole(lines: readonly string[]): AsyncGenerator<AuditLine> {
  for (const text of lines) yield await Promise.resolve({ text, isWhole: true });
}

function check(
  lines: readonly string[],
  { expectations }: Pick<Log, "expectations">,
): Promise<AuditVerdict> {
  return verifyAuditLog(whole(lines), expectations);
}

/** What each kind of forgery makes of record `n` of a log, and which record is to be named. */
type Forgery = (lines: readonly string[], n: number) => readonly [string[], string, number];

const FORGERIES = {
  "edited": (lines, n) => [lines.with(n - 1, edited(lines[n - 1])), "altered", n],
  "given another predecessor": (lines, n) => {
    const previous = `"previous":"${hashLine("another")}"`;
    const line = (lines[n - 1] ?? "").replace(/"previous":"[^"]*"/, previous);
    return [lines.with(n - 1, line), "altered", n];
  },
  "renumbered": (lines, n) => {
    const line = (lines[n - 1] ?? "").replace(/"sequence":\d+/, `"sequence":${n + 1000}`);
    return [lines.with(n - 1, line), n === 1 ? "missing" : "altered", n];
  },
  "without its signature": (lines, n) => {
    const line = (lines[n - 1] ?? "").replace(/,"signature":"[^"]*"/, "");
    return [lines.with(n - 1, line), "altered", n];
  },
  "made nonsense": (lines, n) => [lines.with(n - 1, "{}"), "altered", n],
  "deleted": (lines, n) => [lines.toSpliced(n - 1, 1), "missing", n],
  "swapped with the next": (lines, n) => {
    const pair = lines.slice(n - 1, n + 1).reverse();
    return [lines.toSpliced(n - 1, pair.length, ...pair), "out of order", n];
  },
  "put in twice": (lines, n) => {
    return [lines.toSpliced(n, 0, lines[n - 1] ?? ""), "out of order", n];
  },
  "the first of those cut off": (lines, n) => [lines.slice(0, n - 1), "missing", n],
} as const satisfies Readonly<Record<string, Forgery>>;

function forge(what: keyof typeof FORGERIES, lines: readonly string[], n: number) {
  const forgery: Forgery = FORGERIES[what];
  return forgery(lines, n);
}

function edited(line = ""): string {
  return line.replace('"alias":"key', '"alias":"kee');
}

for (const size of [1, 7]) {
  const together = size === 1 ? "written alone" : `of which ${size} were written together`;

  for (const what of Object.keys(FORGERIES) as (keyof typeof FORGERIES)[]) {
    test(`each record of a log ${together} is named where it was ${what}`, async () => {
      const log = await logOf(16, size);
      for (let n = 1; n <= log.lines.length; n++) {
        const isUntouched = what === "swapped with the next" && n === log.lines.length ||
          what === "without its signature" && !log.lines[n - 1]?.includes('"signature"');
        if (isUntouched) continue;
        const [lines, fault, sequence] = forge(what, log.lines, n);
        const { finding } = await check(lines, log);
        assert.equal([finding?.fault, finding?.sequence], [fault, sequence], `${what} ${n}`);
      }
    });
  }
}

test("in a log of 10,000 records any one that was tampered with is named", async () => {
  const log = await logOf(10_000, 25);
  assert.equal(await check(log.lines, log), {
    finding: undefined,
    records: 10_000,
    first: 1,
    last: { sequence: 10_000, hash: log.expectations.head?.hash },
    vouched: 10_000,
  });
  const tampered = [
    ["edited", 1],
    ["deleted", 4_999],
    ["swapped with the next", 7_777],
    ["edited", 10_000],
    ["the first of those cut off", 10_000],
  ] as const;
  for (const [what, n] of tampered) {
    const [lines, fault, sequence] = forge(what, log.lines, n);
    const { finding } = await check(lines, log);
    assert.equal([finding?.fault, finding?.sequence], [fault, sequence], `${what} ${n}`);
  }
});

test("who forges all that follows, too, is found by the next signature", async () => {
  const log = await logOf(40, 7);
  for (const n of [1, 10, 20, 39]) {
    const lines = [...log.lines];
    lines[n - 1] = edited(lines[n - 1]);
    for (let next = n; next < lines.length; next++) {
      const previous = `"previous":"${hashLine(lines[next - 1] ?? "")}"`;
      lines[next] = (lines[next] ?? "").replace(/"previous":"[^"]*"/, previous);
    }
    const head = { sequence: 40, hash: hashLine(lines.at(-1) ?? "") };
    const expectations = { ...log.expectations, head };
    const { finding, vouched } = await check(lines, { expectations });
    assert.is(finding?.fault, "altered");
    const isSigned = (line: string, index: number) => index >= n - 1 && line.includes("signature");
    assert.is(finding?.sequence, lines.findIndex(isSigned) + 1);
    assert.ok(vouched < n);
  }
});

test("the same signature in another text is another line", async () => {
  const log = await logOf(4, 1);
  for (const n of [1, 4]) {
    const padded = /([A-Za-z0-9+/])(=+"\})$/;
    const line = log.lines[n - 1] ?? "";
    const [, last = "", end = ""] = padded.exec(line) ?? [];
    // Bits that mean nothing.
    const other = BASE64[BASE64.indexOf(last) ^ 1] ?? "";
    if (end === "") continue;
    const lines = log.lines.with(n - 1, line.slice(0, -end.length - 1) + other + end);
    const { finding } = await check(lines, {
      expectations: { ...log.expectations, head: undefined },
    });
    assert.equal([finding?.fault, finding?.sequence], ["altered", n]);
  }
});

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

test("a line without its end is no record", async () => {
  const log = await logOf(5, 1);
  async function* cut() {
    yield* whole(log.lines.slice(0, 4));
    yield { text: log.lines[4] ?? "", isWhole: false };
  }
  const { finding } = await verifyAuditLog(cut(), log.expectations);
  assert.equal(finding, { fault: "cut off", sequence: 5, line: 5 });
});

test("records that nobody who is trusted has signed for count as nobody's", async () => {
  const other = await newSigner("another");
  await withFolder(async (folder) => {
    let signer: typeof SIGNER | undefined = SIGNER;
    const trail = openTrail(folder, { signer: () => signer });
    await write(trail, 3, 1);
    signer = other;
    await write(trail, 2, 1);
    signer = undefined;
    await write(trail, 2, 1);
    const lines = readFileSync(`${folder}/log`, "utf8").trimEnd().split("\n");
    const vouched = async (...trusted: Uint8Array[]) => {
      const verdict = await check(lines, { expectations: { trusted, first: 1, head: undefined } });
      assert.is(verdict.finding, undefined);
      return verdict.vouched;
    };
    assert.is(await vouched(SIGNER.certificate), 3, "by the older certificate");
    assert.is(await vouched(other.certificate), 5, "the newer one vouches for what was before");
    assert.is(await vouched(SIGNER.certificate, other.certificate), 5);
    assert.is(await vouched(), 0);
    // Whoever signs for the first time shows his certificate, so that forgeries are found anyway.
    const shown = lines.map(parseAuditRecord).map((record) => record?.certificate !== undefined);
    assert.equal(shown, [true, false, false, true, false, false, false]);
    const forged = lines.with(3, edited(lines[3]));
    const expectations = { trusted: [SIGNER.certificate], first: 1, head: undefined };
    assert.is((await check(forged, { expectations })).finding?.sequence, 4);
  });
});

test("a log that was rotated begins where the one before has ended", async () => {
  const log = await logOf(20, 3);
  const rest = log.lines.slice(10);
  assert.equal((await check(rest, log)).finding, { fault: "missing", sequence: 1, line: 1 });
  const expectations = { ...log.expectations, first: 11 };
  const { finding, records, vouched } = await check(rest, { expectations });
  assert.equal([finding, records, vouched], [undefined, 10, 20]);
});

test.run();
