// A keystore into which keys have been imported, in the eyes of Java programs.
import { writeFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { apikey } from "../support/execute.ts";
import { fixturePath } from "../support/fixtures.ts";
import { type JavaTool, payloadOf, startJavaTool, withoutAuditEntry } from "../support/java.ts";
import { madeKeystore } from "../support/made_keystore.ts";
import { requiring } from "../support/requirements.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { BUILT_IN_PASSWORD } from "./fixtures.ts";
import { setUpWith } from "./setup.ts";

const LEGACY = "5b0f0d55-3c3a-4f43-8c0e-1c7b8f0b2a64";
const SEALED = "11f5b3a0-4dfb-4a34-9d63-0f2f3f5a7c21";
const OPENAI = "eb47c2be-927f-495f-aa97-0ba0f60b8986";
const FRACTION = "7c1d3f0a-6b1e-4a58-8f7e-2d9b60c1e5aa";
const DISABLED = "9d1c3f0a-6b1e-4a58-8f7e-2d9b60c1e5ab";
const TABLED = "11111111-1111-4111-8111-111111111111";

let java: JavaTool;

const javaTest = requiring(test, "javac");

test.before(setUpWith(["javac"], async () => {
  java = await startJavaTool();
}));

test.after(async () => {
  await java?.close();
});

javaTest("MetricsHub finds every imported key, and nothing stops its search", async () => {
  using folder = temporaryFolder();
  const keystore = folder.keystore("jdk17-metricshub.p12");
  const before = await java.dump(keystore, BUILT_IN_PASSWORD);
  const odd = folder.file("odd.p12");
  writeFileSync(
    odd,
    await madeKeystore([
      { name: "api_key:theirs", payload: SEALED, password: "not secret" },
      { name: "api_key:undated", payload: `${SEALED}__tomorrow` },
      { name: "API_KEY:Fraction", payload: `${FRACTION}__2051-01-01t00:00:00.5`, createdAt: 1234 },
      { name: "disabled_api_key:off", payload: DISABLED },
    ]),
  );
  const password = folder.file("password");
  writeFileSync(password, "correct horse battery");
  const csv = folder.file("keys.csv");
  writeFileSync(csv, `alias,key,expires_on\ntabled,${TABLED},2021-01-01T00:00\n`);
  const own = [fixturePath("jdk17-own-password.p12"), "--source-password-file", password];
  for (const args of [[fixturePath("jdk8-legacy.p12")], own, [odd], [csv]]) {
    const { status } = await apikey(["import", ...args, "--keystore", keystore]);
    assert.is(status, args[0] === odd ? 1 : 0);
  }
  const scans = [[LEGACY, "valid"], [SEALED, "valid"], [FRACTION, "valid"], [TABLED, "expired"]];
  for (const [key = "", outcome] of [...scans, [OPENAI, "valid"], [DISABLED, "unknown"]]) {
    assert.is((await java.scan(keystore, BUILT_IN_PASSWORD, key)).outcome, outcome, key);
  }
  const entries = withoutAuditEntry(await java.dump(keystore, BUILT_IN_PASSWORD));
  assert.equal(entries.slice(0, before.length), before, "what was there is as it was");
  const added = entries.slice(before.length);
  assert.equal(added.map(({ name, openedWith }) => [name, openedWith]), [
    ["api_key:old-agent", "entry"],
    ["api_key:sealed", "entry"],
    ["api_key:fraction", "entry"],
    ["disabled_api_key:off", "entry"],
    ["api_key:tabled", "entry"],
  ]);
  assert.is(added[2]?.createdAtMs, 1234);
  assert.is(added[2] && payloadOf(added[2]), `${FRACTION}__2051-01-01t00:00:00.5`);
});

test.run();
