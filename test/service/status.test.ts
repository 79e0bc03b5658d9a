import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseAlias } from "../../src/model/alias.ts";
import { type Instant, systemClock } from "../../src/model/instant.ts";
import { KeyService } from "../../src/service/keys.ts";
import { StatusService } from "../../src/service/status.ts";
import { openKeystore, withFolder } from "../support/open_keystore.ts";

test("tells how many keys are what, and when the file was last written", async () => {
  await withFolder(async (folder) => {
    const keystore = openKeystore(`${folder}/metricshub-keystore.p12`);
    const keys = new KeyService({ keystore, clock: systemClock });
    const statusAt = (clock: () => Instant) =>
      new StatusService(keystore, clock, undefined).status();
    assert.is((await statusAt(systemClock)).savedAt, undefined);
    const before = Date.now();
    const [valid, brief, disabled, rotated] = ["valid", "brief", "disabled", "rotated"]
      .map((name) => parseAlias(name));
    assert.ok(valid && brief && disabled && rotated);
    for (const alias of [valid, disabled, rotated]) await keys.create(alias);
    await keys.create(brief, { wantedExpiry: { expiresInSeconds: 3600 } });
    await keys.revise(disabled, { isDisabled: true });
    await keys.rotate(rotated, { graceSeconds: 3600 });
    const now = await statusAt(systemClock);
    const none = { unreadable: 0, unsupported: 0, expired: 0 };
    assert.equal(now.states, { ...none, valid: 3, disabled: 1, replaced: 1 });
    assert.ok((now.savedAt ?? 0) >= before - 20 && (now.savedAt ?? 0) <= Date.now());
    const later = await statusAt(() => Date.now() + 7_200_000 as Instant);
    assert.equal(later.states, { ...none, valid: 2, disabled: 1, replaced: 0, expired: 2 });
  });
});

test.run();
