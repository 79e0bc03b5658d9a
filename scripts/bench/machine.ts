import { spawnSync } from "node:child_process";
import { cpus, loadavg, release, totalmem, type } from "node:os";

/** The lines that say what a result was measured on. */
export function describeMachine(): readonly string[] {
  const processors = cpus();
  const gigabytes = (totalmem() / 2 ** 30).toFixed(0);
  const java = spawnSync("java", ["-version"], { encoding: "utf8" });
  return [
    `machine: ${processors.length} x ${processors[0]?.model ?? "?"}, ` +
    `${gigabytes} GB, ${type()} ${release()}`,
    `java: ${java.stderr?.split("\n")[0] ?? "none"}, default flags`,
  ];
}

/** What else the machine was doing: a run under load says little about ratios. */
export function describeLoad(): string {
  const [minute = 0] = loadavg();
  return minute.toFixed(1);
}
