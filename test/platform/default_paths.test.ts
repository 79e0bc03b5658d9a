import { copyFileSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  defaultConfiguration,
  defaultKeystore,
  defaultSocket,
} from "../../src/platform/default_paths.ts";
import { withFolder } from "../support/open_keystore.ts";

const ELSEWHERE = "/var/lib/metricshub/security/metricshub-keystore.p12";

test("finds an installed MetricsHub's keystore beside its bin, through links too", async () => {
  await withFolder((folder) => {
    const install = join(realpathSync(folder), "metricshub");
    const expected = join(install, "security", "metricshub-keystore.p12");
    mkdirSync(join(install, "bin"), { recursive: true });
    writeFileSync(join(install, "bin", "apikey"), "");
    symlinkSync(join(install, "bin", "apikey"), join(folder, "apikey"));
    const keystoreOf = (execPath: string) =>
      defaultKeystore({ platform: "linux", execPath, env: {} });
    assert.is(keystoreOf(join(install, "bin", "apikey")), ELSEWHERE, "without a security folder");
    mkdirSync(join(install, "security"));
    assert.is(keystoreOf(join(install, "bin", "apikey")), expected);
    assert.is(keystoreOf(join(folder, "apikey")), expected);
    mkdirSync(join(install, "other"));
    copyFileSync(join(install, "bin", "apikey"), join(install, "other", "apikey"));
    assert.is(keystoreOf(join(install, "other", "apikey")), ELSEWHERE);
    assert.is(keystoreOf("/no/such/bin/apikey"), ELSEWHERE);
  });
});

test("the configuration is not where MetricsHub's agent would take it for its own", () => {
  const windows = { platform: "win32", execPath: "", env: { ProgramData: "D:\\Data" } };
  const parts = defaultConfiguration(windows).split(/[\\/]/);
  assert.equal(parts, ["D:", "Data", "MetricsHub", "apikey.yaml"]);
  const linux = { platform: "linux", execPath: "/opt/metricshub/bin/apikey", env: {} };
  assert.is(defaultConfiguration(linux), "/etc/metricshub/apikey.yaml");
});

test("keeps to folders that are there, and root's, on macOS", () => {
  const mac = { platform: "darwin", execPath: "/no/such/apikey", env: {} };
  assert.is(defaultSocket(mac), "/var/run/metricshub/apikey.sock");
  assert.is(
    defaultKeystore(mac),
    "/Library/Application Support/MetricsHub/security/metricshub-keystore.p12",
  );
});

test("listens where only administrators can create a pipe, on Windows", () => {
  const socket = defaultSocket({ platform: "win32" });
  assert.is(socket, "\\\\.\\pipe\\ProtectedPrefix\\Administrators\\metricshub-apikey");
});

test.run();
