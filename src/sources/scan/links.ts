/**
 * How this machine's kernel would send to an address, asked of the kernel itself (rtnetlink(7),
 * RTM_GETROUTE): networks of interfaces alone do not tell, since more exact routes, other tables and
 * rules may lead by a router to what seems to be on the link, or to a link what seems to be far.
 * A neighbour is who is reached without a router by an interface that has Ethernet addresses and
 * asks for them (RFC 826, RFC 4861); not so tunnels, and links on which that is switched off.
 */
import { SystemCallError } from '../../native/libc.ts';
import { eachAttribute, NETLINK_ROUTE, NetlinkSocket, octetsAt } from '../../native/netlink.ts';
import { AF_INET, AF_INET6, ERRNO, interfaceIndex } from '../../native/sockets.ts';
import type { Address } from '../../net/address.ts';

/** An Ethernet interface, which has neighbours. */
export interface EthernetDevice {
  readonly index: number;
  readonly mac: Uint8Array;
}

/** Where a neighbour is looked for. */
export interface Neighbourhood {
  readonly device: EthernetDevice;
  /** Words of our own address towards it. */
  readonly source: readonly number[];
}

const RTM_GETLINK = 18;
const RTM_GETROUTE = 26;
/** Words of `struct ifinfomsg` and of `struct rtmsg`. */
const LINK_HEAD = 4;
const ROUTE_HEAD = 3;
const IFLA_ADDRESS = 1;
const ARPHRD_ETHER = 1;
const IFF_LOOPBACK = 0x8;
const IFF_NOARP = 0x80;
const RTN_UNICAST = 1;
/** A link's network and broadcast address: a host with another mask may have it. */
const RTN_BROADCAST = 3;
const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_PREFSRC = 7;
/** By a router (gateway, or one of the other family), or wrapped up. */
const BY_ROUTER: ReadonlySet<number> = new Set([5, 18, 22]);
/** What the kernel says of no route, and of routes that are unreachable, prohibit and blackhole. */
const NO_WAY: ReadonlySet<number> = new Set([
  ERRNO.ENETUNREACH,
  ERRNO.EHOSTUNREACH,
  ERRNO.EACCES,
  ERRNO.EINVAL,
]);

/** Words of an address in a message of the kernel. */
export function addressWords(words: Uint32Array, at: number, octets: number): number[] {
  const view = new DataView(words.buffer, words.byteOffset + 4 * at, octets);
  return Array.from({ length: octets >> 2 }, (_, index) => view.getUint32(4 * index));
}

/** This machine's links and routes; what was asked holds for the moment. Close it when done. */
export class OwnLinks {
  private readonly netlink = new NetlinkSocket(NETLINK_ROUTE);
  private readonly devices: ReadonlyMap<number, EthernetDevice>;

  /** Throws `SystemCallError`, `NativeUnavailable`. */
  constructor() {
    try {
      this.devices = readDevices(this.netlink);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Where an address is a neighbour's, if anybody's. */
  neighbourhood(address: Address): Neighbourhood | undefined {
    return this.wayTo(address)?.near;
  }

  /** Undefined: nothing that is sent to the address would leave this machine. */
  wayTo(address: Address): { readonly near: Neighbourhood | undefined } | undefined {
    let near: Neighbourhood | undefined;
    try {
      this.netlink.ask(RTM_GETROUTE, routeQuestion(address), (_type, words, start, end) => {
        near = readRoute(words, start, end, this.devices);
      });
    } catch (error) {
      if (!(error instanceof SystemCallError)) throw error;
      if (NO_WAY.has(error.errno)) return undefined;
      // The kernel does not tell: it may send all the same.
    }
    return { near };
  }

  close(): void {
    this.netlink.close();
  }
}

function readDevices(netlink: NetlinkSocket): Map<number, EthernetDevice> {
  const devices = new Map<number, EthernetDevice>();
  const request = new Uint8Array(4 * LINK_HEAD);
  netlink.dump(RTM_GETLINK, request, (_type, words, start, end) => {
    const index = words[start + 1]!;
    const asks = (words[start + 2]! & (IFF_LOOPBACK | IFF_NOARP)) === 0;
    if (words[start]! >>> 16 !== ARPHRD_ETHER || !asks) return;
    eachAttribute(words, start + LINK_HEAD, end, (type, at, octets) => {
      if (type !== IFLA_ADDRESS || octets !== 6) return;
      devices.set(index, { index, mac: octetsAt(words, at, octets) });
    });
  });
  return devices;
}

/** `struct rtmsg`, the address, and the interface where the address holds on one link only. */
function routeQuestion({ family, words, zone }: Address): Uint8Array {
  const link = zone === undefined ? 0 : interfaceIndex(zone);
  const size = 4 * words.length;
  const question = new Uint8Array(4 * ROUTE_HEAD + 4 + size + (link === 0 ? 0 : 8));
  const view = new DataView(question.buffer);
  question[0] = family === 4 ? AF_INET : AF_INET6;
  question[1] = 8 * size;
  let at = 4 * ROUTE_HEAD;
  view.setUint16(at, 4 + size, true);
  view.setUint16(at + 2, RTA_DST, true);
  at += 4;
  for (const word of words) {
    view.setUint32(at, word);
    at += 4;
  }
  if (link !== 0) {
    view.setUint16(at, 8, true);
    view.setUint16(at + 2, RTA_OIF, true);
    view.setUint32(at + 4, link, true);
  }
  return question;
}

/** Where a route leads to a neighbour; undefined: by a router, or on no link of `devices`. */
export function readRoute(
  words: Uint32Array,
  start: number,
  end: number,
  devices: ReadonlyMap<number, EthernetDevice>,
): Neighbourhood | undefined {
  let device: EthernetDevice | undefined;
  let source: readonly number[] | undefined;
  const kind = words[start + 1]! >>> 24;
  let routed = kind !== RTN_UNICAST && kind !== RTN_BROADCAST;
  eachAttribute(words, start + ROUTE_HEAD, end, (type, at, octets) => {
    if (type === RTA_OIF) device = devices.get(words[at]!);
    else if (type === RTA_PREFSRC) source = addressWords(words, at, octets);
    else if (BY_ROUTER.has(type)) routed = true;
  });
  return device === undefined || source === undefined || routed ? undefined : { device, source };
}
