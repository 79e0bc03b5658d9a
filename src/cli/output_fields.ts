/**
 * What the names of fields do not say, for the published schema: by the path in a definition
 * (`list.keys`), or by the name alone for all definitions that say nothing else.
 */
export const FIELD_DESCRIPTIONS: Readonly<Record<string, string>> = {
  "alias": "The key's name, in lower case",
  "key": "The key itself; no other command ever shows it again",
  "outputFile": "The new file that has the key",
  "createdAt": "RFC 3339, UTC; null where the keystore does not say",
  "expiresAt":
    "RFC 3339, UTC: the instant after which the key is expired; null for never, or after the year 9999",
  "expiresOn": "The same by the wall clock of the keystore's host: 2031-12-31T23:59:59",
  "path": "The keystore's file",
  "keys": "How many API keys it has",
  "otherEntries": "How many entries it has that are not API keys, as far as they can be seen",

  "key.maskedKey": "20 asterisks and the last four characters",
  "key.readable":
    "Whether the entry opens; MetricsHub stops its search for a key at one that does not",
  "key.disabled": "Whether everybody refuses it until it is enabled again",
  "key.owner": "Whose key it is",
  "key.description": "What the key is for",
  "key.scopes": "What it may be used for; anything if there is none",
  "key.networks": "From where it may be used, in CIDR notation; from anywhere if there is none",
  "key.supported": "Whether all that restricts it is understood; if not, it is refused",
  "key.replacedBy":
    "Of a key that was rotated and still counts: the alias that has another one now",
  "key.lastUsedAt":
    "When it was last valid for somebody who asked; null for never, as far as is known",
  "key.uses": "How often it was valid for somebody who asked, as far as is known",

  "list.keys": "In the keystore's order; with a filter those that it lets through",
  "rotate.previous": "The key before, where it goes on for a while",

  "verify.code": "VALID, or why it is not; with room for more codes: go by `valid`",
  "verify.alias": "Of the key, also of an expired one; null for a key that is not there",

  "scan.findings": "At most 100 for each key in each file",
  "scan.findings.path": "The file",
  "scan.findings.offset": "Where the key begins, in octets",
  "scan.total": "How many there are, those beyond 100 included",
  "scan.revoked": "The aliases of those that have been revoked",
  "scan.unread": "What could not be read, and so may hold keys, too: a line of text for each",

  "status.version": "Of whoever answers",
  "status.commandVersion": "Of the command that asked",
  "status.server.connections": "Whom the daemon has on the line, this command included",
  "status.server.connections.users": "Of how many users these are",
  "status.keystore.states": "How many keys are what; null where a daemon of before does not say",
  "status.keystore.savedAt": "When the file was last written, by whichever program; RFC 3339, UTC",
  "status.server.role": "Whether a daemon answers or the command itself, in process",
  "status.server.socket": "Where the daemon listens",
  "status.password": "Where the store password comes from; null as long as there is no keystore",
  "status.password.path": "The file that has it, where one has",
  "status.auditLog": "Where what is done is recorded: a path, journal, or null for nowhere",
  "status.warnings": "What needs attention, a line of text for each",

  "doctor.findings.code": "What kind it is; there may be more of them",
  "doctor.findings.severity": "Only hints are no reason for exit status 1",
  "doctor.findings.remedy": "What to do about it, in words or as the command",
  "doctor.findings.command": "What mends it, for a shell; null where no command does",

  "keystore-check.opened": "Whether it could be opened",
  "keystore-check.findings.code": "What kind it is; there may be more of them",
  "keystore-check.findings.command": "What mends it, for a shell; null where no command does",
  "keystore-check.findings.remedy": "What to do about it",

  "keystore-info.entries.kind": "api-key, secret, private-key, certificate or other",
  "keystore-info.entries.name": "The friendlyName",
  "keystore-info.entries.encryption": "How the entry itself is encrypted; null where it is not",
  "keystore-info.entries.password":
    "Which password opens it: entry, store, unknown; null where nothing is encrypted",
  "keystore-info.entries.algorithm": "Of the key inside",
  "keystore-info.entries.certificate.subject": "A distinguished name (RFC 4514)",
  "keystore-info.entries.certificate.issuer": "A distinguished name (RFC 4514)",
  "keystore-info.entries.certificate.fingerprint": "SHA-256, in hexadecimal with colons",
  "keystore-info.generations": "Earlier states beside the file, the newest first",
  "keystore-info.generations.path": "The file that has that state",

  "keystore-backup.path": "The new file, as it was named",
  "keystore-restore.keptAt": "Where the state that was replaced is kept; null if there was none",
  "keystore-rekey.source": "What kind of place the new password is in",
  "keystore-rekey.path": "The file that has the new password, where one has",

  "export.keys": "Without those that a rotation has replaced",
  "apply.changed": "Whether something has been changed; with --dry-run whether something would be",
  "apply.summary.unchanged": "As declared already",
  "apply.summary.expired": "Not there, and not made, as the declared expiry is past",
  "apply.summary.unnamed": "Not named in the file",
  "apply.actions.status":
    "`planned` with --dry-run; `not-begun` behind a failure; `unknown` without an answer",
  "apply.actions.changes":
    "Of all but `revoke`: what is different then; of `create` what is declared, `from` null",
  "apply.actions.reason": "Of `revoke`",
  "apply.actions.outputFile": "Of `create` and `replace`: where the key is, an absolute path",
  "apply.actions.key": "Of `create` without a file, once done: the key, this once",
  "import.changed": "Whether something has been changed; with --dry-run whether something would be",
  "import.summary.otherEntries": "What is in the source besides API keys",
  "import.partial":
    "Whether part of the source cannot be decrypted, so that there may be more keys",
  "import.keys": "In the order of the source",
  "import.keys.sameAs": "Where it is skipped as another alias has this very key: that alias",

  "audit-verify.intact": "Whether every record is as it was written, and signed for",
  "audit-verify.fault": "What is wrong with the first record that is not; null for nothing",
  "audit-verify.sequence": "Of that record",
  "audit-verify.path": "The log that it is in, or would have to be",
  "audit-verify.line": "In that log, from 1 on",
  "audit-verify.records": "How many are as they were written",
  "audit-verify.first": "The first record's sequence number",
  "audit-verify.last": "The last one's of those that are as they were written",
  "audit-verify.endChecked": "Whether it was known where the log has to end",
  "audit-find.records": "As they are in the log: see src/audit of the source",
  "audit-certificate.certificate": "PEM",

  "config-check.path": "The file that was checked, or would be",
  "config-check.exists": "Whether there is one: nobody needs one",
  "config-check.valid": "Whether there are no errors",
  "config-check.errors": "For which commands refuse to go by the file",
  "config-check.warnings": "What is hardly right on this host",
  "config-show.path": "The configuration file; null for none",
  "config-show.settings.name": "As in the file, with dots: limits.anyone.connections",
  "config-show.settings.value": "null where the daemon finds it by itself, or does without",
  "config-show.settings.source": "Who says so",
  "config-show.settings.flag": "Of a flag: which",
  "config-show.settings.variable": "Of a variable: which",
  "config-show.settings.line": "Of the file: in which line, from 1 on",

  "error.code": "Never changes its meaning; there may be more of them",
  "error.exitStatus": "What the command ends with for such an error",
  "error.detail": "For people; its wording may change",
};
