import { writeFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { CommandContext } from "../../src/cli/command.ts";
import type { ApiRequest, ApiResponse } from "../../src/client/transport.ts";
import { IMPORT_CHECK_PATH, type ImportRequest } from "../../src/protocol/import.ts";
import { runCommand } from "../support/run_command.ts";
import { withFolder } from "../support/open_keystore.ts";

const TOTAL = 250;

interface Setting {
  readonly options?: readonly string[];
  /** What becomes of which key; created unless it says. */
  readonly outcome?: (index: number) => string;
  readonly sameAs?: (index: number) => string | undefined;
  readonly fault?: (request: Asked) => ApiResponse | undefined;
  readonly partial?: boolean;
  readonly total?: number;
  readonly context?: Partial<CommandContext>;
}

type Asked = ImportRequest & { readonly dryRun: boolean };

/** Imports what looks like a keystore of so many keys. */
async function importing(
  {
    options = [],
    outcome = () => "created",
    sameAs = () => undefined,
    fault = () => undefined,
    partial = false,
    total = TOTAL,
    context = {},
  }: Setting,
) {
  const asked = ({ path, body }: ApiRequest): Asked => {
    return { ...body as ImportRequest, dryRun: path === IMPORT_CHECK_PATH };
  };
  const answer = (call: ApiRequest): ApiResponse => {
    const request = asked(call);
    const { offset = 0, limit = 0 } = request;
    const indexes = Array.from({ length: total }, (_, index) => index).slice(
      offset,
      offset + limit,
    );
    const keys = indexes.map((index) => {
      const other = sameAs(index);
      return { alias: `k${index}`, outcome: outcome(index), ...(other && { sameAs: other }) };
    });
    return fault(request) ??
      { status: 200, body: { total, keys, otherEntries: 3, partial } };
  };
  return await withFolder(async (folder) => {
    writeFileSync(`${folder}/source.p12`, new Uint8Array([0x30, 1, 2]));
    const outcome = await runCommand(["import", `${folder}/source.p12`, ...options], {
      answer,
      context,
    });
    return { ...outcome, bodies: outcome.requests.map(asked) };
  });
}

test("looks at everything before anything is changed, in slices without gaps", async () => {
  const { status, out, err, bodies } = await importing({});
  assert.equal([status, err], [0, []]);
  assert.is(
    out,
    "Imported 250 API keys; 0 there already.\n" +
      "Left where they are, as only API keys are imported: 3 other entries.\n",
  );
  const dry = bodies.map(({ dryRun }) => dryRun);
  assert.equal(dry, [...dry].sort().reverse());
  for (const isDry of [true, false]) {
    let next = 0;
    for (const { offset, limit = 0, dryRun } of bodies) {
      if (dryRun !== isDry) continue;
      assert.is(offset, next);
      next += limit;
    }
    assert.ok(next >= TOTAL);
  }
});

test("asks once where there is nothing to change, or nothing is to be", async () => {
  const unchanged = await importing({ outcome: () => "unchanged" });
  assert.match(unchanged.out, /^Imported 0 API keys; 250 there already\./);
  const dry = await importing({ options: ["--dry-run"] });
  assert.match(dry.out, /^Would import 250 API keys/);
  for (const { bodies } of [unchanged, dry]) assert.ok(bodies.every(({ dryRun }) => dryRun));
});

test("says how many keys took the place of others", async () => {
  const rows = [[1, 1, "1 API key, in place of another;"], [
    3,
    3,
    "3 API keys, in place of others;",
  ], [
    3,
    1,
    "3 API keys, 1 of them in place of another;",
  ]] as const;
  for (const [total, replaced, expected] of rows) {
    const outcome = (index: number) => index < replaced ? "replaced" : "created";
    const { out } = await importing({ total, outcome, options: ["--replace"] });
    assert.ok(out.startsWith(`Imported ${expected}`), out);
  }
});

test("says which aliases have other keys, as far as there is room", async () => {
  const { status, err, bodies } = await importing({
    outcome: (index) => index < 200 ? "conflict" : "created",
  });
  assert.equal([status, err.length], [1, 1]);
  assert.match(
    err[0] ?? "",
    "200 aliases have another key here: 'k0', 'k1', 'k2', 'k3', 'k4' and 195 more",
  );
  assert.ok(bodies.every(({ dryRun, onConflict }) => dryRun && onConflict === "refuse"));
});

test("says which keys are here under other aliases, where nothing but skipping them helps", async () => {
  const { status, err } = await importing({
    outcome: (index) => index < 200 ? "conflict" : "created",
    sameAs: (index) => index === 7 ? "other" : undefined,
  });
  assert.equal([status, err.length], [1, 1]);
  assert.match(err[0] ?? "", /1 key is here [^;]*'k7' [^;]*'other';/);
  assert.not.match(err[0] ?? "", "--replace");
});

test("asks for what is to be done about them", async () => {
  const rows = [[[], "refuse"], [["--skip-existing"], "skip"], [["--replace"], "replace"]] as const;
  for (const [options, expected] of rows) {
    const { bodies } = await importing({ options });
    assert.ok(bodies.every(({ onConflict }) => onConflict === expected));
  }
  const both = await importing({ options: ["--skip-existing", "--replace"] });
  assert.equal([both.status, both.bodies], [2, []]);
});

test("names what could not be imported, to the hundredth, and ends with 1", async () => {
  const { status, out, err } = await importing({
    outcome: (index) => index === 0 ? "invalid-alias" : index < 150 ? "unreadable" : "created",
    options: ["--json"],
  });
  assert.is(status, 1);
  assert.match(err[0] ?? "", "'k0' is no alias");
  assert.match(err[1] ?? "", "'k1' cannot be opened");
  assert.equal([err.length, err[100]], [101, "apikey: and 50 more that have not been imported"]);
  const { summary } = JSON.parse(out);
  assert.equal([summary.created, summary.unreadable, summary.invalidAlias], [100, 149, 1]);
});

test("says where part of the source could not be looked into", async () => {
  const { status, err } = await importing({ partial: true });
  assert.equal([status, err.length], [1, 1]);
});

test("says how far it has got when something comes between", async () => {
  const { status, err } = await importing({
    total: 6_000,
    fault: ({ dryRun, offset = 0 }) =>
      !dryRun && offset > 0
        ? {
          status: 409,
          body: { title: "t", status: 409, code: "ERR_ALIAS_EXISTS", detail: "It exists." },
        }
        : undefined,
  });
  assert.equal([status, err.length], [1, 1]);
  assert.match(err[0] ?? "", /^apikey: It exists; [1-9]\d* keys have been imported: import again/);
});

test("whoever interrupts hears what has been imported by then", async () => {
  for (const isDry of [true, false]) {
    const controller = new AbortController();
    const interruption = { signal: controller.signal, [Symbol.dispose]: () => undefined };
    const { status, out, err, bodies } = await importing({
      options: ["--json"],
      total: 6_000,
      context: { onInterrupt: () => Promise.resolve(interruption) },
      fault: ({ dryRun }) => {
        if (dryRun === isDry) controller.abort();
        return undefined;
      },
    });
    assert.equal([status, err.length], [130, 1]);
    assert.is(bodies.filter(({ dryRun }) => dryRun === isDry).length, 1);
    if (isDry) assert.is(out, "");
    else assert.is(JSON.parse(out).summary.created, bodies.at(-1)?.limit);
  }
});

test("what cannot be a source is refused before anybody is asked", async () => {
  await withFolder(async (folder) => {
    const answer = () => {
      throw new Error("asked");
    };
    const rows = [
      [new Uint8Array([0xff, 0xfe]), 6],
      [Buffer.from("alias;key\n"), 2],
      [Buffer.from(""), 2],
    ] as const;
    for (const [octets, expected] of rows) {
      const path = `${folder}/source`;
      writeFileSync(path, octets);
      const { status, err } = await runCommand(["import", path], { answer });
      assert.equal([status, err.length], [expected, 1]);
      assert.ok(err[0]?.startsWith(`apikey: cannot import ${path}: `), err[0]);
    }
    assert.is((await runCommand(["import", `${folder}/none`], { answer })).status, 1);
  });
});

test.run();
