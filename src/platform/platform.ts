import type { Socket } from "node:net";
import type { PeerCredentials, PeerProcess } from "../model/peer_credentials.ts";
import type { Pkcs12Kdf } from "./pkcs12_kdf.ts";

/** What this program needs of an operating system beyond `node:` modules. */
export interface Platform {
  readonly self: ProcessIdentity;

  /**
   * Who is at the other end of a connection, from the kernel: for a server who connected, for a
   * client who listens.
   *
   * @returns undefined where the kernel cannot tell; such a peer must be refused
   */
  peerCredentials(socket: Socket): PeerCredentials | undefined;

  /**
   * What else there is to know of the process at the other end, as long as it runs.
   *
   * @returns undefined for one that has ended, and where the kernel cannot tell
   */
  peerProcess(socket: Socket): PeerProcess | undefined;

  /** The same of this process. */
  ownProcess(): PeerProcess | undefined;

  /**
   * Hands an entry to systemd's journal: fields as lines of `NAME=value`. undefined on systems that
   * have none.
   *
   * @param socketPath of journald
   * @throws AppError ERR_AUDIT
   */
  readonly sendToJournal: ((socketPath: string, entry: string) => Promise<void>) | undefined;

  /**
   * Where a descriptor listens that this process was started with.
   *
   * @returns undefined for what is no Unix stream socket that listens at a path
   */
  listeningPath(descriptor: number): string | undefined;

  /** Lets more connections wait to be accepted at a socket that listens already. */
  widenBacklog(descriptor: number, backlog: number): void;

  /**
   * Tells systemd how this service is (sd_notify(3)): lines of `NAME=value`. undefined on systems that
   * have none.
   *
   * @param socketPath of the service manager, `$NOTIFY_SOCKET`
   * @returns false where it could not be told
   */
  readonly notify: ((socketPath: string, state: string) => boolean) | undefined;

  /** Whether {@link peerCredentials} can ever answer here. */
  readonly knowsPeers: boolean;

  /** In place of Unix domain sockets; undefined where there are these. */
  readonly pipes: NamedPipes | undefined;

  /**
   * Opens a file that exists for nothing but to be locked, and creates it (0600) where it is missing.
   *
   * @throws the system's error, or AppError ERR_KEYSTORE_IO for what is no plain file
   */
  openLock(path: string): FileLock;

  /**
   * Who holds the lock; undefined if nobody does or it cannot be told (another user's lock file, a
   * holder that has not written its name yet).
   */
  lockHolder(path: string): LockHolder | undefined;

  /** The gid of a group's name; undefined for an unknown one. */
  groupId(name: string): number | undefined;

  /**
   * Runs `bind`, which creates a socket, so that the socket has exactly `mode` from its first
   * instant. Whatever else `bind` creates meanwhile gets no more than `mode` either.
   */
  withMode<T>(mode: number, bind: () => T): T;

  /**
   * Whether writing a page to a pipe, a socket or a terminal would not wait for its reader; where it
   * cannot be told, it is assumed.
   */
  hasRoom(descriptor: number): boolean;

  /** In place of owners and modes; undefined where files have these. */
  readonly guardedFiles: GuardedFiles | undefined;

  /** Windows' service control manager; undefined on other systems. */
  readonly services: WindowsServices | undefined;

  /** How to come by the privileges that a command lacks. */
  readonly elevation: string;

  /** No core dumps, and no other process of the same user may read this one's memory. */
  protectMemory(): void;

  /** Gives memory that is not in use back to the system; takes some tens of milliseconds. */
  releaseSpareMemory(): void;

  /** OpenSSL's own derivation, where it can be reached. */
  readonly pkcs12Kdf: Pkcs12Kdf | undefined;
}

export interface ProcessIdentity extends PeerCredentials {
  readonly pid: number;
  /**
   * Whether the files of the host's root appear as nobody's, as in a user namespace that maps its
   * own root to an ordinary user: uid 0 means little there.
   */
  readonly isConfined: boolean;
}

/** Whose a file is and who may do what with it, in the words of systems that have modes. */
export interface GuardedFileFacts {
  readonly uid: number;
  readonly mode: number;
}

/** Files with access control lists, of which `node:fs` knows nothing. */
export interface GuardedFiles {
  /**
   * Creates a file that did not exist and opens it for reading and writing. From its first instant it
   * is open to nobody but its owner and administrators, and to those to whom `like` is.
   *
   * @param like another file, or none
   * @returns its descriptor; @throws the system's error
   */
  create(path: string, like: string): number;
  /**
   * Creates a folder in which whatever is created is private, or makes sure that it and the one that
   * it is in belong to nobody but administrators.
   *
   * @throws the system's error, or AppError ERR_KEYSTORE_IO
   */
  createFolder(path: string): void;
  /** @returns undefined for what is not there; @throws the system's error */
  inspect(path: string): GuardedFileFacts | undefined;
  /** What to type to make a file or folder private. */
  privateRemedy(path: string): string;
}

/** A service as Windows' service control manager keeps it. */
export interface WindowsServiceDefinition {
  readonly displayName: string;
  readonly description: string;
  readonly commandLine: string;
}

export interface WindowsService {
  readonly commandLine: string;
  /** Whether it is started with the system. */
  readonly isAutomatic: boolean;
  /** `running`, `stopped`, … */
  readonly state: string;
  readonly pid: number | undefined;
}

/** Every call throws AppError ERR_SERVICE, and ERR_FORBIDDEN without the privileges. */
export interface WindowsServices {
  /** @returns undefined where there is no such service */
  find(name: string): WindowsService | undefined;
  create(name: string, definition: WindowsServiceDefinition): void;
  change(name: string, definition: WindowsServiceDefinition): void;
  /**
   * Does not wait until it runs.
   *
   * @returns false where the manager is busy, or its patience has come to an end: try again
   */
  start(name: string): boolean;
  /** Does not wait until it has stopped. */
  stop(name: string): void;
  remove(name: string): void;
  /**
   * Reports to the manager from now on, where that has started this process.
   *
   * @returns undefined for a process that somebody else has started
   */
  attach(name: string): Promise<ServiceControl | undefined>;
}

/** This process, as a service. */
export interface ServiceControl {
  /** Is kept when the manager wants it to stop. */
  readonly stopRequested: Promise<void>;
  /** Writes into the event log; the text begins with its level. */
  report(text: string): void;
  running(): void;
  /** The last that there is to report. */
  stopped(exitStatus: number): Promise<void>;
}

/** Windows' named pipes, of this host alone. */
export interface NamedPipes {
  /**
   * Listens at a pipe that is open to administrators, and to an ordinary user's own processes.
   *
   * @throws AppError ERR_DAEMON_RUNNING, ERR_FORBIDDEN, ERR_SOCKET, and ERR_USAGE for what is no pipe
   */
  listen(path: string, onConnection: (socket: Socket) => void): PipeListener;
  /**
   * A connection whose other end may know who this process is, and not act in its place.
   *
   * @throws an error like Node's own, EAGAIN for a server that is busy
   */
  connect(path: string): Socket;
}

export interface PipeListener {
  /** Stops accepting; connections stay. */
  close(): Promise<void>;
}

/** A daemon keeps its lock for life, a command for a moment: waiting helps against one only. */
export type LockRole = "command" | "daemon";

export interface LockHolder {
  readonly pid: number;
  readonly role: LockRole;
}

export interface FileLock {
  /** Of the lock file; −1 where the system has no such thing. */
  readonly descriptor: number;
  /**
   * Takes the exclusive lock and writes into the file who has it. It ends with {@link close} or with
   * the process, however that ends.
   *
   * @returns false while another process holds it
   */
  tryAcquire(role: LockRole): boolean;
  /**
   * Whether the lock file is still the one at its path. If somebody has removed it, the next process
   * locks a new one, and both believe to be alone.
   */
  isInPlace(): boolean;
  /** Who seems to hold the lock that {@link tryAcquire} did not get. */
  holder(): LockHolder | undefined;
  close(): void;
}
