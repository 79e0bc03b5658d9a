/**
 * npm run check: types, lint, format, the API's description, layers, documents, a line each; the
 * details of what failed.
 */
import { join } from "node:path";
import process from "node:process";
import { COMMANDS } from "../src/cli/commands.ts";
import { API_DESCRIPTION, findStaleDocuments } from "./documents.ts";
import { execute } from "./execute.ts";
import { findViolations, readSources } from "./layers.ts";
import { denoPath, nodePath, redoclyPath, ROOT, tscPath } from "./runtimes.ts";

/** Without colours, and without a word to those who made the linter. */
const QUIETLY = {
  NO_COLOR: "1",
  REDOCLY_TELEMETRY: "off",
  REDOCLY_SUPPRESS_UPDATE_NOTICE: "true",
};

/** What is wrong, for people to read; undefined when nothing is. */
type Check = () => Promise<string | undefined>;

const CHECKS: Readonly<Record<string, Check>> = {
  types: program([nodePath(), tscPath(), "--project", ROOT]),
  lint: program([denoPath(), "lint"]),
  format: program([denoPath(), "fmt", "--check"]),
  api: program([
    ...[nodePath(), redoclyPath(), "lint", join(ROOT, API_DESCRIPTION)],
    // All that it would warn of is an error.
    "--extends=recommended-strict",
  ]),
  layers: () => lines(findViolations(readSources(ROOT))),
  documents: () => lines(findStaleDocuments(ROOT, COMMANDS)),
};

const results = Object.entries(CHECKS).map(([name, check]) => ({ name, problem: check() }));
for (const { name, problem } of results) {
  const details = await problem;
  console.log(`${name.padEnd(9)} ${details === undefined ? "ok" : "failed"}`);
  if (details === undefined) continue;
  console.log(`${details}\n`);
  process.exitCode = 1;
}

function lines(problems: readonly string[]): Promise<string | undefined> {
  return Promise.resolve(problems.length === 0 ? undefined : problems.join("\n"));
}

function program(argv: readonly string[]): Check {
  return async () => {
    const env = { ...process.env, ...QUIETLY };
    const { status, output } = await execute(argv, { cwd: ROOT, env });
    return status === 0 ? undefined : output.trimEnd();
  };
}
