import { readFileSync, writeFileSync } from "node:fs";
import type { TemporaryFolder } from "../../support/temporary_folder.ts";

/** The group that the documentation creates. */
export const GROUP = { name: "metricshub-apikey", gid: 64_321 } as const;

/**
 * What `groupadd metricshub-apikey` and `usermod --append --groups metricshub-apikey USER` would do,
 * seen by nobody but the commands that it wraps.
 */
export function withVerifierGroup(folder: TemporaryFolder, members: readonly string[]) {
  const file = folder.file("group");
  const others = readFileSync("/etc/group", "utf8").split("\n")
    .filter((line) => line !== "" && !line.startsWith(`${GROUP.name}:`));
  const lines = [...others, `${GROUP.name}:x:${GROUP.gid}:${members.join(",")}`];
  writeFileSync(file, `${lines.join("\n")}\n`, { mode: 0o644 });
  const script = 'mount --bind "$0" /etc/group && exec "$@"';
  return (argv: readonly string[]) => ["unshare", "--mount", "sh", "-c", script, file, ...argv];
}
