import { BlockList, isIP } from "node:net";

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
  return length <= bits ? `${address.toLowerCase()}/${length}` as Network : undefined;
}

/** From where a key may be used; from anywhere as long as there is none. */
export class NetworkList {
  readonly networks: readonly Network[];
  #list: BlockList | undefined;

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
    const family = familyOf(address ?? "");
    if (address === undefined || family === undefined) return false;
    this.#list ??= listOf(this.networks);
    return this.#list.check(address, family);
  }
}

/** Whether it can be the address of a client: without the name of an interface, as `fe80::1%eth0`. */
export function isClientAddress(text: string): boolean {
  return familyOf(text) !== undefined && !text.includes("%");
}

function listOf(networks: readonly Network[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [first = "", length] = network.split("/");
    list.addSubnet(first, Number(length), familyOf(first) ?? "ipv4");
  }
  return list;
}

function familyOf(address: string): "ipv4" | "ipv6" | undefined {
  const family = isIP(address);
  return family === 0 ? undefined : family === 4 ? "ipv4" : "ipv6";
}
