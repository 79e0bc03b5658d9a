// An expiry means the same to us and to Java in every second, whatever the clocks of the zone do.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { inZone } from "../support/in_zone.ts";
import { type JavaTool, startJavaTool } from "../support/java.ts";
import { requiring } from "../support/requirements.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const javaTest = requiring(test, "javac");

interface Moment {
  readonly zone: string;
  /** What the clock does. */
  readonly what: string;
  readonly at: string;
  /** How many hours the clock is ahead of UTC before and after it. */
  readonly ahead: readonly number[];
}

const MOMENTS: readonly Moment[] = [
  { zone: "UTC", what: "goes on", at: "2026-11-01T06:00:00Z", ahead: [0] },
  { zone: "Asia/Kolkata", what: "goes on", at: "2026-11-01T06:00:00Z", ahead: [5.5] },
  { zone: "America/New_York", what: "is put on", at: "2026-03-08T07:00:00Z", ahead: [-5, -4] },
  { zone: "America/New_York", what: "is put back", at: "2026-11-01T06:00:00Z", ahead: [-4, -5] },
  { zone: "America/New_York", what: "is put on", at: "2050-03-13T07:00:00Z", ahead: [-5, -4] },
  { zone: "America/New_York", what: "is put back", at: "2050-11-06T06:00:00Z", ahead: [-4, -5] },
  { zone: "Australia/Lord_Howe", what: "is put on", at: "2026-10-03T15:30:00Z", ahead: [10.5, 11] },
  {
    zone: "Australia/Lord_Howe",
    what: "is put back",
    at: "2026-04-04T15:00:00Z",
    ahead: [11, 10.5],
  },
  // Across midnight.
  { zone: "Atlantic/Azores", what: "is put back", at: "2026-10-25T01:00:00Z", ahead: [0, -1] },
];

/** One of each zone, for as long as the tests of this file run. */
const tools = new Map<string, Promise<JavaTool>>();

test.after(async () => {
  for (const tool of tools.values()) await (await tool).close();
});

for (const { zone, what, at, ahead } of MOMENTS) {
  const name = `where the clock ${what} in ${zone} at ${at}`;
  const change = Date.parse(at);

  javaTest(`honours and refuses in the same seconds as Java, ${name}`, async () => {
    const windows = textsAround(change, ahead).map((text) =>
      [text, change - 2 * HOUR, change + 2.5 * HOUR, SECOND] as const
    );
    assert.equal(await ours(zone, windows), await theirs(zone, windows));
  });

  javaTest(`honours and refuses in the same milliseconds as Java, ${name}`, async () => {
    const texts = textsAround(change, ahead).filter((_, index) => index % 8 === 0)
      .flatMap((text) => [text, `${text}.12`, `${text}.000001`, `${text}.9999`]);
    const untils = await inZone(zone, "until", texts.map((text) => [text]));
    const windows = texts.map((text, index) => {
      const until = untils[index] ?? 0;
      return [text, until - SECOND, until + SECOND, 1] as const;
    });
    assert.equal(await ours(zone, windows), await theirs(zone, windows));
  });

  javaTest(`stores what Java honours just as long as asked or less, ${name}`, async () => {
    const java = await javaIn(zone);
    const instants = instantsAround(change);
    const texts = await inZone(zone, "upTo", instants.map((instant) => [instant]));
    for (const [index, instant] of instants.entries()) {
      const text = texts[index] ?? "";
      const said = `${new Date(instant).toISOString()} is stored as ${text}`;
      assert.not.ok(await isHonouredAfter(java, text, instant), said);
      assert.ok(await isHonouredAfter(java, oneSecondMore(text), instant), said);
    }
  });

  javaTest(`tells until when Java honours what is stored, ${name}`, async () => {
    const java = await javaIn(zone);
    const texts = textsAround(change, ahead);
    const untils = await inZone(zone, "until", texts.map((text) => [text]));
    for (const [index, text] of texts.entries()) {
      const until = untils[index] ?? 0;
      const said = `${text} ends at ${new Date(until).toISOString()}`;
      assert.not.ok(await isHonouredAfter(java, text, until), said);
      // At that instant, or just before where the clock is put on then.
      assert.not.equal(await java.expiryFlips(text, until - 1, until + 1, 1), [until - 1], said);
    }
  });
}

/** Every five minutes of the hours around a change, and the seconds next to each of its edges. */
function instantsAround(change: number): number[] {
  const edges = [-HOUR, -HOUR / 2, 0, HOUR / 2, HOUR].flatMap((edge) =>
    [-2, -1, 0, 1, 2].map((seconds) => change + edge + seconds * SECOND)
  );
  const grid = Array.from({ length: 27 }, (_, index) => change + (index - 13) * 5 * MINUTE);
  return [...new Set([...edges, ...grid])];
}

/** The same by the clock before the change and after it: what is shown twice, and what never. */
function textsAround(change: number, ahead: readonly number[]): string[] {
  const texts = ahead.flatMap((hours) =>
    instantsAround(change).map((instant) => new Date(instant + hours * HOUR).toISOString())
  );
  return [...new Set(texts)].sort().map((text) => text.slice(0, 19));
}

type Window = readonly [expiry: string, fromMs: number, toMs: number, stepMs: number];

function ours(zone: string, windows: readonly Window[]) {
  return inZone(zone, "flips", windows.map((window) => [...window]));
}

async function theirs(zone: string, windows: readonly Window[]) {
  const java = await javaIn(zone);
  return await Promise.all(windows.map((window) => java.expiryFlips(...window)));
}

/** Whether Java honours a key of this expiry a millisecond, or any number of seconds, after that. */
async function isHonouredAfter(java: JavaTool, text: string, instant: number): Promise<boolean> {
  const next = await java.expiryFlips(text, instant + 1, instant + 2, 1);
  const later = await java.expiryFlips(text, instant + SECOND, instant + 2 * HOUR, SECOND);
  return next.length === 0 || later.length !== 1 || later[0] !== instant + SECOND;
}

function oneSecondMore(text: string): string {
  return new Date(Date.parse(`${text}Z`) + SECOND).toISOString().slice(0, 19);
}

function javaIn(zone: string): Promise<JavaTool> {
  const tool = tools.get(zone) ?? startJavaTool(zone);
  tools.set(zone, tool);
  return tool;
}

test.run();
