/** Well-known security identifiers. */
export const SID = {
  everyone: "S-1-1-0",
  creatorOwner: "S-1-3-0",
  ownerRights: "S-1-3-4",
  system: "S-1-5-18",
  administrators: "S-1-5-32-544",
  /** Windows Installer's own, to which Windows' folders belong. */
  trustedInstaller: "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464",
  /** Of an entry of a kind that is not known here: it may be anybody's. */
  unknown: "S-1-0-0",
} as const;

/** Whoever has one of these can do anything on this host in any case. */
export function isPrivileged(sid: string): boolean {
  return sid === SID.system || sid === SID.administrators || sid === SID.trustedInstaller;
}

/** MS-DTYP, section 2.4.2.2. What follows is left alone. */
export function decodeSid(octets: Uint8Array): string {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  const authority = view.getUint16(2) * 2 ** 32 + view.getUint32(4);
  const subs = Array.from({ length: view.getUint8(1) }, (_, i) => view.getUint32(8 + 4 * i, true));
  return ["S", view.getUint8(0), authority, ...subs].join("-");
}
