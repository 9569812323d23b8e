/** What the kernel knows of the neighbours on this machine's links: rtnetlink(7), RTM_GETNEIGH. */
import { isRefusal } from '../../native/libc.ts';
import { eachAttribute, NETLINK_ROUTE, NetlinkSocket } from '../../native/netlink.ts';
import { AF_INET, AF_INET6 } from '../../native/sockets.ts';
import { addressWords } from './links.ts';

const RTM_GETNEIGH = 30;
/** Words of `struct ndmsg`. */
const HEAD = 3;
const NDA_DST = 1;

/** Bits of states: reachable, stale, delayed, being probed, permanent. It is, or lately was, there. */
export const WAS_THERE = 0x02 | 0x04 | 0x08 | 0x10 | 0x80;

/**
 * Hears of each neighbour of a family: words of its address, number of the interface, and its state.
 * Needs no privilege. Throws `SystemCallError`, `NativeUnavailable`.
 */
export function eachNeighbour(
  family: 4 | 6,
  visit: (words: readonly number[], interfaceIndex: number, state: number) => void,
): void {
  const wanted = family === 4 ? AF_INET : AF_INET6;
  const length = family === 4 ? 4 : 16;
  const netlink = new NetlinkSocket(NETLINK_ROUTE);
  try {
    const request = new Uint8Array(4 * HEAD);
    request[0] = wanted;
    netlink.dump(RTM_GETNEIGH, request, (_type, words, start, end) => {
      if ((words[start]! & 255) !== wanted) return;
      eachAttribute(words, start + HEAD, end, (type, at, octets) => {
        if (type !== NDA_DST || octets !== length) return;
        visit(addressWords(words, at, octets), words[start + 1]!, words[start + 2]! & 0xffff);
      });
    });
  } finally {
    netlink.close();
  }
}

/** Whether the kernel has found that address on a link. True, too, where it does not tell. */
export function hasNeighbour(words: readonly number[]): boolean {
  let found = false;
  try {
    eachNeighbour(words.length === 1 ? 4 : 6, (each, _interface, state) => {
      const same = each.every((word, index) => word === words[index]);
      found ||= same && (state & WAS_THERE) !== 0;
    });
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return true;
  }
  return found;
}
