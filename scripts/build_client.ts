/**
 * npm run build:client: dist/client, the package that programs install for `metricshub-apikey/client`.
 * Node strips no types below node_modules, so it holds JavaScript, and declarations beside it.
 *
 * A folder with a package.json of its own: this one's dependencies are what the executable is built
 * from, a runtime of 100 MB among them, and none of a web server's business.
 */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { execute } from "./execute.ts";
import { nodePath, ROOT, tscPath } from "./runtimes.ts";

/** What the client imports at run time. */
const DEPENDENCIES = ["eventsource-parser", "valibot"];

try {
  await main();
} catch (error) {
  console.error(`cannot build the client: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { out: { type: "string" } } });
  const out = resolve(values.out ?? join(ROOT, "dist", "client"));
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  await compile(out);
  writeFileSync(join(out, "package.json"), `${JSON.stringify(manifest(), null, 2)}\n`);
  copyFileSync(join(ROOT, "src", "client", "README.md"), join(out, "README.md"));
  copyFileSync(join(ROOT, "LICENSE"), join(out, "LICENSE"));
  console.log(relative(process.cwd(), out));
}

/** The entry and all that it imports, file by file: what differs between runtimes stays lazy. */
async function compile(out: string): Promise<void> {
  const project = join(out, "tsconfig.json");
  const compilerOptions = {
    noEmit: false,
    declaration: true,
    allowImportingTsExtensions: false,
    rewriteRelativeImportExtensions: true,
    rootDir: join(ROOT, "src"),
    outDir: out,
    typeRoots: [join(ROOT, "node_modules", "@types")],
  };
  const files = [join(ROOT, "src", "client.ts")];
  const config = { extends: join(ROOT, "tsconfig.json"), compilerOptions, include: [], files };
  writeFileSync(project, JSON.stringify(config));
  const argv = [nodePath(), tscPath(), "--project", project];
  const { status, output } = await execute(argv, { cwd: ROOT });
  rmSync(project);
  if (status !== 0) throw new Error(output);
}

function manifest() {
  const { name, version, license, dependencies } = JSON.parse(
    readFileSync(join(ROOT, "package.json"), "utf8"),
  );
  return {
    name,
    version,
    description: "Checks the API keys of a MetricsHub web server, by the daemon of apikey",
    license,
    type: "module",
    engines: { node: ">=26.10" },
    exports: { "./client": { types: "./client.d.ts", default: "./client.js" } },
    dependencies: Object.fromEntries(DEPENDENCIES.map((each) => [each, dependencies[each]])),
    // For the type of the middleware only.
    peerDependencies: { hono: "^4.0.0" },
    peerDependenciesMeta: { hono: { optional: true } },
  };
}
