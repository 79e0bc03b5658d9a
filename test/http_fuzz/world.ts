/** What the daemon under test knows: `test/fixtures/jdk17-metricshub.p12`. */
export const WORLD = {
  keystore: "jdk17-metricshub.p12",
  alias: "mcp-openai",
  key: "eb47c2be-927f-495f-aa97-0ba0f60b8986",
  expiredKey: "0d9c4f3e-51c7-4f3b-9d52-6a1f0c2b7e11",
  /** Nothing but a request that nobody sends deletes it. */
  canary: "mcp-claude",
  aliases: ["mcp-openai", "mcp-claude", "retired"],
} as const;

/** Who sends: each case is one of these users'. */
export const ROLES = ["admin", "verifier", "stranger"] as const;
export type Role = (typeof ROLES)[number];

export const VERIFIER_GID = 1500;

/** Strangers get less, so there are more of them. */
export const USERS = {
  admin: [{ uid: 0 }],
  verifier: [{ uid: 1501, gid: VERIFIER_GID }],
  stranger: [1601, 1602, 1603, 1604].map((uid) => ({ uid })),
} as const;
