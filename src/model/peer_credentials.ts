/** Who is at the other end of a connection, as the kernel says: never from a header or a string. */
export interface PeerCredentials {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups at the moment of connecting. */
  readonly groups: readonly number[];
  readonly pid: number | undefined;
}

/** What else there is to know of a process, for the record: nothing is decided by it. */
export interface PeerProcess {
  /** The path of what it runs. */
  readonly executable: string | undefined;
  /** As whom the user once logged in, whatever sudo made of it since. */
  readonly loginUid: number | undefined;
  /** Of systemd: a service, or the scope of a session. */
  readonly unit: string | undefined;
}

/**
 * The uid and gid that Linux reports for an identity which has none in this user namespace
 * (`/proc/sys/kernel/overflowuid`). It stands for anybody, so it must never be an administrator.
 */
export const OVERFLOW_ID = 65534;
