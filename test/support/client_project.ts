import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nodePath, ROOT } from "../../scripts/runtimes.ts";
import { execute, type Outcome } from "./execute.ts";

/**
 * A project that has the client package, as it is packed, and these packages of the repository's
 * besides what the package depends on itself.
 */
export async function installClient(folder: string, packages: readonly string[]): Promise<void> {
  const built = join(folder, "built");
  await succeed([nodePath(), join(ROOT, "scripts", "build_client.ts"), "--out", built]);
  await succeed(["npm", "pack", "--silent", "--pack-destination", folder, built]);
  const archive = readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? "";
  const modules = join(folder, "node_modules");
  const target = join(modules, "metricshub-apikey");
  mkdirSync(target, { recursive: true });
  // What `npm install FILE` does, which would ask a registry for the rest.
  const unpack = ["--strip-components=1", "-C", target];
  await succeed(["tar", "-xzf", join(folder, archive), ...unpack]);
  const { dependencies } = JSON.parse(readFileSync(join(target, "package.json"), "utf8"));
  for (const name of [...Object.keys(dependencies), ...packages]) {
    const link = join(modules, name);
    mkdirSync(join(link, ".."), { recursive: true });
    symlinkSync(join(ROOT, "node_modules", name), link);
  }
  writeFileSync(join(folder, "package.json"), '{ "type": "module", "private": true }');
}

async function succeed(argv: readonly string[]): Promise<Outcome> {
  const outcome = await execute(argv);
  if (outcome.status === 0) return outcome;
  throw new Error(`${argv.join(" ")}: ${outcome.stdout}${outcome.stderr}`);
}
