/**
 * Which part of the network an address belongs to: named zones by longest prefix. Private and
 * local addresses are inside unless a zone of the user's says otherwise, everything else outside.
 */
import { type Prefix, parsePrefix } from '../net/prefix.ts';
import { PrefixTable } from '../net/prefix-table.ts';

/** A zone of the user's: `dmz=10.0.1.0/24`. */
export interface ZoneRule {
  readonly name: string;
  readonly prefix: Prefix;
}

/** Index of a zone in `ZoneTable.names`. */
export const OUTSIDE = 0;
const INSIDE = 1;
/** Multicast and broadcast: receivers, never hosts. */
export const GROUP = 2;
/** The unspecified address, which a host without an address sends from. */
export const NOBODY = 3;

const BUILT_IN: readonly (readonly [zone: number, prefixes: readonly string[]])[] = [
  [
    INSIDE,
    // RFC 1918, RFC 6598, RFC 3927, RFC 1122; RFC 4193, RFC 4291.
    [
      ...['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '169.254.0.0/16'],
      ...['127.0.0.0/8', 'fc00::/7', 'fe80::/10', 'fec0::/10', '::1/128'],
    ],
  ],
  [GROUP, ['224.0.0.0/4', '255.255.255.255/32', 'ff00::/8']],
  [NOBODY, ['0.0.0.0/32', '::/128']],
];

const MIXED = 255;
/** Most zones there can be, the built-in ones included. */
export const MOST_ZONES = 250;

/** A zone is its index into `names`, of which there are at most `MOST_ZONES`. */
export class ZoneTable {
  /** Names by index; the first four are built in. */
  readonly names: string[] = ['out', 'in', 'group', 'none'];
  private readonly prefixes = new PrefixTable();
  /** Zone + 1 by the first 16 bits of an IPv4 address; 0 = not known yet, `MIXED` = several. */
  private readonly by16 = new Uint8Array(65_536);

  /** Throws RangeError for more than `MOST_ZONES` zones. */
  constructor(rules: readonly ZoneRule[] = []) {
    for (const [zone, prefixes] of BUILT_IN) {
      for (const prefix of prefixes) this.set(parsePrefix(prefix), zone);
    }
    for (const { name, prefix } of rules) {
      let zone = this.names.indexOf(name);
      if (zone < 0) zone = this.names.push(name) - 1;
      if (zone >= MOST_ZONES) throw new RangeError(`more than ${MOST_ZONES} zones`);
      this.set(prefix, zone);
    }
  }

  /** Zone of an IPv4 address given as a 32-bit integer. */
  of4(address: number): number {
    const known = this.by16[address >>> 16]!;
    if (known !== 0 && known !== MIXED) return known - 1;
    const zone = Math.max(OUTSIDE, this.prefixes.find4(address));
    if (known === 0) this.by16[address >>> 16] = zone + 1;
    return zone;
  }

  /** Zone of the IPv6 address in the four words at `at`. */
  of6(words: ArrayLike<number>, at: number): number {
    return Math.max(OUTSIDE, this.prefixes.find6(words, at));
  }

  private set(prefix: Prefix, zone: number): void {
    this.prefixes.set(prefix, zone);
    if (prefix.family === 4 && prefix.length > 16) this.by16[prefix.words[0]! >>> 16] = MIXED;
  }
}
