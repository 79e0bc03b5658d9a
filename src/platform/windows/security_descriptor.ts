import {
  call,
  type Handle,
  NULL,
  octetsOf,
  room,
  wide,
  type WindowsLibraries,
} from "./libraries.ts";
import { decodeSid, SID } from "./sid.ts";
import { win32Error } from "./win32_error.ts";

/** Whose an object is, and who may do what with it. */
export interface SecurityDescriptor {
  readonly owner: string;
  /** undefined: there is no list, and so everybody may do everything. */
  readonly entries: readonly AccessEntry[] | undefined;
}

export interface AccessEntry {
  readonly isAllowed: boolean;
  /** Whether it is for what is created in a folder alone, and not for the folder. */
  readonly isForChildrenOnly: boolean;
  readonly mask: number;
  /** `S-1-5-18`. */
  readonly sid: string;
}

/** SE_OBJECT_TYPE */
const SE_FILE_OBJECT = 1;
const SE_KERNEL_OBJECT = 6;

/** SECURITY_INFORMATION */
const OWNER_AND_DACL = 0x5;

const ACCESS_ALLOWED = 0;
const INHERIT_ONLY = 0x8;
/** The types whose SID follows the mask right away; others have conditions, or other objects. */
const SIMPLE_TYPES = [ACCESS_ALLOWED, /* denied */ 1, /* callback, allowed and denied */ 9, 10];

/** Does something with what {@link securityAttributes} returns. */
export function withSecurityAttributes<T>(
  libraries: WindowsLibraries,
  sddl: string,
  work: (attributes: Uint8Array) => T,
): T {
  const attributes = securityAttributes(libraries, sddl);
  try {
    return work(attributes);
  } finally {
    const { buffer, byteOffset } = attributes;
    const descriptor = new DataView(buffer, byteOffset).getBigUint64(DESCRIPTOR_OFFSET, true);
    call(libraries.kernel32, "LocalFree", ["usize"], descriptor);
  }
}

/** minwinbase.h: struct { DWORD nLength; LPVOID lpSecurityDescriptor; BOOL bInheritHandle; } */
const DESCRIPTOR_OFFSET = 8;

/**
 * SECURITY_ATTRIBUTES for an object that is about to be created, and a descriptor that stays in memory.
 *
 * @throws the system's error
 */
export function securityAttributes({ advapi32 }: WindowsLibraries, sddl: string): Uint8Array {
  const descriptor = room(8);
  const isMade = call(
    advapi32,
    "ConvertStringSecurityDescriptorToSecurityDescriptorW",
    ["buffer", "u32", "buffer", "usize"],
    wide(sddl),
    1,
    octetsOf(descriptor),
    NULL,
  );
  if (isMade === 0) throw win32Error(0, "security descriptor");
  const attributes = room(24);
  attributes.setUint32(0, 24, true);
  attributes.setBigUint64(DESCRIPTOR_OFFSET, descriptor.getBigUint64(0, true), true);
  return octetsOf(attributes);
}

/** @throws the system's error */
export function descriptorOfPipe(libraries: WindowsLibraries, handle: Handle): SecurityDescriptor {
  return readDescriptor(libraries, (...results) =>
    call(
      libraries.advapi32,
      "GetSecurityInfo",
      ["usize", "i32", "u32", "buffer", "usize", "buffer", "usize", "buffer"],
      handle,
      SE_KERNEL_OBJECT,
      OWNER_AND_DACL,
      ...results,
    ));
}

/** @throws the system's error */
export function descriptorOfFile(libraries: WindowsLibraries, path: string): SecurityDescriptor {
  return readDescriptor(libraries, (...results) =>
    call(
      libraries.advapi32,
      "GetNamedSecurityInfoW",
      ["buffer", "i32", "u32", "buffer", "usize", "buffer", "usize", "buffer"],
      wide(path),
      SE_FILE_OBJECT,
      OWNER_AND_DACL,
      ...results,
    ));
}

type Results = [Uint8Array, typeof NULL, Uint8Array, typeof NULL, Uint8Array];

function readDescriptor(
  { kernel32, readMemory }: WindowsLibraries,
  ask: (...results: Results) => number,
): SecurityDescriptor {
  const [owner, dacl, descriptor] = [room(8), room(8), room(8)];
  const results: Results = [octetsOf(owner), NULL, octetsOf(dacl), NULL, octetsOf(descriptor)];
  const error = ask(...results);
  if (error !== 0) throw win32Error(error, "security");
  try {
    return {
      owner: readSid(readMemory, owner.getBigUint64(0, true)),
      entries: readEntries(readMemory, dacl.getBigUint64(0, true)),
    };
  } finally {
    call(kernel32, "LocalFree", ["usize"], descriptor.getBigUint64(0, true));
  }
}

/** winnt.h: struct SID { BYTE Revision, SubAuthorityCount, Authority[6]; DWORD SubAuthority[]; } */
export function readSid(readMemory: WindowsLibraries["readMemory"], address: bigint): string {
  const count = readMemory(address, 2)[1] ?? 0;
  return decodeSid(readMemory(address, 8 + 4 * count));
}

/**
 * winnt.h: struct ACL { BYTE AclRevision, Sbz1; WORD AclSize, AceCount, Sbz2; }, and entries after it,
 * each { BYTE AceType, AceFlags; WORD AceSize; DWORD Mask; SID Sid; }.
 */
function readEntries(
  readMemory: WindowsLibraries["readMemory"],
  address: bigint,
): AccessEntry[] | undefined {
  if (address === NULL) return undefined;
  const octets = readMemory(address, new DataView(copy(readMemory(address, 8))).getUint16(2, true));
  const view = new DataView(copy(octets));
  const entries: AccessEntry[] = [];
  for (let at = 8; entries.length < view.getUint16(4, true); at += view.getUint16(at + 2, true)) {
    const [type, flags] = [view.getUint8(at), view.getUint8(at + 1)];
    entries.push({
      isAllowed: type !== 1 && type !== 10,
      isForChildrenOnly: (flags & INHERIT_ONLY) !== 0,
      mask: view.getUint32(at + 4, true),
      sid: SIMPLE_TYPES.includes(type) ? decodeSid(octets.subarray(at + 8)) : SID.unknown,
    });
  }
  return entries;
}

function copy(octets: Uint8Array): ArrayBuffer {
  return Uint8Array.from(octets).buffer;
}
