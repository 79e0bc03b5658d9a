import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { execute } from "../execute.ts";
import {
  compress,
  DOCUMENTATION,
  linuxContent,
  octetsOf,
  type PackagedFile,
  sizeOf,
} from "./content.ts";
import { copyright, notices } from "./copyright.ts";
import type { Release } from "./release.ts";
import { stage } from "./staging.ts";

export interface DebOptions {
  readonly release: Release;
  /** What dpkg calls the processor. */
  readonly architecture: "amd64" | "arm64";
  readonly executable: string;
  /** Where the package goes. */
  readonly folder: string;
  /** Whether it may be larger for being made in a tenth of the time. */
  readonly isQuick: boolean;
}

const NAME = "metricshub-apikey";

/** Who Debian's tools are told maintains the package, as they ask for that by these variables. */
const MAINTAINER = `${process.env["DEBFULLNAME"] ?? "The apikey authors"} <${
  process.env["DEBEMAIL"] ?? "apikey@packages.invalid"
}>`;

/** By dpkg-shlibdeps, which a test asks. All that the scripts call is in every Debian. */
export const DEPENDS = [
  "libatomic1 (>= 4.8)",
  "libc6 (>= 2.34)",
  "libgcc-s1 (>= 4.2)",
  "libstdc++6 (>= 10.2)",
] as const;

const DESCRIPTION = `manage the API keys of a MetricsHub web server
 Creates, lists, revokes and checks the API keys with which MCP clients,
 agents and REST automation authenticate to a MetricsHub web server on this
 host. Keys live in the encrypted PKCS#12 keystore that MetricsHub's own
 programs read and write.
 .
 The package brings the command apikey, and the daemon that serves the
 keystore to this host's administrators as a hardened service of systemd.`;

const SCRIPTS = ["postinst", "prerm", "postrm"] as const;

/**
 * Makes a Debian package.
 *
 * @returns its path
 */
export async function makeDeb(options: DebOptions): Promise<string> {
  const { release: { epochSeconds }, architecture, folder, isQuick } = options;
  const version = debianVersion(options.release);
  const root = mkdtempSync(join(tmpdir(), "apikey-deb-"));
  try {
    const files = await debianContent(options);
    stage(root, [...files, ...controlFiles(options, files)], epochSeconds);
    const path = join(folder, `${NAME}_${version}_${architecture}.deb`);
    // With another number of threads, which is that of processors, xz compresses to other octets.
    const compression = isQuick ? ["-Zgzip", "-z1"] : ["-Zxz", "-z6", "--threads-max=1"];
    const argv = ["dpkg-deb", "--root-owner-group", ...compression, "--build", root, path];
    const env = { ...process.env, SOURCE_DATE_EPOCH: String(epochSeconds) };
    const { status, output } = await execute(argv, { cwd: folder, env });
    if (status !== 0) throw new Error(`${argv.join(" ")} failed:\n${output}`);
    return path;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function debianVersion({ version }: Release): string {
  // To dpkg what follows a tilde is before all that has none: 1.0.0~rc.1, then 1.0.0.
  return `${version.replace("-", "~")}-1`;
}

/** What is in the package besides control files. */
async function debianContent(options: DebOptions): Promise<PackagedFile[]> {
  const { release, executable } = options;
  const overrides = readFileSync(join(import.meta.dirname, "debian", "lintian-overrides"), "utf8");
  const text = (path: string, content: string | Uint8Array) =>
    ({ path, mode: 0o644, content }) as const;
  return [
    ...await linuxContent(executable, release),
    text(`${DOCUMENTATION}/copyright`, await copyright(release)),
    text(`${DOCUMENTATION}/notices.gz`, compress(await notices(release))),
    text(`${DOCUMENTATION}/changelog.Debian.gz`, compress(debianChangelog(release))),
    text(`/usr/share/lintian/overrides/${NAME}`, overrides),
  ];
}

function debianChangelog(release: Release): string {
  const date = new Date(release.epochSeconds * 1_000).toUTCString().replace("GMT", "+0000");
  return `${NAME} (${debianVersion(release)}) unstable; urgency=medium

  * Release ${release.version}; changelog.gz says what is new.

 -- ${MAINTAINER}  ${date}
`;
}

function controlFiles(options: DebOptions, files: readonly PackagedFile[]): PackagedFile[] {
  const text = (name: string, content: string, mode: 0o644 | 0o755 = 0o644) => {
    return { path: `/DEBIAN/${name}`, mode, content } as const;
  };
  const configuration = files.filter(({ isConfiguration }) => isConfiguration);
  return [
    text("control", control(options, files)),
    text("conffiles", configuration.map(({ path }) => `${path}\n`).join("")),
    text("md5sums", checksums(files.filter((file) => !configuration.includes(file)))),
    ...SCRIPTS.map((name) =>
      text(name, readFileSync(join(import.meta.dirname, "debian", name), "utf8"), 0o755)
    ),
  ];
}

function control({ release, architecture }: DebOptions, files: readonly PackagedFile[]): string {
  const kilobytes = files.reduce((sum, file) => sum + Math.ceil(sizeOf(file) / 1_024), 0);
  return `Package: ${NAME}
Version: ${debianVersion(release)}
Architecture: ${architecture}
Maintainer: ${MAINTAINER}
Installed-Size: ${kilobytes}
Depends: ${DEPENDS.join(", ")}
Section: admin
Priority: optional
Description: ${DESCRIPTION}
`;
}

function checksums(files: readonly PackagedFile[]): string {
  const lines = files.map((file) => {
    const digest = createHash("md5").update(octetsOf(file)).digest("hex");
    return `${digest}  ${file.path.slice(1)}\n`;
  });
  return lines.join("");
}
