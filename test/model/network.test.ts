import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  isClientAddress,
  type Network,
  NetworkList,
  parseNetwork,
} from "../../src/model/network.ts";

const PARSED: readonly (readonly [text: string, network: string | undefined])[] = [
  ["10.0.0.0/8", "10.0.0.0/8"],
  ["10.1.2.3", "10.1.2.3/32"],
  ["0.0.0.0/0", "0.0.0.0/0"],
  ["2001:DB8::/32", "2001:db8::/32"],
  ["::1", "::1/128"],
  ["::ffff:10.0.0.0/104", "::ffff:10.0.0.0/104"],
  ["10.0.0.0/33", undefined],
  ["::/129", undefined],
  ["10.0.0.0/", undefined],
  ["10.0.0.0/-1", undefined],
  ["10.0.0/8", undefined],
  ["010.0.0.0/8", undefined],
  ["fe80::1%eth0/64", undefined],
  ["localhost", undefined],
  ["", undefined],
  ["10.0.0.0/8 ", undefined],
];

for (const [text, network] of PARSED) {
  test(`${network === undefined ? "refuses" : "takes"} '${text}'`, () => {
    assert.is(parseNetwork(text), network);
  });
}

const LIST = new NetworkList(["10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32"] as Network[]);

const ADDRESSES: readonly (readonly [address: string | undefined, isAdmitted: boolean])[] = [
  ["10.255.0.1", true],
  ["::ffff:10.255.0.1", true],
  ["::FFFF:0aff:0001", true],
  ["192.0.2.7", true],
  ["2001:db8:1::1", true],
  ["11.0.0.1", false],
  ["192.0.2.8", false],
  ["2001:db9::1", false],
  ["::ffff:11.0.0.1", false],
  ["nonsense", false],
  ["", false],
  [undefined, false],
];

for (const [address, isAdmitted] of ADDRESSES) {
  test(`${isAdmitted ? "admits" : "does not admit"} ${address}`, () => {
    assert.is(LIST.admits(address), isAdmitted);
  });
}

test("admits everybody where there is no network", () => {
  for (const address of ["10.0.0.1", "::1", undefined]) {
    assert.ok(new NetworkList([]).admits(address));
  }
});

test("knows an address from a name", () => {
  for (const text of ["10.0.0.1", "::1", "::ffff:1.2.3.4"]) assert.ok(isClientAddress(text));
  for (const text of ["", "localhost", "unix:", "fe80::1%eth0", "10.0.0.0/8", "10.0.0.1:80"]) {
    assert.not.ok(isClientAddress(text), text);
  }
});

test.run();
