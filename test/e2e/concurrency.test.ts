// Many commands at once: each does what it says, and nothing that one has done gets lost.
import { readdirSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { IS_SOURCE } from "../support/extent.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { type Way, WAYS } from "../support/ways.ts";

const COMMANDS = IS_SOURCE ? 15 : 50;
const FEWER = IS_SOURCE ? 4 : 10;

for (const { way, open } of WAYS) {
  test(`${COMMANDS} commands at once create ${COMMANDS} keys, ${way}`, async () => {
    using folder = temporaryFolder();
    await using opened = await open(folder.keystore("jdk17-metricshub.p12"));
    const aliases = Array.from({ length: COMMANDS }, (_, i) => `agent-${i}`);
    const created = await Promise.all(aliases.map((alias) => opened.apikey("create", alias)));
    assertAllDone(created);
    const keys = created.map(({ stdout }) => /: (.*)\n/.exec(stdout)?.[1] ?? "");
    assert.is(new Set(keys).size, COMMANDS);
    const listed = await list(opened);
    assert.is(listed.size, 3 + COMMANDS);
    aliases.forEach((alias, i) => assert.is(listed.get(alias)?.slice(-4), keys[i]?.slice(-4)));

    const [unwanted, kept] = [aliases.slice(0, FEWER), aliases.slice(FEWER)];
    assertAllDone(await Promise.all(unwanted.map((alias) => opened.apikey("revoke", alias))));
    assert.equal(
      [...(await list(opened)).keys()].sort(),
      ["mcp-openai", "mcp-claude", "retired", ...kept].sort(),
    );
    assert.equal(readdirSync(folder.path).filter((name) => name.endsWith(".tmp")), []);
  });

  test(`one of ${FEWER} commands that create the same alias at once wins, ${way}`, async () => {
    using folder = temporaryFolder();
    await using opened = await open(folder.keystore("jdk17-metricshub.p12"));
    const commands = Array.from({ length: FEWER }, () => opened.apikey("create", "x", "--json"));
    const outcomes = await Promise.all(commands);
    const [winner, ...others] = outcomes.toSorted((a, b) => Number(a.status) - Number(b.status));
    assert.equal([winner?.status, winner?.stderr], [0, ""]);
    assert.equal(others.map(({ status, stdout }) => `${status}${stdout}`), others.map(() => "1"));
    const { key } = JSON.parse(winner?.stdout ?? "") as { key: string };
    assert.is((await list(opened)).get("x")?.slice(-4), key.slice(-4));
  });
}

function assertAllDone(outcomes: readonly { status: number | null; stderr: string }[]): void {
  const failed = outcomes.filter(({ status, stderr }) => status !== 0 || stderr !== "");
  assert.equal(failed, []);
}

/** Masked keys by alias. */
async function list(way: Way): Promise<Map<string, string>> {
  const { stdout } = await way.apikey("list", "--json");
  const { keys } = JSON.parse(stdout) as { keys: { alias: string; maskedKey: string }[] };
  return new Map(keys.map(({ alias, maskedKey }) => [alias, maskedKey]));
}

test.run();
