/** deno task compile: dist/apikey-deno, one executable with Deno's runtime in it. */
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import packageJson from "../package.json" with { type: "json" };
import { bundle } from "./bundle.ts";
import { execute } from "./execute.ts";
import { denoPath, ROOT } from "./runtimes.ts";

const DIST = join(ROOT, "dist");
const OUT = join(DIST, process.platform === "win32" ? "apikey-deno.exe" : "apikey-deno");

mkdirSync(DIST, { recursive: true });
// Far from package.json: what Deno compiles beside one brings the whole of node_modules along.
// For the same reason it compiles the bundle and not src/main.ts.
const folder = mkdtempSync(join(tmpdir(), "apikey-compile-"));
try {
  const main = join(folder, "main.cjs");
  await bundle(main, packageJson.version);
  const argv = [denoPath(), "compile", "--allow-all", "--no-check", "--output", OUT, main];
  const { status, output } = await execute(argv, { cwd: folder });
  if (status === 0) {
    console.log(`dist/apikey-deno  ${(statSync(OUT).size / 1e6).toFixed(1)} MB`);
  } else {
    console.error(explain(output));
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function explain(output: string): string {
  if (!/denort|download/i.test(output)) return `cannot compile:\n${output}`;
  return "cannot compile: Deno found no runtime to put in: set DENORT_BIN to a denort executable";
}
