import { readFileSync } from "node:fs";
import { join } from "node:path";
import { COMMANDS } from "../src/cli/commands.ts";
import { daemonPage } from "./daemon_page.ts";
import { manualPage } from "./manual_page.ts";
import { ROOT } from "./runtimes.ts";

export interface ManualPage {
  /** `apikey.1` */
  readonly name: string;
  /** man(7) */
  readonly text: string;
}

/** Every manual page there is, as of a day in seconds since 1970. */
export function manualPages(version: string, epochSeconds: number): ManualPage[] {
  const date = new Date(epochSeconds * 1_000).toISOString().slice(0, "2031-12-31".length);
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const cliReadme = readFileSync(join(ROOT, "src", "cli", "README.md"), "utf8");
  const facts = { version, date, readme, cliReadme };
  return [
    { name: "apikey.1", text: manualPage(COMMANDS, facts) },
    { name: "apikey-daemon.8", text: daemonPage(COMMANDS, facts) },
  ];
}
