import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { type Zippable, zipSync } from "fflate";
import { COMPLETION_SCRIPTS } from "../../src/cli/completion_scripts.ts";
import { execute } from "../execute.ts";
import { manualPages } from "../manual_pages.ts";
import { ROOT } from "../runtimes.ts";
import type { Target } from "../targets.ts";
import { changelog, exampleConfiguration, octetsOf, type PackagedFile } from "./content.ts";
import { notices } from "./copyright.ts";
import type { Release } from "./release.ts";
import { billOfMaterials } from "./sbom.ts";
import { stage } from "./staging.ts";

export interface ArchiveOptions {
  readonly release: Release;
  readonly target: Target;
  readonly executable: string;
  /** Where the archive goes. */
  readonly folder: string;
  readonly isQuick: boolean;
}

/**
 * Makes what can be unpacked anywhere: a tarball, for Windows a zip file.
 *
 * @returns its path
 */
export async function makeArchive(options: ArchiveOptions): Promise<string> {
  const { release, target, folder } = options;
  const name = `apikey-${release.version}-${target.name}`;
  const files = await archiveContent(options, name);
  if (target.os !== "win32") return await makeTarball(options, name, files);
  const path = join(folder, `${name}.zip`);
  writeFileSync(path, zip(files, options));
  return path;
}

async function archiveContent(
  { release, target, executable }: ArchiveOptions,
  name: string,
): Promise<PackagedFile[]> {
  const text = (path: string, content: string) =>
    ({ path: `/${name}/${path}`, mode: 0o644, content }) as const;
  const own = [
    {
      path: `/${name}/apikey${target.suffix}`,
      mode: 0o755,
      content: { copyOf: executable },
    } as const,
    text("LICENSE", readFileSync(join(ROOT, "LICENSE"), "utf8")),
    text("NOTICES", await notices(release)),
    text("CHANGELOG.md", changelog()),
    text("apikey.example.yaml", exampleConfiguration()),
    text("sbom.cdx.json", await billOfMaterials(release)),
  ];
  if (target.os === "win32") return own;
  const { version, epochSeconds } = release;
  return [
    ...own,
    ...manualPages(version, epochSeconds).map((page) =>
      text(`man/man${page.name.at(-1)}/${page.name}`, page.text)
    ),
    text("completions/apikey.bash", COMPLETION_SCRIPTS.bash),
    text("completions/_apikey", COMPLETION_SCRIPTS.zsh),
    text("completions/apikey.fish", COMPLETION_SCRIPTS.fish),
  ];
}

async function makeTarball(
  { release: { epochSeconds }, folder, isQuick }: ArchiveOptions,
  name: string,
  files: readonly PackagedFile[],
): Promise<string> {
  const path = join(folder, `${name}.tar.gz`);
  const root = mkdtempSync(join(tmpdir(), "apikey-tar-"));
  try {
    stage(root, files, epochSeconds);
    const argv = [
      ...["tar", "--create", "--file", path, "--directory", root, "--format=ustar"],
      ...["--sort=name", "--owner=0", "--group=0", "--numeric-owner"],
      `--use-compress-program=gzip --no-name -${isQuick ? 1 : 9}`,
      name,
    ];
    const { status, output } = await execute(argv, { cwd: folder });
    if (status !== 0) throw new Error(`${argv.join(" ")} failed:\n${output}`);
    return path;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function zip(
  files: readonly PackagedFile[],
  { release: { epochSeconds }, isQuick }: ArchiveOptions,
): Uint8Array {
  // Zip files have the local time, without a zone.
  process.env["TZ"] = "UTC";
  const entries: Zippable = {};
  for (const file of files) {
    const options = { mtime: epochSeconds * 1_000, level: isQuick ? 1 : 9 } as const;
    entries[file.path.slice(1)] = [octetsOf(file), options];
  }
  return zipSync(entries);
}
