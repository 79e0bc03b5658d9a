const UNIT = "metricshub-apikey";

/** That command and daemon are of different versions, and what to do about it. */
export interface VersionSkew {
  readonly text: string;
  readonly remedy: string;
}

/**
 * One minor version apart they work together; but a daemon goes on as it was when the executable is
 * replaced, until somebody starts it anew.
 *
 * @returns undefined where both are the same
 */
export function findVersionSkew(command: string, daemon: string): VersionSkew | undefined {
  if (command === daemon) return undefined;
  const text = `The daemon is version ${daemon}, this command ${command}`;
  if (isOlder(daemon, command)) return { text, remedy: `systemctl restart ${UNIT}` };
  return { text, remedy: "use the executable that the daemon runs, or replace this one by it" };
}

/** Semantic Versioning, as far as numbers go; what has none is older. */
function isOlder(version: string, other: string): boolean {
  const [own, others] = [version, other].map((text) => text.split(/[.+-]/).slice(0, 3).map(Number));
  for (const [index, number] of (others ?? []).entries()) {
    const difference = number - (own?.[index] ?? 0);
    if (Number.isNaN(difference)) return true;
    if (difference !== 0) return difference > 0;
  }
  // 1.0.0-rc.1 comes before 1.0.0.
  return version.includes("-") && !other.includes("-");
}
