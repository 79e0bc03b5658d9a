/** Whom the file system lets connect to a socket. */
export interface SocketAccess {
  /** Permission bits that the socket has from its first instant. */
  readonly mode: number;
  /** undefined for the daemon's own group */
  readonly gid: number | undefined;
}

/**
 * What a socket needs so that the members of these groups can knock; who is let in is for the
 * access policy to say. A socket has one group, so for two it is open to everybody.
 */
export function socketAccess(
  wanted: { readonly mode: number | undefined; readonly gid: number | undefined },
  memberGids: readonly number[],
): SocketAccess {
  const gids = new Set(wanted.gid === undefined ? memberGids : [wanted.gid]);
  const [gid] = gids.size === 1 ? gids : [];
  const mode = gids.size === 0 ? 0o600 : gids.size === 1 ? 0o660 : 0o666;
  return { mode: wanted.mode ?? mode, gid };
}
