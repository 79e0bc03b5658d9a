import { test } from "uvu";
import * as assert from "uvu/assert";
import { AppError } from "../../src/errors.ts";
import { type Audit, NO_AUDIT } from "../../src/service/audit.ts";
import { LoggedAudit } from "../../src/service/logged_audit.ts";
import { gatheringLog, toldBy } from "../support/gathering_log.ts";

const ASKED = {
  act: "create",
  peer: { uid: 3, gid: 3, groups: [], pid: 7 },
  peerProcess: () => undefined,
  alias: "a",
  request: { id: "p-1" },
};

const SAID = { act: "create", alias: "a", uid: 3, pid: 7, requestId: "p-1" };

function logged(audit: Audit = NO_AUDIT) {
  const { log, limited, records } = gatheringLog("info");
  const told = () => records.splice(0).map(toldBy);
  return { audit: new LoggedAudit({ audit, log, limited }), told };
}

test("an act is told with what it was about, but for the key", async () => {
  const { audit, told } = logged();
  const done = { aliases: ["a", "b"], key: "secret", changes: ["owner"] };
  const result = await audit.perform(ASKED, () => Promise.resolve({ result: 5, done }));
  assert.is(result, 5);
  assert.equal(told(), [{ level: "info", message: "act done", ...SAID, keys: 2, aliases: "a, b" }]);
});

test("of many aliases the first are told", async () => {
  const { audit, told } = logged();
  const done = { aliases: Array.from({ length: 5_000 }, (_, n) => `k${n}`) };
  await audit.perform(ASKED, () => Promise.resolve({ result: undefined, done }));
  const [line] = told() as { keys?: number; aliases?: string }[];
  assert.equal([line?.keys, line?.aliases], [5_000, "k0, k1, k2, k3, k4, k5, k6, k7, …"]);
});

test("why an act did not come about is told, and that it could not be recorded", async () => {
  const failing = (code: "ERR_ALIAS_EXISTS" | "ERR_AUDIT") => () =>
    Promise.reject(new AppError(code, "no"));
  const full = { ...NO_AUDIT, perform: failing("ERR_AUDIT") };
  for (
    const [inner, outcome, reason] of [
      [NO_AUDIT, "act refused", "ERR_ALIAS_EXISTS"],
      [full, "act failed", "ERR_AUDIT"],
    ] as const
  ) {
    const { audit, told } = logged(inner);
    const error = await audit.perform(ASKED, failing("ERR_ALIAS_EXISTS")).catch((caught) => caught);
    assert.is((error as AppError).code, reason);
    assert.equal(told(), [{ level: "info", message: outcome, ...SAID, reason }]);
  }
});

test("of those who are refused for one reason a line is told, and all are recorded", async () => {
  let recorded = 0;
  const { audit, told } = logged({ ...NO_AUDIT, refuse: () => Promise.resolve(void recorded++) });
  const reasons = ["ERR_FORBIDDEN", "ERR_FORBIDDEN", "ERR_INVALID_REQUEST"] as const;
  for (const reason of reasons) await audit.refuse(ASKED, new AppError(reason, "no"));
  const line = { level: "warn", message: "request refused", ...SAID };
  assert.equal(told(), [
    { ...line, reason: "ERR_FORBIDDEN" },
    { ...line, reason: "ERR_INVALID_REQUEST" },
  ]);
  assert.is(recorded, 3);
});

test.run();
