/** hold.ts PATH MS: has a file open for a while as Java has it, which shares all but its deletion. */
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { call, wide } from "./calls.ts";

const GENERIC_READ = 0x8000_0000;
const SHARE_READING_AND_WRITING = 3;
const OPEN_EXISTING = 3;

const [path = "", ms = ""] = process.argv.slice(2);
const sharing = SHARE_READING_AND_WRITING;
const handle = call("CreateFileW", wide(path), GENERIC_READ, sharing, null, OPEN_EXISTING, 0, 0);
if (handle === 0xffff_ffff_ffff_ffffn) throw new Error(`cannot open ${path}`);
console.log("open");
await sleep(Number(ms));
call("CloseHandle", handle);
