import {
  call,
  callForHandle,
  NULL,
  octetsOf,
  room,
  wide,
  type WindowsLibraries,
} from "./libraries.ts";

/** EVENTLOG_…_TYPE, by the word that a record begins with. */
const TYPES: Readonly<Record<string, number>> = { error: 1, warn: 2 };
const INFORMATION = 4;

/** What the message file has for this event is the text that goes with it, and nothing else. */
const EVENT_ID = 1;
const MESSAGE_FILE = "%SystemRoot%\\System32\\EventCreate.exe";

/** As many characters as an event takes. */
const MAX_LENGTH = 31_839;

const LOCAL_MACHINE = 0xffff_ffff_8000_0002n;
const REG_EXPAND_SZ = 2;

/**
 * Writes a record into the event log, Application. What the log does not take is lost.
 *
 * @param text begins with its level
 */
export function reportEvent(libraries: WindowsLibraries, source: string, text: string): void {
  const { advapi32, addressOf } = libraries;
  const parameters = ["usize", "buffer"] as const;
  const log = callForHandle(advapi32, "RegisterEventSourceW", parameters, NULL, wide(source));
  if (log === NULL) return;
  const [level = ""] = text.split(" ", 1);
  const words = wide(text.trimEnd().slice(0, MAX_LENGTH));
  const characters = room(words.length);
  octetsOf(characters).set(words);
  const strings = room(8);
  strings.setBigUint64(0, addressOf(octetsOf(characters)), true);
  call(
    advapi32,
    "ReportEventW",
    ["usize", "u32", "u32", "u32", "usize", "u32", "u32", "buffer", "usize"],
    log,
    TYPES[level] ?? INFORMATION,
    0,
    EVENT_ID,
    NULL,
    1,
    0,
    octetsOf(strings),
    NULL,
  );
  call(advapi32, "DeregisterEventSource", ["usize"], log);
}

/** Without that the event log would complain about each event that it does not know it. */
export function registerEventSource({ advapi32 }: WindowsLibraries, source: string): void {
  const file = wide(MESSAGE_FILE);
  call(
    advapi32,
    "RegSetKeyValueW",
    ["usize", "buffer", "buffer", "u32", "buffer", "u32"],
    LOCAL_MACHINE,
    wide(keyOf(source)),
    wide("EventMessageFile"),
    REG_EXPAND_SZ,
    file,
    file.length,
  );
}

export function forgetEventSource({ advapi32 }: WindowsLibraries, source: string): void {
  call(advapi32, "RegDeleteTreeW", ["usize", "buffer"], LOCAL_MACHINE, wide(keyOf(source)));
}

function keyOf(source: string): string {
  return `SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\${source}`;
}
