import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { execute } from "../execute.ts";
import { ROOT } from "../runtimes.ts";
import { DOCUMENTATION, linuxContent, type PackagedFile } from "./content.ts";
import { notices } from "./copyright.ts";
import type { Release } from "./release.ts";
import { stage } from "./staging.ts";

export interface RpmOptions {
  readonly release: Release;
  /** What RPM calls the processor. */
  readonly architecture: "x86_64" | "aarch64";
  readonly executable: string;
  /** Where the package goes. */
  readonly folder: string;
  readonly isQuick: boolean;
}

const NAME = "metricshub-apikey";

const SCRIPTLETS = ["post", "preun", "postun"] as const;

/**
 * Makes an RPM package.
 *
 * @returns its path
 */
export async function makeRpm(options: RpmOptions): Promise<string> {
  const { release: { epochSeconds }, architecture, folder } = options;
  const top = mkdtempSync(join(tmpdir(), "apikey-rpm-"));
  try {
    const files = await rpmContent(options);
    stage(join(top, "files"), files, epochSeconds);
    const spec = join(top, `${NAME}.spec`);
    writeFileSync(spec, specification(options, files));
    const argv = ["rpmbuild", "-bb", "--quiet", `--target=${architecture}-linux`, spec];
    const defined = Object.entries(macros(top, options)).flatMap(([name, value]) => {
      return ["--define", `${name} ${value}`];
    });
    const env = { ...process.env, SOURCE_DATE_EPOCH: String(epochSeconds), HOME: top };
    const { status, output } = await execute([...argv, ...defined], { cwd: top, env });
    if (status !== 0) throw new Error(`rpmbuild failed:\n${output}`);
    const [name = ""] = readdirSync(join(top, "rpms"));
    const path = join(folder, name);
    await move(join(top, "rpms", name), path);
    return path;
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
}

/** RPM keeps licences apart from other documents. */
async function rpmContent({ release, executable }: RpmOptions): Promise<PackagedFile[]> {
  const licenses = `/usr/share/licenses/${NAME}`;
  const text = (path: string, content: string) => ({ path, mode: 0o644, content }) as const;
  const content = await linuxContent(executable, release);
  return [
    // Where zsh looks for what packages bring, on systems with RPM.
    ...content.map((file) => ({
      ...file,
      path: file.path.replace("/zsh/vendor-completions/", "/zsh/site-functions/"),
    })),
    text(`${licenses}/LICENSE`, readFileSync(join(ROOT, "LICENSE"), "utf8")),
    text(`${licenses}/NOTICES`, await notices(release)),
  ];
}

function macros(top: string, { isQuick }: RpmOptions): Readonly<Record<string, string>> {
  return {
    _topdir: top,
    _rpmdir: join(top, "rpms"),
    _build_name_fmt: "%%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm",
    // Nothing of the machine that it is made on, nor of the moment.
    _buildhost: "reproducible",
    use_source_date_epoch_as_buildtime: "1",
    clamp_mtime_to_source_date_epoch: "1",
    // The executable stays as it is: neither stripped nor taken apart.
    __os_install_post: "%{nil}",
    debug_package: "%{nil}",
    _build_id_links: "none",
    _binary_payload: isQuick ? "w1.gzdio" : "w6.xzdio",
  };
}

function specification(options: RpmOptions, files: readonly PackagedFile[]): string {
  const { release: { version, epochSeconds } } = options;
  const script = (name: string) =>
    readFileSync(join(import.meta.dirname, "rpm", name), "utf8").replace(/^#!.*\n/, "");
  const lines = files.map((file) => {
    const { path, mode, isConfiguration } = file;
    const kind = isConfiguration ? "%config(noreplace) " : kindOf(path);
    return `${kind}%attr(${mode.toString(8)}, root, root) ${path}`;
  });
  // To RPM, too, what follows a tilde is before all that has none.
  return `Name: ${NAME}
Version: ${version.replace("-", "~")}
Release: 1
Summary: Manage the API keys of a MetricsHub web server
License: Apache-2.0
Requires(post): /usr/bin/systemd-sysusers

%description
Creates, lists, revokes and checks the API keys with which MCP clients, agents
and REST automation authenticate to a MetricsHub web server on this host. Keys
live in the encrypted PKCS#12 keystore that MetricsHub's own programs read and
write.

The package brings the command apikey, and the daemon that serves the keystore
to this host's administrators as a hardened service of systemd.

%install
cp -a %{_topdir}/files/. %{buildroot}/

${SCRIPTLETS.map((name) => `%${name}\n${script(name)}`).join("\n")}
%files
%dir %attr(755, root, root) /etc/metricshub
%dir %attr(755, root, root) ${DOCUMENTATION}
%dir %attr(755, root, root) /usr/share/licenses/${NAME}
${lines.join("\n")}

%changelog
* ${changelogDate(epochSeconds)} The apikey authors - ${version.replace("-", "~")}-1
- Release ${version}; changelog.gz says what is new.
`;
}

function kindOf(path: string): string {
  if (path.startsWith("/usr/share/licenses/")) return "%license ";
  return /^\/usr\/share\/(doc|man)\//.test(path) ? "%doc " : "";
}

/** `Thu Nov 26 2026` */
function changelogDate(epochSeconds: number): string {
  const [weekday = "", day, month, year] = new Date(epochSeconds * 1_000).toUTCString().split(" ");
  return [weekday.replace(",", ""), month, day, year].join(" ");
}

/** Between file systems, too. */
async function move(from: string, to: string): Promise<void> {
  const { status, output } = await execute(["mv", from, to], { cwd: ROOT });
  if (status !== 0) throw new Error(output);
}
