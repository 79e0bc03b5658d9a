import { copyFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseAlias } from "../../src/model/alias.ts";
import { systemClock } from "../../src/model/instant.ts";
import { Secret } from "../../src/model/secret.ts";
import { KeyService } from "../../src/service/keys.ts";
import { ScanService } from "../../src/service/scan.ts";
import { VerificationService } from "../../src/service/verification.ts";
import { fixturePath } from "../support/fixtures.ts";
import { openKeystore, withFolder } from "../support/open_keystore.ts";

const OPENAI = "eb47c2be-927f-495f-aa97-0ba0f60b8986";

test("finds and revokes a key under all its aliases, and what it is called by then", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/metricshub-keystore.p12`;
    copyFileSync(fixturePath("jdk17-metricshub.p12"), path);
    const keystore = openKeystore(path);
    const keys = new KeyService({ keystore, clock: systemClock });
    const scan = new ScanService(keystore);
    const verification = new VerificationService({ keystore, clock: systemClock });
    const createdAt = systemClock();
    const newKey = { alias: parseAlias("twin"), secret: new Secret(OPENAI), createdAt };
    // As a Java program may do.
    await keystore.change((draft) => draft.add({ ...newKey, expiry: undefined }));
    assert.equal(await scan.find(["x", OPENAI]), [[], ["mcp-openai", "twin"]]);
    await keys.revise(parseAlias("mcp-openai"), { alias: parseAlias("renamed") });
    const { secret } = await keys.rotate(parseAlias("twin"), { graceSeconds: 60 });
    const [found = [], none] = await scan.revoke([OPENAI, "x"]);
    assert.equal([[...found].sort(), none], [["renamed", "twin~1"], []]);
    assert.is((await verification.verify(OPENAI)).code, "NOT_FOUND");
    assert.is((await verification.verify(secret.reveal())).code, "VALID");
    assert.equal((await keys.list()).map(({ alias }) => alias), ["mcp-claude", "retired", "twin"]);
    const { saves } = keystore;
    assert.equal(await scan.revoke([OPENAI]), [[]]);
    assert.is(keystore.saves, saves, "nothing to write");
  });
});

test.run();
