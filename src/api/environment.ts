import type { PeerCredentials } from "../model/peer_credentials.ts";

/** What travels in Hono's context: built once per connection, where it was accepted. */
export interface Environment {
  Bindings: {
    /** undefined where the kernel could not tell */
    readonly peer: PeerCredentials | undefined;
  };
}
