/**
 * ordinary.ts OUTPUT PROGRAM ARGUMENT…: runs a program as a user who is no administrator, or has not
 * elevated, which is the same: the group is there for denials alone. Its output goes to a file.
 */
import process from "node:process";
import { call, must, wide, words } from "./calls.ts";

const OWN_PROCESS = 0xffff_ffff_ffff_ffffn;
const TOKEN_ALL_ACCESS = 0xf01ff;
const GENERIC_WRITE = 0x4000_0000;
const CREATE_ALWAYS = 2;
const STARTF_USESTDHANDLES = 0x100n;
const INFINITE = 0xffff_ffff;

const [output = "", ...command] = process.argv.slice(2);
const [token, restricted] = [words(1), words(1)];
must("OpenProcessToken", OWN_PROCESS, TOKEN_ALL_ACCESS, token);
const administrators = words(2);
must("ConvertStringSidToSidW", wide("S-1-5-32-544"), administrators);
must(
  "CreateRestrictedToken",
  ...[token[0] ?? 0n, 0, 1, administrators, 0, null, 0, null, restricted],
);

const inheritable = words(3);
inheritable.set([24n, 0n, 1n]);
const file = call("CreateFileW", wide(output), GENERIC_WRITE, 7, inheritable, CREATE_ALWAYS, 0, 0);
const startup = words(13);
startup.set([104n], 0);
// dwFlags is the second half of this word.
startup.set([STARTF_USESTDHANDLES << 32n], 7);
startup.set([0n, file, file], 10);
const started = words(3);
const line = command.map((argument) => `"${argument}"`).join(" ");
must(
  "CreateProcessAsUserW",
  ...[restricted[0] ?? 0n, null, wide(line), null, null, 1, 0, null, null, startup, started],
);
call("WaitForSingleObject", started[0] ?? 0n, INFINITE);
const status = words(1);
must("GetExitCodeProcess", started[0] ?? 0n, status);
process.exitCode = Number((status[0] ?? 0n) & 0xffff_ffffn);
