import { BlockList, isIP, SocketAddress } from "node:net";

declare const brand: unique symbol;

/** In CIDR notation (RFC 4632, RFC 4291): `10.0.0.0/8`, `2001:db8::/32`. */
export type Network = string & { readonly [brand]: "Network" };

/** @param text a network, or an address, which is a network of one; undefined for anything else */
export function parseNetwork(text: string): Network | undefined {
  const [, address = "", prefix] = /^([\da-f.:]{2,45})(?:\/(\d{1,3}))?$/i.exec(text) ?? [];
  const family = familyOf(address);
  if (family === undefined) return undefined;
  const bits = family === "ipv4" ? 32 : 128;
  const length = Number(prefix ?? bits);
  // Those of IPv4 addresses as IPv6 has them are written as what they are.
  if (length > bits || isMapped(address)) return undefined;
  return `${address.toLowerCase()}/${length}` as Network;
}

/** From where a key may be used; from anywhere as long as there is none. */
export class NetworkList {
  readonly networks: readonly Network[];
  /** By family: a runtime may find an address of the one in a network of the other. */
  readonly #lists = new Map<Family, BlockList>();

  constructor(networks: readonly Network[]) {
    this.networks = networks;
  }

  /**
   * Whether a client may come from there. Where it is not known from where, no network will do.
   *
   * @param address an IPv4 one also as IPv6 has it (`::ffff:10.0.0.1`)
   */
  admits(address: string | undefined): boolean {
    if (this.networks.length === 0) return true;
    if (address === undefined || familyOf(address) === undefined) return false;
    const plain = withoutMapping(address);
    const family = familyOf(plain) ?? "ipv6";
    let list = this.#lists.get(family);
    if (list === undefined) this.#lists.set(family, list = listOf(this.networks, family));
    return list.check(plain, family);
  }
}

/**
 * The address of a client, without the name of an interface (`fe80::1%eth0`).
 *
 * @returns undefined for what is none, such as a server's word for a Unix socket
 */
export function parseClientAddress(text: string): string | undefined {
  const [address = ""] = text.split("%", 1);
  return familyOf(address) === undefined ? undefined : address;
}

function isMapped(address: string): boolean {
  return familyOf(address) !== familyOf(withoutMapping(address));
}

/** An IPv4 address as IPv6 has it is one all the same: no network of IPv6 is meant to admit it. */
function withoutMapping(address: string): string {
  if (familyOf(address) === "ipv4") return address;
  const { address: normal } = new SocketAddress({ address, family: "ipv6" });
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(normal)?.[1] ?? normal;
}

function listOf(networks: readonly Network[], family: Family): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [first = "", length] = network.split("/");
    if (familyOf(first) === family) list.addSubnet(first, Number(length), family);
  }
  return list;
}

type Family = "ipv4" | "ipv6";

function familyOf(address: string): Family | undefined {
  const family = isIP(address);
  return family === 0 ? undefined : family === 4 ? "ipv4" : "ipv6";
}
