/** security.ts PATH…: whose files and pipes are and who may do what with them, an SDDL string a line. */
import process from "node:process";
import { call, must, readWide, wide, words } from "./calls.ts";

const OWNER_AND_DACL = 0x5;
const SE_FILE_OBJECT = 1;
const SE_KERNEL_OBJECT = 6;

for (const path of process.argv.slice(2)) console.log(sddlOf(path));

function sddlOf(path: string): string {
  const [descriptor, text] = [words(1), words(1)];
  const error = path.startsWith("\\\\.\\pipe\\")
    ? ofPipe(path, descriptor)
    : ofNamed(path, descriptor);
  if (error !== 0n) throw new Error(`${path}: ${error}`);
  const convert = "ConvertSecurityDescriptorToStringSecurityDescriptorW";
  must(convert, descriptor[0] ?? 0n, 1, OWNER_AND_DACL, text, null);
  return readWide(text[0] ?? 0n);
}

function ofNamed(path: string, descriptor: BigUint64Array): bigint {
  const parameters = [SE_FILE_OBJECT, OWNER_AND_DACL, null, null, null, null, descriptor];
  return call("GetNamedSecurityInfoW", wide(path), ...parameters) & 0xffff_ffffn;
}

function ofPipe(path: string, descriptor: BigUint64Array): bigint {
  const READ_CONTROL = 0x2_0000;
  const handle = call("CreateFileW", wide(path), READ_CONTROL, 0, null, 3, 0, 0);
  const parameters = [SE_KERNEL_OBJECT, OWNER_AND_DACL, null, null, null, null, descriptor];
  const error = call("GetSecurityInfo", handle, ...parameters) & 0xffff_ffffn;
  call("CloseHandle", handle);
  return error;
}
