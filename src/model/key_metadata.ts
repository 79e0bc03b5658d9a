import type { Alias } from "./alias.ts";
import { type Network, NetworkList } from "./network.ts";
import type { Scope } from "./scope.ts";

/** What is known of a key beside what MetricsHub's own programs know. */
export interface KeyMetadata {
  readonly description: string | undefined;
  readonly owner: string | undefined;
  /** What it may be used for; anything as long as there is none. */
  readonly scopes: readonly Scope[];
  readonly networks: NetworkList;
  /**
   * Of a key that has been rotated and still counts for a while: the alias under which there is another
   * one now. undefined for all others.
   */
  readonly replacedBy: Alias | undefined;
  /**
   * Whether all of it makes sense. If not, a later version may have restricted the key in a way that
   * this one does not know, and it must not count as valid.
   */
  readonly isUnderstood: boolean;
}

/** What is to change; undefined leaves a field as it is, and an empty text or list removes it. */
export interface MetadataChange {
  readonly description?: string | undefined;
  readonly owner?: string | undefined;
  readonly scopes?: readonly Scope[] | undefined;
  readonly networks?: readonly Network[] | undefined;
  readonly replacedBy?: Alias | undefined;
}

export const NO_METADATA: KeyMetadata = {
  description: undefined,
  owner: undefined,
  scopes: [],
  networks: new NetworkList([]),
  replacedBy: undefined,
  isUnderstood: true,
};
