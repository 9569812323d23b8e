/**
 * The network interfaces where this process is, asked of the kernel (rtnetlink(7), RTM_GETLINK):
 * /sys/class/net shows those of the network namespace in which it was mounted, which is another one
 * after `nsenter --net`, the usual way into a container.
 */
import { eachAttribute, NETLINK_ROUTE, NetlinkSocket, octetsAt } from '../../native/netlink.ts';

export interface NetworkInterface {
  readonly name: string;
  /** Number the kernel knows it by; 0 is all interfaces at once. */
  readonly index: number;
  /** ARPHRD_ number of its link layer. */
  readonly hardware: number;
  readonly up: boolean;
  readonly loopback: boolean;
  readonly carrier: boolean;
}

/** All interfaces at once, as tcpdump names them. */
export const ANY: NetworkInterface = {
  name: 'any',
  index: 0,
  hardware: 0xffff,
  up: true,
  loopback: false,
  carrier: true,
};

const RTM_GETLINK = 18;
/** Words of `struct ifinfomsg`. */
const LINK_HEAD = 4;
const IFLA_IFNAME = 3;
const IFLA_CARRIER = 33;
const UP = 1;
const LOOPBACK = 8;

/** By index. Throws `SystemCallError`, `NativeUnavailable`. */
export function listInterfaces(): NetworkInterface[] {
  const found: NetworkInterface[] = [];
  const netlink = new NetlinkSocket(NETLINK_ROUTE);
  try {
    netlink.dump(RTM_GETLINK, new Uint8Array(4 * LINK_HEAD), (_type, words, start, end) => {
      const device = readLink(words, start, end);
      if (device !== undefined) found.push(device);
    });
  } finally {
    netlink.close();
  }
  return found.sort((left, right) => left.index - right.index);
}

/** One interface, or undefined where there is none of that name. Throws as `listInterfaces` does. */
export function interfaceNamed(name: string): NetworkInterface | undefined {
  return listInterfaces().find((device) => device.name === name);
}

/** An interface of a message (`struct ifinfomsg` and attributes); undefined where it has no name. */
export function readLink(
  words: Uint32Array,
  start: number,
  end: number,
): NetworkInterface | undefined {
  if (end - start < LINK_HEAD) return undefined;
  let name = '';
  let carrier = false;
  eachAttribute(words, start + LINK_HEAD, end, (type, at, octets) => {
    if (type === IFLA_IFNAME) name = textOf(octetsAt(words, at, octets));
    else if (type === IFLA_CARRIER && octets > 0) carrier = octetsAt(words, at, 1)[0] === 1;
  });
  const flags = words[start + 2]!;
  if (name === '') return undefined;
  return {
    name,
    index: words[start + 1]!,
    hardware: words[start]! >>> 16,
    up: (flags & UP) !== 0,
    loopback: (flags & LOOPBACK) !== 0,
    carrier: carrier && (flags & UP) !== 0,
  };
}

function textOf(octets: Uint8Array): string {
  const nul = octets.indexOf(0);
  return new TextDecoder().decode(nul < 0 ? octets : octets.subarray(0, nul));
}

/** How frames of an interface come: their link type, and whether the kernel takes headers off. */
export function framingOf({ hardware, index }: NetworkInterface): {
  readonly linkType: number;
  readonly cooked: boolean;
} {
  if (index === 0) return { linkType: 276, cooked: true };
  switch (hardware) {
    // Ethernet, loopback.
    case 1:
    case 772:
      return { linkType: 1, cooked: false };
    case 801:
      return { linkType: 105, cooked: false };
    case 803:
      return { linkType: 127, cooked: false };
    // No header, IP-in-IP, IPv6 in IP: packets as they are.
    case 65_534:
    case 768:
    case 769:
    case 776:
      return { linkType: 101, cooked: false };
    default:
      return { linkType: 276, cooked: true };
  }
}
