/**
 * The Ethernet links of this machine, and which addresses are on them: those of its IPv4 networks,
 * and those that its IPv6 routes reach without a router (RFC 5942: an address of our own says
 * nothing of its neighbours, so the route table is asked, as the kernel does when it sends).
 */
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { interfaceIndex } from '../../native/sockets.ts';
import { type Address, parseAddress } from '../../net/address.ts';
import { containsAddress, type Prefix } from '../../net/prefix.ts';

/** An Ethernet interface, which has neighbours. */
export interface EthernetDevice {
  readonly name: string;
  readonly index: number;
  readonly mac: Uint8Array;
}

/** An Ethernet interface with an IPv4 network of its own. */
export interface Link extends EthernetDevice {
  readonly address: number;
  readonly mask: number;
}

/** A prefix of IPv6, and the Ethernet interface it is on; without one: behind a router. */
export interface Route6 {
  readonly prefix: Prefix;
  readonly interfaceName: string;
  readonly device: EthernetDevice | undefined;
}

/** IPv4 networks on links; loopback and links without an Ethernet address are none. */
function ethernetLinks(): Link[] {
  const links: Link[] = [];
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    for (const each of addresses ?? []) {
      if (each.internal || each.family !== 'IPv4' || /^[0:]+$/.test(each.mac)) continue;
      links.push({
        ...deviceOf(name, each.mac),
        address: parseAddress(each.address)!.words[0]!,
        mask: parseAddress(each.netmask)!.words[0]!,
      });
    }
  }
  return links;
}

function deviceOf(name: string, mac: string): EthernetDevice {
  const octets = mac.split(':').map((octet) => Number.parseInt(octet, 16));
  return { name, index: interfaceIndex(name), mac: Uint8Array.from(octets) };
}

/** The link that an IPv4 address is on; undefined: behind a router, or our own. */
export function linkOf(word: number, links: readonly Link[]): Link | undefined {
  return links.find(
    ({ address, mask }) =>
      ((word ^ address) & mask) === 0 && word !== address && mask !== 0xffffffff,
  );
}

/** Routes of IPv6, longest prefixes first; none where the system does not tell them. */
function ipv6Routes(): Route6[] {
  let text: string;
  try {
    text = readFileSync('/proc/net/ipv6_route', 'utf8');
  } catch {
    return [];
  }
  const devices = new Map<string, EthernetDevice>();
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    const mac = addresses?.find((each) => !each.internal && !/^[0:]+$/.test(each.mac))?.mac;
    if (mac !== undefined) devices.set(name, deviceOf(name, mac));
  }
  return parseRoutes6(text, (name) => devices.get(name));
}

/** Flags of routes: not usable, by a router, an address of our own (`linux/ipv6_route.h`). */
const RTF_UP = 0x1;
const RTF_GATEWAY = 0x2;
const RTF_REJECT = 0x200;
const RTF_LOCAL = 0x80000000;

/**
 * Reads `/proc/net/ipv6_route`: destination, its length, source, its length, next hop, metric,
 * references, uses, flags, all hexadecimal, and the interface.
 */
export function parseRoutes6(
  text: string,
  deviceNamed: (name: string) => EthernetDevice | undefined,
): Route6[] {
  const routes: (Route6 & { readonly metric: number })[] = [];
  for (const line of text.split('\n')) {
    const [target, length, , , hop, metric, , , flagWord, interfaceName] = line.trim().split(/\s+/);
    if (interfaceName === undefined || target?.length !== 32) continue;
    const flags = Number.parseInt(flagWord!, 16);
    const words = [0, 8, 16, 24].map((at) => Number.parseInt(target.slice(at, at + 8), 16));
    if ((flags & RTF_UP) === 0 || (flags & RTF_LOCAL) !== 0 || words[0]! >>> 24 === 0xff) continue;
    const direct = (flags & (RTF_GATEWAY | RTF_REJECT)) === 0 && /^0+$/.test(hop!);
    routes.push({
      prefix: { family: 6, words, length: Number.parseInt(length!, 16) },
      interfaceName,
      device: direct ? deviceNamed(interfaceName) : undefined,
      metric: Number.parseInt(metric!, 16),
    });
  }
  return routes.sort(
    (left, right) => right.prefix.length - left.prefix.length || left.metric - right.metric,
  );
}

/** What there is to know of this machine's links, at one moment. */
export interface OwnLinks {
  readonly links: readonly Link[];
  readonly routes: readonly Route6[];
}

/** Throws `NativeUnavailable` where interfaces have no numbers. */
export function ownLinks(): OwnLinks {
  return { links: ethernetLinks(), routes: ipv6Routes() };
}

/** Whether an address is a neighbour's, if anybody's. */
export function isOnLink(address: Address, { links, routes }: OwnLinks): boolean {
  return address.family === 4
    ? linkOf(address.words[0]!, links) !== undefined
    : deviceTo(address, routes) !== undefined;
}

/** The Ethernet interface on whose link an IPv6 address is; undefined: it is on none. */
export function deviceTo(
  { zone, words }: Address,
  routes: readonly Route6[],
): EthernetDevice | undefined {
  const bare: Address = { family: 6, words };
  const route = routes.find(
    ({ prefix, interfaceName, device }) =>
      (zone === undefined || zone === interfaceName || zone === `${device?.index}`) &&
      containsAddress(prefix, bare),
  );
  return route?.device;
}
