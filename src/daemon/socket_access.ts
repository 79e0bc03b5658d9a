/** Whom the file system lets connect to a socket. */
export interface SocketAccess<Group> {
  /** Permission bits that the socket has from its first instant. */
  readonly mode: number;
  /** undefined for that of whose the socket is */
  readonly group: Group | undefined;
}

/**
 * What a socket needs so that the members of these groups can knock; who is let in is for the
 * access policy to say. A socket has one group, so for two it is open to everybody.
 */
export function socketAccess<Group>(
  wanted: { readonly mode: number | undefined; readonly group: Group | undefined },
  memberGroups: readonly Group[],
): SocketAccess<Group> {
  const groups = new Set(wanted.group === undefined ? memberGroups : [wanted.group]);
  const [group] = groups.size === 1 ? groups : [];
  const mode = groups.size === 0 ? 0o600 : groups.size === 1 ? 0o660 : 0o666;
  return { mode: wanted.mode ?? mode, group };
}
