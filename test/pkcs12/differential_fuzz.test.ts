import process from "node:process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { makeCase } from "../fuzz/case.ts";
import { compareViews, STRICTER, TOLERATED } from "../fuzz/compare.ts";
import { viewOf } from "../fuzz/own_view.ts";
import { readWithPkijs } from "../fuzz/pkijs_view.ts";
import { read } from "../fuzz/reader.ts";
import { corpusNames, readSeed } from "../fuzz/seed.ts";

/*
 * Our reader against pkijs's, on keystores damaged in every way that the fuzzer knows. What both
 * accept they must see alike, but for the differences that compare.ts lists and explains.
 */
const SEED = 5;
const CASES = process.versions["deno"] === undefined ? 3_000 : 1_200;
/** asn1js takes about a kilobyte and half a microsecond for every octet. */
const MAX_BYTES = 20_000;

const tolerated = Object.fromEntries(Object.keys(TOLERATED).map((name) => [name, 0]));
const counts = { compared: 0, macsBroken: 0, secrets: 0, bags: 0 };

/** @returns what must not be */
async function compare(bytes: Uint8Array): Promise<string[]> {
  const [own, pkijs] = [await read(bytes), await readWithPkijs(bytes)];
  if (own.kind === "rejected") {
    if (own.reason === "MAC mismatch") {
      if (pkijs.mac === "verified") return ["a MAC that pkijs verifies"];
      if (pkijs.mac === "broken") counts.macsBroken++;
    } else if (pkijs.view !== undefined && !(own.reason in STRICTER)) {
      return [`a file that pkijs reads is refused: ${own.reason}`];
    }
    return [];
  }
  if (pkijs.mac === "broken") return ["a MAC that pkijs does not verify"];
  if (pkijs.view === undefined) return [];
  const view = await viewOf(own);
  counts.compared++;
  for (const bag of view.parts.flatMap(({ bags }) => bags ?? [])) {
    counts.bags++;
    if (bag.secret !== undefined) counts.secrets++;
  }
  const differences = compareViews(view, pkijs.view);
  for (const difference of differences) {
    if (difference.tolerated !== undefined) {
      tolerated[difference.tolerated] = (tolerated[difference.tolerated] ?? 0) + 1;
    }
  }
  return differences.filter((difference) => difference.tolerated === undefined)
    .map(({ what }) => what);
}

const seeds = corpusNames().map(readSeed);

test("sees in the kept files what pkijs sees", async () => {
  for (const { name, bytes } of seeds) assert.equal(await compare(bytes), [], name);
});

test("sees in damaged files what pkijs sees", async () => {
  for (let number = 0; number < CASES; number++) {
    const { bytes, history } = makeCase(seeds, SEED, number);
    if (bytes.length > MAX_BYTES) continue;
    assert.equal(await compare(bytes), [], `case ${number}: ${history.join(", ")}`);
  }
  console.log(`\n${CASES} cases:`, counts, "tolerated:", tolerated);
  assert.ok(counts.compared > CASES / 10, "too few files were compared");
  assert.ok(counts.macsBroken > CASES / 100, "too few MACs were compared");
  assert.ok(counts.secrets > CASES / 4, "too few secrets were compared");
});

test.run();
