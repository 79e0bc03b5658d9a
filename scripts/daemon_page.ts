import type { CommandSpec } from "../src/cli/command.ts";
import {
  environment,
  exitStatuses,
  FILES,
  flag,
  type PageFacts,
  paragraph,
} from "./manual_page.ts";
import { bold, italic, prose, section, tagged, verbatim } from "./roff.ts";

const DESCRIPTION: readonly string[] = [
  "`apikey daemon` is the one process that writes a keystore, and serves an HTTP API on a Unix domain " +
  "socket to those who, by the kernel's word, may administer its keys, or may check them. It stays in " +
  "the foreground, says what it does on standard error, and serves until a signal ends it. The other " +
  "commands of apikey(1) ask it where it runs.",
  "Settings come from flags, then from variables, then from the configuration file, then from the " +
  "defaults; `apikey config show` has them all with where each is from.",
];

const ACCESS: readonly (readonly [who: string, what: string])[] = [
  ["root, the daemon's own user, members of the admin group", "everything."],
  ["members of the verifier group", "check keys, follow what becomes of them, and nothing else."],
  [
    "everybody else who can open the socket",
    "ask whether the daemon is well; all else is refused.",
  ],
];

const ACCESS_NOTE: readonly string[] = [
  "Who connects is what the kernel says at that moment: user, group and supplementary groups. The " +
  "socket's mode and group only decide who can knock, and follow from the two groups unless they are " +
  "given. Each user has a share of connections and requests of its own.",
  "Every change, and everybody who is turned away, is on record before it is answered, in the audit log.",
];

const SYSTEMD: readonly string[] = [
  "The package has, and `apikey service install` writes, the units `metricshub-apikey.socket` and " +
  "`metricshub-apikey.service`. systemd holds the socket, so that requests wait while the service is " +
  "started anew, and none is refused; sockets are taken over by sd_listen_fds(3). The service is of the " +
  "type notify, with a status line and signs of life for the watchdog, each of which is a request that " +
  "looks at the keystore.",
  "The service runs as the user `metricshub-apikey`, whose group may check keys, in an empty root with " +
  "nothing but its keystore, its socket and the system's own files. Where the keystore is that of an " +
  "installed MetricsHub, `apikey service install` has it run as the owner of that file.",
  "The keystore's password may be a credential, as in `systemd-creds encrypt --name=keystore-password " +
  "FILE /etc/credstore.encrypted/keystore-password`.",
];

const SIGNALS: readonly (readonly [name: string, meaning: string])[] = [
  ["SIGTERM, SIGINT", "Stops: no more connections, requests under way are answered."],
  [
    "SIGHUP",
    "Reads the settings anew, as `systemctl reload metricshub-apikey` does; mistakes change nothing. At " +
    "a terminal it stops the daemon.",
  ],
];

const LOG: readonly string[] = [
  "On a terminal a line is for people; in systemd's journal each has its priority; " +
  "anywhere else it is a JSON object. `--log-level` says how much there is. A refused request has an id " +
  "in its answer that is in the log, too. Keys are in neither.",
];

const SEE_ALSO = "apikey(1), systemctl(1), journalctl(1), systemd-creds(1), systemd.exec(5)";

/** The manual page apikey-daemon(8), made of the table that `--help` is made of. */
export function daemonPage(commands: readonly CommandSpec[], facts: PageFacts): string {
  const { version, date, readme } = facts;
  const daemon = commands.find(({ name }) => name === "daemon");
  if (daemon === undefined) throw new Error("there is no command daemon");
  const lines = [
    `.TH APIKEY\\-DAEMON 8 ${date} "apikey ${version}" "System Administration"`,
    ".nh",
    ".ad l",
    ...section("NAME", "apikey\\-daemon \\- serve the API keys of a MetricsHub web server"),
    ...section("SYNOPSIS", `${bold("apikey daemon")} [${italic("option")} ...]`),
    ...section("DESCRIPTION", ...DESCRIPTION.flatMap(paragraph)),
    ...section(
      "OPTIONS",
      ...daemon.options.flatMap((option) => tagged(flag(option), prose(option.description))),
    ),
    ...section(
      "ACCESS",
      ...ACCESS.flatMap(([who, what]) => tagged(bold(who), prose(what))),
      ...ACCESS_NOTE.flatMap((text) => [".PP", prose(text)]),
    ),
    ...section("SYSTEMD", ...SYSTEMD.flatMap(paragraph)),
    ...section("SIGNALS", ...SIGNALS.flatMap(([name, text]) => tagged(bold(name), prose(text)))),
    ...section("LOG", ...LOG.flatMap(paragraph)),
    ...section("EXIT STATUS", ...statuses(readme)),
    ...section("ENVIRONMENT", prose("Flags outweigh these."), ...environment([daemon])),
    ...section("FILES", ...FILES.flatMap(([path, text]) => tagged(italic(path), prose(text)))),
    ...section("EXAMPLES", ...verbatim(daemon.examples.map((example) => `$ ${example}`))),
    ...section("SEE ALSO", prose(SEE_ALSO)),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** Those that are a daemon's: it verifies nothing, and nobody interrupts it. */
function statuses(readme: string): string[] {
  const own = exitStatuses(readme).filter(([status]) => !["1", "3", "130"].includes(status));
  return own.flatMap(([status, meaning]) => tagged(bold(status), prose(meaning)));
}
