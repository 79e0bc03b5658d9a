import type { GuardedFiles } from "../platform/platform.ts";

/** What a command may know of the system around its process. */
export interface System {
  /** Where things are unless somebody says otherwise. */
  readonly defaults: {
    /** The configuration file, which need not be there. */
    readonly configuration: string;
    readonly keystore: string;
    readonly socket: string;
  };
  readonly uid: number;
  /** Whether root's own files appear as nobody's; see ProcessIdentity. */
  readonly isConfined: boolean;
  /** See {@link Platform.guardedFiles}. */
  readonly guardedFiles: GuardedFiles | undefined;
  /** undefined for a group that does not exist */
  groupId(name: string): number | undefined;
}
