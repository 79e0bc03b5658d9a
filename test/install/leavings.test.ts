import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Leavings, removeLeavings } from "../../src/install/leavings.ts";
import type { RunTool } from "../../src/install/tool.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary_folder.ts";

/** Neither a user nor a group is there. */
const noTool: RunTool = () => Promise.resolve({ status: 6, stdout: "", stderr: "" });

function leavingsIn(folder: TemporaryFolder): Leavings {
  return {
    keystorePath: folder.file("keystore.p12"),
    stateFolder: undefined,
    rootFolder: folder.file("root"),
    socketFolder: folder.file("socket"),
  };
}

test("takes away its mount points, and of the socket's folder no more than itself", async () => {
  using folder = temporaryFolder();
  const leavings = leavingsIn(folder);
  mkdirSync(`${leavings.rootFolder}/var/lib`, { recursive: true });
  mkdirSync(`${leavings.socketFolder}/of-another`, { recursive: true });
  await removeLeavings(leavings, noTool);
  assert.not(existsSync(leavings.rootFolder));
  assert.ok(existsSync(`${leavings.socketFolder}/of-another`));
});

test("follows no link that somebody has put in the place of a folder", async () => {
  using folder = temporaryFolder();
  const leavings = { ...leavingsIn(folder), stateFolder: folder.file("state") };
  const others = folder.file("others");
  mkdirSync(`${others}/empty`, { recursive: true });
  writeFileSync(`${others}/file`, "");
  symlinkSync(others, leavings.rootFolder);
  symlinkSync(others, leavings.stateFolder);
  const before = statSync(`${others}/file`).ctimeMs;
  await removeLeavings(leavings, noTool);
  assert.ok(existsSync(`${others}/empty`));
  assert.is(statSync(`${others}/file`).ctimeMs, before);
});

test.run();
