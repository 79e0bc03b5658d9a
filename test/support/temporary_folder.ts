import { chmodSync, copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fixturePath } from "./fixtures.ts";

export const KEYSTORE_NAME = "metricshub-keystore.p12";

/** The audit log beside it, and how far that has come. */
export const AUDIT_LOG_NAME = "metricshub-keystore.audit.jsonl";
export const AUDIT_NAMES = [AUDIT_LOG_NAME, `${AUDIT_LOG_NAME}.head`] as const;

/** A folder of a test's own, gone with the end of the block that holds it by `using`. */
export interface TemporaryFolder extends Disposable {
  readonly path: string;
  /** The path of a file in it. */
  file(name: string): string;
  /** A copy, 0600, of a keystore of `test/fixtures`; its path. */
  keystore(fixture: string): string;
}

/** @param mode 0o700 keeps other users out, 0o755 lets them in */
export function temporaryFolder(mode = 0o700): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), "apikey-e2e-"));
  chmodSync(path, mode);
  return {
    path,
    file: (name) => join(path, name),
    keystore: (fixture) => copyFixture(fixture, join(path, KEYSTORE_NAME)),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** @returns the copy's path */
export function copyFixture(fixture: string, path: string): string {
  copyFileSync(fixturePath(fixture), path);
  chmodSync(path, 0o600);
  return path;
}
