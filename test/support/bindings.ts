import type { Environment } from "../../src/api/app.ts";
import type { PeerCredentials } from "../../src/model/peer_credentials.ts";
import { RequestIds, TracedRequest } from "../../src/model/request_id.ts";

const IDS = new RequestIds();

/** What the daemon tells the app of a request beside the request. */
export function bindings(peer: PeerCredentials | undefined): Environment["Bindings"] {
  return { peer, peerProcess: () => undefined, request: new TracedRequest(IDS) };
}
