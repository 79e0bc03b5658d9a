import { WORLD } from "./world.ts";

/** What was once answered wrongly. */
export interface Regression {
  readonly about: string;
  readonly text: string;
  /** Of the one answer; what is found malformed early enough is 400. */
  readonly statuses: readonly number[];
}

const DELETION = `DELETE /v1/keys/${WORLD.canary} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

export const REGRESSIONS: readonly Regression[] = [
  {
    about: "a body found malformed after its request was answered got an answer of its own",
    text: "OPTIONS /v1/nothing HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" +
      `Transfer-Encoding:\tchunked\r\n\r\n2\r\nab${DELETION}`,
    statuses: [400, 404],
  },
  {
    about: "the same, cut off in the middle",
    text: "GET /v1/auth HTTP/1.1\r\nHost: localhost\r\nContent-Length: 42949672960\r\n\r\n2\r\nab",
    statuses: [400, 413],
  },
  {
    about: "an expectation was answered past all limits",
    text: "GET /v1/auth HTTP/1.1\r\nHost: localhost\r\nExpect: 200-ok\r\n\r\n",
    statuses: [401],
  },
];
