/**
 * MAC addresses of hosts, from Ethernet headers and ARP (RFC 826), in a bounded table. A frame's
 * source is the host itself only where no router lies between: a MAC that sends for an address of
 * the internet, or for many, forwards for others and is nobody's.
 */
import { FAMILY_6 } from '../wire/packet-batch.ts';
import { EndpointTable } from './endpoint-table.ts';

/** No network of one link has more cards: with more MAC addresses than this they are forged. */
const MOST_MACS = 16_384;
/** Addresses of one host: a few of IPv4, and those that IPv6 hands out freely. */
const MOST_IPV4 = 2;
const MOST_IPV6 = 6;
const SLOTS = MOST_IPV4 + MOST_IPV6;
/** Words per MAC: numbers of addresses of either family, flags, then the addresses. */
const WORDS = 3 + SLOTS;
const COUNT_4 = 0;
const COUNT_6 = 1;
const FLAGS = 2;
const ADDRESSES = 3;
const FORWARDS = 1;
/** Notes remembered; a power of two. 64 KiB, of which each note is one cache line. */
const RECENT = 1 << 12;
const RECENT_WORDS = 4;
/** Tells a note that is remembered from an empty place. */
const IN_USE = 1 << 25;

/** A host and the MAC address it sends from. */
export interface LinkHost {
  readonly address: number;
  readonly family: number;
  /** `00:00:0c:12:34:56`. */
  readonly mac: string;
}

/** At most 16,384 MAC addresses: with more, none is told to be anybody's. */
export class LinkHosts {
  private readonly table = new EndpointTable();
  private words = new Int32Array(WORDS * 64);
  /** Notes made lately: lower and upper part of the MAC address, address, unused. */
  private readonly recent = new Int32Array(RECENT * RECENT_WORDS);

  /**
   * Remembers what is about to be noted. Returns whether it is remembered already: noting it once
   * more would change nothing then.
   */
  remembers(high: number, low: number, address: number, family: number): boolean {
    const { recent } = this;
    const mixed = Math.imul(address ^ Math.imul(low, 0x85ebca6b), 0x9e3779b1);
    const at = (mixed >>> 20) * RECENT_WORDS;
    const place = high | (family << 16) | IN_USE;
    if (recent[at] === low && recent[at + 1] === place && recent[at + 2] === address) return true;
    recent[at] = low;
    recent[at + 1] = place;
    recent[at + 2] = address;
    return false;
  }

  /**
   * Notes that a frame with this source MAC (upper 16 and lower 32 bits) came from an address.
   *
   * @param local the address is of a kind that is used inside networks only
   */
  note(high: number, low: number, address: number, family: number, local: boolean): void {
    // Group addresses send nothing, and loopback has no address.
    if ((high & 0x100) !== 0 || (high | low) === 0) return;
    const table = this.table;
    if (table.count > MOST_MACS) return;
    const entry = table.intern(low, high, 0);
    if (WORDS * table.count > this.words.length) this.grow();
    const words = this.words;
    const at = WORDS * entry;
    if ((words[at + FLAGS]! & FORWARDS) !== 0) return;
    if (!local) {
      words[at + FLAGS]! |= FORWARDS;
      return;
    }
    const six = family === FAMILY_6;
    const from = at + ADDRESSES + (six ? MOST_IPV4 : 0);
    const count = words[at + (six ? COUNT_6 : COUNT_4)]!;
    for (let index = 0; index < count; index++) if (words[from + index] === address) return;
    if (count === (six ? MOST_IPV6 : MOST_IPV4)) words[at + FLAGS]! |= FORWARDS;
    else {
      words[from + count] = address;
      words[at + (six ? COUNT_6 : COUNT_4)] = count + 1;
    }
  }

  /**
   * Hosts with their own MAC address, without those that two MAC addresses sent for; none when
   * there were more MAC addresses than a network has.
   */
  hosts(): LinkHost[] {
    const found = new Map<string, LinkHost | null>();
    const { table, words } = this;
    if (table.count > MOST_MACS) return [];
    for (let entry = 0; entry < table.count; entry++) {
      const at = WORDS * entry;
      if ((words[at + FLAGS]! & FORWARDS) !== 0) continue;
      const mac = macText(table.port(entry), table.address(entry));
      for (let index = 0; index < SLOTS; index++) {
        const six = index >= MOST_IPV4;
        const place = six ? index - MOST_IPV4 : index;
        if (place >= words[at + (six ? COUNT_6 : COUNT_4)]!) continue;
        const family = six ? FAMILY_6 : 0;
        const address = words[at + ADDRESSES + index]!;
        const key = `${family} ${address}`;
        found.set(key, found.has(key) ? null : { address, family, mac });
      }
    }
    return [...found.values()].filter((host) => host !== null);
  }

  private grow(): void {
    const larger = new Int32Array(2 * this.words.length);
    larger.set(this.words);
    this.words = larger;
  }
}

function macText(high: number, low: number): string {
  const digits = (high * 2 ** 32 + (low >>> 0)).toString(16).padStart(12, '0');
  return digits.replace(/(..)(?=.)/g, '$1:');
}
