// What is printed for root to type, where the keystore's folder is somebody else's.
import { execFileSync } from "node:child_process";
import {
  chownSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { findAroundKeystore } from "../../src/service/companion_findings.ts";
import { requiring } from "../support/requirements.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary_folder.ts";

function keystoreIn(folder: TemporaryFolder): string {
  const keystore = folder.file("k.p12");
  writeFileSync(keystore, "", { mode: 0o600 });
  return keystore;
}

function commandFor(keystore: string, code: string): string {
  const question = { keystore, elsewhere: [], nowMs: Date.now(), guardedFiles: undefined };
  const found = findAroundKeystore(question).find((each) => each.code === code);
  assert.ok(found?.command);
  return found.command;
}

function type(command: string): void {
  execFileSync("sh", ["-c", command]);
}

requiring(test, "linux")("what is moved away goes into no folder that a link leads to", () => {
  using folder = temporaryFolder();
  const keystore = keystoreIn(folder);
  const others = folder.file("others");
  mkdirSync(others);
  symlinkSync("/nonexistent", `${keystore}.lock`);
  symlinkSync(others, `${keystore}.lock.moved`);
  type(commandFor(keystore, "file-of-another-kind"));
  assert.equal(readdirSync(others), []);
});

requiring(test, "linux", "root")("no file that a link leads to changes hands", () => {
  using folder = temporaryFolder();
  const keystore = keystoreIn(folder);
  chownSync(keystore, 1000, 1000);
  writeFileSync(`${keystore}.lock`, "", { mode: 0o600 });
  const command = commandFor(keystore, "file-of-another");
  rmSync(`${keystore}.lock`);
  const roots = folder.file("roots");
  writeFileSync(roots, "");
  symlinkSync(roots, `${keystore}.lock`);
  type(command);
  assert.is(statSync(roots).uid, 0);
});

test.run();
