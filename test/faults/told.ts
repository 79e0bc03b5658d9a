import * as assert from "uvu/assert";
import type { Outcome } from "../support/execute.ts";
import type { Answer } from "../support/http.ts";
import type { Fault } from "./faults.ts";
import { describeFault, isKill } from "./faults.ts";
import { assertChanged, type Change, isUnchanged, type State } from "./keystore_state.ts";

/** What whoever asked for a change was told about it. */
export interface Told {
  /** `nothing` when the other end died. */
  readonly result: "done" | "failed" | "nothing";
  /** The key, if one was handed out. */
  readonly key?: string;
  /** Whether what was done could not be recorded to its end. */
  readonly isUnrecorded?: boolean;
  /** All of it. */
  readonly text: string;
}

/** Asserts that a command ended the way a command may. */
export function toldByCommand({ status, stdout, stderr }: Outcome): Told {
  const text = `exit status ${status}: ${stdout}${stderr}`;
  const [, key] = /^API key created for alias '.*': ([0-9a-f-]{36})\n/.exec(stdout) ?? [];
  if (status === 0) {
    assert.match(stderr, /^(apikey: cannot (read|write) [^\n]+\n)?$/, text);
    const isUnrecorded = stderr !== "";
    return { result: "done", text, isUnrecorded, ...(key === undefined ? {} : { key }) };
  }
  assert.is(stdout, "", text);
  if (status === null) return { result: "nothing", text };
  assert.ok(status === 6 || status === 5, text);
  assert.match(stderr, /^apikey: [^\n]+\n$/, text);
  return { result: "failed", text };
}

const FAILURES = [
  "ERR_KEYSTORE_IO",
  "ERR_KEYSTORE_UNREADABLE",
  "ERR_KEYSTORE_IN_USE",
  "ERR_AUDIT",
];

/** Asserts that a daemon answered the way a daemon may; undefined for a broken connection. */
export function toldByDaemon(answer: Answer | undefined): Told {
  if (answer === undefined || answer.status === 0) return { result: "nothing", text: "no answer" };
  const { status, body } = answer;
  const text = `${status} ${body}`;
  if (status === 204) return { result: "done", text };
  const document = JSON.parse(body) as { key?: string; code?: string };
  if (status === 201) return { result: "done", text, key: document.key ?? "" };
  assert.is(status, 503, text);
  assert.ok(FAILURES.includes(document.code ?? ""), text);
  return { result: "failed", text };
}

/** Asserts that what was told is so, in one of the two states that there may be. */
export function assertTrue(
  told: Told,
  change: Change,
  before: State,
  after: State,
  fault?: Fault,
): void {
  const { result, key, text, isUnrecorded = false } = told;
  const isOld = isUnchanged(before, after);
  if (result === "done" || !isOld) assertChanged(before, after, change, key);
  // What has been done is told all the same, with a word on the record.
  if (isUnrecorded) assert.ok(fault?.isReplaced, text);
  if (fault === undefined) return;
  assert.is(result === "nothing", isKill(fault), text);
  if (result === "done") assert.not(fault.isFatal, `${describeFault(fault)} was passed over`);
  // Once it is in its place a new keystore may stay there, whatever comes then.
  if (result !== "done") assert.ok(isOld || fault.isReplaced, `changed in spite of: ${text}`);
}
