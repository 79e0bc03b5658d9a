import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  type Network,
  NetworkList,
  parseClientAddress,
  parseNetwork,
} from "../../src/model/network.ts";

const PARSED: readonly (readonly [text: string, network: string | undefined])[] = [
  ["10.0.0.0/8", "10.0.0.0/8"],
  ["10.1.2.3", "10.1.2.3/32"],
  ["0.0.0.0/0", "0.0.0.0/0"],
  ["2001:DB8::/32", "2001:db8::/32"],
  ["::1", "::1/128"],
  ["::ffff:10.0.0.0/104", undefined],
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

test("admits an IPv4 address by networks of IPv4 alone", () => {
  const everywhere = new NetworkList(["::/0"] as Network[]);
  assert.ok(everywhere.admits("2001:db8::1"));
  for (const address of ["10.0.0.1", "::ffff:10.0.0.1"]) assert.not.ok(everywhere.admits(address));
  const ipv4 = new NetworkList(["0.0.0.0/0"] as Network[]);
  assert.not.ok(ipv4.admits("::1"));
  for (const address of ["10.0.0.1", "::ffff:10.0.0.1"]) assert.ok(ipv4.admits(address));
});

test("knows an address from what is none, with an interface or without", () => {
  for (const text of ["10.0.0.1", "::1", "::ffff:1.2.3.4"]) {
    assert.is(parseClientAddress(text), text);
  }
  assert.is(parseClientAddress("fe80::1%eth0"), "fe80::1");
  for (const text of ["", "localhost", "unix:", "@", "%eth0", "10.0.0.0/8", "10.0.0.1:80"]) {
    assert.is(parseClientAddress(text), undefined, text);
  }
});

test.run();
