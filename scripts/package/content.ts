import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { COMPLETION_SCRIPTS } from "../../src/cli/completion_scripts.ts";
import {
  SERVICE_NAME,
  serviceUnit,
  socketUnit,
  sysusersFile,
  tmpfilesFile,
  type UnitSettings,
} from "../../src/install/systemd_units.ts";
import { manualPages } from "../manual_pages.ts";
import { ROOT } from "../runtimes.ts";
import type { Release } from "./release.ts";
import { billOfMaterials } from "./sbom.ts";

/** A file as a package installs it. */
export interface PackagedFile {
  /** Absolute. */
  readonly path: string;
  readonly mode: 0o644 | 0o755;
  /** What is in it, or which file it is a copy of. */
  readonly content: string | Uint8Array | { readonly copyOf: string };
  /** Whether an administrator may change it, and an upgrade has to leave that alone. */
  readonly isConfiguration?: true;
}

export const EXECUTABLE = "/usr/bin/apikey";

const NAME = "metricshub-apikey";

export const DOCUMENTATION = `/usr/share/doc/${NAME}`;

/** What `apikey service install` would come to on a host without a configuration file. */
const UNITS: UnitSettings = {
  executable: EXECUTABLE,
  configFile: undefined,
  socket: { path: "/run/metricshub/apikey.sock", mode: 0o660, group: SERVICE_NAME },
  user: "own",
  writableFolders: [],
  readablePaths: [],
};

/** All that a package of a Linux distribution brings, whatever its format. */
export async function linuxContent(
  executable: string,
  release: Release,
): Promise<PackagedFile[]> {
  const { version, epochSeconds } = release;
  const text = (path: string, content: string) => ({ path, mode: 0o644, content }) as const;
  return [
    { path: EXECUTABLE, mode: 0o755, content: { copyOf: executable } },
    { ...text("/etc/metricshub/apikey.yaml", exampleConfiguration()), isConfiguration: true },
    text(`/usr/lib/systemd/system/${SERVICE_NAME}.socket`, socketUnit(UNITS)),
    text(`/usr/lib/systemd/system/${SERVICE_NAME}.service`, serviceUnit(UNITS)),
    text(`/usr/lib/sysusers.d/${SERVICE_NAME}.conf`, sysusersFile(UNITS)),
    text(`/usr/lib/tmpfiles.d/${SERVICE_NAME}.conf`, tmpfilesFile(UNITS)),
    text("/usr/share/bash-completion/completions/apikey", COMPLETION_SCRIPTS.bash),
    text("/usr/share/zsh/vendor-completions/_apikey", COMPLETION_SCRIPTS.zsh),
    text("/usr/share/fish/vendor_completions.d/apikey.fish", COMPLETION_SCRIPTS.fish),
    ...manualPages(version, epochSeconds).map(({ name, text }) => ({
      path: `/usr/share/man/man${name.at(-1)}/${name}.gz`,
      mode: 0o644 as const,
      content: compress(text),
    })),
    text(`${DOCUMENTATION}/sbom.cdx.json`, await billOfMaterials(release)),
    { path: `${DOCUMENTATION}/changelog.gz`, mode: 0o644, content: compress(changelog()) },
  ];
}

export function changelog(): string {
  return readFileSync(join(ROOT, "CHANGELOG.md"), "utf8");
}

/** Every setting, commented out. */
export function exampleConfiguration(): string {
  return readFileSync(join(ROOT, "src", "cli", "apikey.example.yaml"), "utf8");
}

/** As `gzip -9n` does: without a name or a time. */
export function compress(text: string): Uint8Array {
  const compressed = gzipSync(text, { level: 9 });
  // Unix, whatever the system that this runs on.
  compressed[9] = 3;
  return compressed;
}

export function sizeOf({ content }: PackagedFile): number {
  if (typeof content === "string") return Buffer.byteLength(content);
  return content instanceof Uint8Array ? content.length : statSync(content.copyOf).size;
}

export function octetsOf({ content }: PackagedFile): Uint8Array {
  if (typeof content === "string") return Buffer.from(content, "utf8");
  return content instanceof Uint8Array ? content : readFileSync(content.copyOf);
}
