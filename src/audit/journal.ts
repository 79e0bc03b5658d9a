import type { AuditSink } from "./sink.ts";

/** systemd-journald.service(8) */
const JOURNAL_SOCKET = "/run/systemd/journal/socket";

/** LOG_NOTICE */
const PRIORITY = 5;
/** LOG_AUTHPRIV: what is about who may do what. */
const FACILITY = 10;

/** By which `journalctl --identifier` finds the records. */
export const JOURNAL_IDENTIFIER = "apikey-audit";

/** @param send throws AppError ERR_AUDIT for an entry that the journal does not take */
export function auditJournal(
  send: (socketPath: string, entry: string) => Promise<void>,
): AuditSink {
  return {
    name: "journal",
    async append(lines, _isDurable, written) {
      for (const [index, line] of lines.entries()) {
        await send(JOURNAL_SOCKET, entryOf(line));
        written(index + 1);
      }
    },
    lastLine: () => undefined,
  };
}

/** A record is one line, so it needs none of the protocol's lengths. */
function entryOf(line: string): string {
  return [
    `MESSAGE=${line}`,
    `PRIORITY=${PRIORITY}`,
    `SYSLOG_FACILITY=${FACILITY}`,
    `SYSLOG_IDENTIFIER=${JOURNAL_IDENTIFIER}`,
    "",
  ].join("\n");
}
