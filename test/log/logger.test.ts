import { setTimeout as sleep } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { LOG_LEVELS } from "../../src/model/log_level.ts";
import { gatheringLog, toldBy } from "../support/gathering_log.ts";

const KEY = "0f8fad5b-d9cb-469f-a165-70867728950e";

test("says what is as important as its level, which may change", () => {
  const { log, records } = gatheringLog();
  const said = () => {
    records.length = 0;
    for (const level of LOG_LEVELS) log[level]("x");
    return records.map(({ level }) => level);
  };
  for (const [index, level] of LOG_LEVELS.entries()) {
    log.level = level;
    assert.equal(said(), LOG_LEVELS.slice(0, index + 1));
    assert.is(log.isDebug, level === "debug");
  }
});

test("leaves out fields that nobody knows", () => {
  const { log, records } = gatheringLog();
  log.info("x", { a: undefined, b: 0, c: "" });
  assert.equal(records.map(toldBy), [{ level: "info", message: "x", b: 0, c: "" }]);
});

test("no key gets in, wherever it is", () => {
  const { log, records } = gatheringLog();
  for (const key of [KEY, KEY.toUpperCase(), KEY.replaceAll("-", "")]) {
    const text = `x${key}y ${"z".repeat(470)} ${key}`;
    log.error(text, { alias: text, stack: text });
  }
  const said = JSON.stringify(records);
  assert.not.match(said, /0f8fad5b|d9cb|77289/i);
  assert.match(said, /x\*{8}950ey/);
});

test("foreign text is cut", () => {
  const { log, records } = gatheringLog();
  const text = "😀".repeat(10_000);
  log.error(text, { alias: text, stack: text });
  const [record] = records;
  const [[, alias = ""] = []] = record?.fields ?? [];
  assert.equal([record?.message.length, String(alias).length, record?.stack?.length], [
    501,
    501,
    8001,
  ]);
});

test("of one kind there is a line at once, and a second later the last with how many were left out", async () => {
  const { limited, records } = gatheringLog();
  for (let uid = 1; uid <= 5; uid++) limited.warn("a", "refused", { uid });
  limited.warn("b", "refused", { uid: 9 });
  const told = () => records.splice(0).map(toldBy);
  const line = { level: "warn", message: "refused" };
  assert.equal(told(), [{ ...line, uid: 1 }, { ...line, uid: 9 }]);
  await sleep(1_050);
  assert.equal(told(), [{ ...line, uid: 5, leftOut: 3 }]);
  limited.warn("a", "refused", { uid: 6 });
  limited.warn("b", "refused", { uid: 10 });
  assert.equal(told(), [{ ...line, uid: 10 }]);
  limited.flush();
  assert.equal(told(), [{ ...line, uid: 6 }]);
  limited.flush();
  assert.equal(told(), []);
});

test.run();
