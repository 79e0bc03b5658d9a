import { test } from "uvu";
import * as assert from "uvu/assert";
import { findViolations, readSources } from "../scripts/layers.ts";
import { ROOT } from "../scripts/runtimes.ts";

interface Row {
  readonly path: string;
  readonly text: string;
  /** What the violation's text contains; none: the source is in order. */
  readonly violation?: string;
}

const ROWS: readonly Row[] = [
  { path: "src/cli/list.ts", text: 'import { list } from "../client/keys.ts";' },
  { path: "src/cli/list.ts", text: 'import type { Key } from "../protocol/keys.ts";' },
  { path: "src/service/keys.ts", text: 'import { AppError } from "../errors.ts";' },
  { path: "src/x509/a.ts", text: 'import { Alias } from "../model/alias.ts";' },
  { path: "src/api/a.ts", text: 'import type { Platform } from "../platform/platform.ts";' },
  { path: "src/api/a.ts", text: 'type P = import("../platform/platform.ts").Platform;' },
  { path: "src/main.ts", text: 'import { platform } from "./platform/node.ts";\nprocess.exit(0);' },
  { path: "src/client.ts", text: 'import { pickPlatform } from "./platform/pick_platform.ts";' },
  { path: "src/pkcs12/a.ts", text: 'const pkijs = await import("pkijs");' },
  { path: "src/platform/a.ts", text: 'import process from "node:process";\nDeno.exit();' },
  { path: "src/api/a.ts", text: "// Deno.exit() and\n/* process.exit() */" },
  { path: "src/api/a.ts", text: "const text = 'Deno.exit()' + `process.exit() ${`process.a`}`;" },
  { path: "src/api/a.ts", text: "const text = /[/'\"]process.exit/; this.process.run();" },
  { path: "src/api/a.ts", text: '// import { x } from "../cli/list.ts";' },

  {
    path: "src/cli/list.ts",
    text: 'import { open } from "../keystore/open.ts";',
    violation: "cli may not import keystore",
  },
  {
    path: "src/cli/list.ts",
    text: 'import type { Open } from "../keystore/open.ts";',
    violation: "cli may not import keystore",
  },
  {
    path: "src/api/app.ts",
    text: 'import { connect } from "../client.ts";',
    violation: "nothing may import client.ts",
  },
  {
    path: "src/client/keys.ts",
    text: 'const app = await import("../api/app.ts");',
    violation: "client may not import api",
  },
  {
    path: "src/api/app.ts",
    text: 'import {\n  a,\n  b,\n} from "../keystore/open.ts";',
    violation: "api may not import keystore",
  },
  {
    path: "src/service/keys.ts",
    text: 'export { x } from "../api/app.ts";',
    violation: "service may not import api",
  },
  {
    path: "src/model/alias.ts",
    text: 'import "../protocol/keys.ts";',
    violation: "model may not import protocol",
  },
  {
    path: "src/errors.ts",
    text: 'import { x } from "./protocol/keys.ts";',
    violation: "shared may not import protocol",
  },
  {
    path: "src/daemon/listen.ts",
    text: 'import { type A, b } from "../platform/node.ts";',
    violation: "only composition roots may import values of platform",
  },
  {
    path: "src/api/app.ts",
    text: 'import { run } from "../main.ts";',
    violation: "nothing may import main.ts",
  },
  {
    path: "src/keystore/open.ts",
    text: 'import * as pkijs from "pkijs";',
    violation: "only pkcs12/ may import pkijs",
  },
  {
    path: "src/main.ts",
    text: 'import type { X509 } from "@peculiar/x509";',
    violation: "only x509/ may import @peculiar/x509",
  },
  { path: "src/helpers/a.ts", text: 'import "../cli/a.ts";', violation: "unknown layer helpers" },
  {
    path: "src/api/a.ts",
    text: 'import process from "node:process";',
    violation: "may import node:process",
  },
  { path: "src/api/a.ts", text: "const id = process.pid;", violation: "may use process." },
  { path: "src/api/a.ts", text: "const id = `'${process.pid}'`;", violation: "may use process." },
  {
    path: "src/api/a.ts",
    text: "const os = globalThis.Deno?.build;",
    violation: "may use globalThis.Deno?.",
  },
];

test("the sources keep to the layers", () => {
  assert.equal(findViolations(readSources(ROOT)), []);
});

for (const { path, text, violation } of ROWS) {
  test(`${violation ?? "in order"}: ${path}: ${text}`, () => {
    const violations = findViolations([{ path, text }]);
    assert.is(violations.length, violation === undefined ? 0 : 1, violations.join("\n"));
    if (violation !== undefined) assert.match(violations[0] ?? "", violation);
  });
}

test("notices a cycle between files of one layer", () => {
  const files = [
    { path: "src/model/a.ts", text: 'import { b } from "./b.ts";' },
    { path: "src/model/b.ts", text: 'import { c } from "./c.ts";' },
    { path: "src/model/c.ts", text: 'import type { B } from "./b.ts";' },
  ];
  assert.equal(findViolations(files), [
    "cycle: src/model/b.ts -> src/model/c.ts -> src/model/b.ts",
  ]);
});

test.run();
