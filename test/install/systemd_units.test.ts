// What names do to units; test/systemd has real ones read them.
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  serviceUnit,
  socketUnit,
  tmpfilesFile,
  type UnitSettings,
} from "../../src/install/systemd_units.ts";

const SETTINGS: UnitSettings = {
  executable: "/usr/bin/apikey",
  configFile: undefined,
  socket: { path: "/run/metricshub/apikey.sock", mode: 0o660, group: "metricshub-apikey" },
  user: "own",
  writableFolders: [],
  readablePaths: [],
};

function withSocket(path: string): UnitSettings {
  return { ...SETTINGS, socket: { ...SETTINGS.socket, path } };
}

/** Whoever owns a folder can have a link there lead to a folder of any name. */
const LINE_BREAKER = "/home/evil/x\nExecStartPre=+/home/evil/become-root\n#";

test("no name begins a line of its own", () => {
  for (
    const make of [
      () => serviceUnit({ ...SETTINGS, writableFolders: [LINE_BREAKER] }),
      () => serviceUnit({ ...SETTINGS, readablePaths: [LINE_BREAKER] }),
      () => serviceUnit({ ...SETTINGS, executable: LINE_BREAKER }),
      () => serviceUnit({ ...SETTINGS, configFile: LINE_BREAKER }),
      () => socketUnit(withSocket(LINE_BREAKER)),
      () => tmpfilesFile(withSocket(LINE_BREAKER)),
      () => socketUnit({ ...SETTINGS, socket: { ...SETTINGS.socket, group: "a\nb" } }),
    ]
  ) assert.throws(make, ({ code }: { code: string }) => code === "ERR_SERVICE");
});

test("a socket's path does not take the next line in, nor lose its end", () => {
  for (const path of ["/run/a\\", "/run/a "]) {
    const isRefused = ({ code }: { code: string }) => code === "ERR_SERVICE";
    assert.throws(() => socketUnit(withSocket(path)), isRefused);
  }
});

test("what is special in a name stands for itself", () => {
  const name = '/srv/a b:$c%d"e\\f';
  const unit = serviceUnit({
    ...SETTINGS,
    configFile: name,
    writableFolders: [name, "/srv/x:/etc"],
  });
  assert.match(unit, '--config "/srv/a b:$$c%%d\\"e\\\\f"\n');
  assert.match(unit, 'BindPaths="/srv/a b:$c%%d\\"e\\\\f"\n');
  assert.match(unit, 'BindPaths="/srv/x:/etc"\n');
  assert.match(socketUnit(withSocket("/run/50%/s")), "ListenStream=/run/50%%/s\n");
});

test("a folder that the settings name for the socket keeps its owner and mode", () => {
  assert.match(tmpfilesFile(SETTINGS), "d /run/metricshub 0755 root root -\n");
  assert.match(tmpfilesFile(withSocket("/tmp/apikey.sock")), "d /tmp - - - -\n");
});

test.run();
