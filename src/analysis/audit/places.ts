/**
 * Inward or outward: from the interfaces and zones a device names, and from addresses. The user's
 * word comes first, then names that say it themselves (`outside`, `wan`), then addresses, and for
 * two public addresses what the device declares.
 */

import { GROUP, NOBODY, OUTSIDE, type ZoneTable } from '../zones.ts';
import { FAMILY_4, FAMILY_6, FAMILY_NAME, FAMILY_ZONE } from './verdict-kind.ts';

/** Where traffic goes, seen from the network that is protected. */
export type Way = 'inward' | 'outward' | 'internal' | 'through';
export const WAYS: readonly Way[] = ['inward', 'outward', 'internal', 'through'];
export const INWARD = 0;
export const OUTWARD = 1;
export const INTERNAL = 2;
/** From outside to outside, as far as can be told. */
export const THROUGH = 3;

/** An interface or zone of the device's, and the zone of ours it stands for. */
export interface InterfaceRule {
  readonly name: string;
  readonly zone: string;
}

const OUTSIDE_NAMES =
  /^(?:outside|wan\d*|untrust(?:ed)?|internet|external|ext|public|red\d*|ppp\d+|pppoe.*)$/i;
const INSIDE_NAMES = /^(?:inside|lan\d*|trust(?:ed)?|internal|int|private|green\d*|dmz\d*|local)$/i;
const INSIDE = 1;
const UNKNOWN = -1;

/** Zones are indexes into the zone table's names. What a name tells is worked out once. */
export class Places {
  private readonly zones: ZoneTable;
  private readonly names: readonly string[];
  private readonly rules: ReadonlyMap<string, number>;
  /** Zone of a device's interface or zone by number of its name; `UNKNOWN` when it tells none. */
  private readonly byName = new Map<number, number>();
  private readonly words: () => Int32Array;

  /** @param words the address pool's words; a function, as the pool grows */
  constructor(
    zones: ZoneTable,
    rules: readonly InterfaceRule[],
    names: readonly string[],
    words: () => Int32Array,
  ) {
    this.zones = zones;
    this.names = names;
    this.words = words;
    this.rules = new Map(rules.map(({ name, zone }) => [name, this.zoneNumber(zone)]));
  }

  /** The zone that an address tells: index into the zone table's names, -1 for none. */
  byAddress(family: number, word: number): number {
    if (family === FAMILY_4) return this.zones.of4(word);
    if (family === FAMILY_6) return this.zones.of6(this.words(), 4 * word);
    if (family === FAMILY_NAME) return UNKNOWN;
    return family === FAMILY_ZONE && word > 0 ? word - 1 : UNKNOWN;
  }

  /** The zone that a device's interface, or else its zone, tells; -1 when neither does. */
  told(itsInterface: number, itsZone: number): number {
    const byInterface = this.ofName(itsInterface);
    return byInterface === UNKNOWN ? this.ofName(itsZone) : byInterface;
  }

  private ofName(number: number): number {
    if (number === 0) return UNKNOWN;
    let zone = this.byName.get(number);
    if (zone === undefined) {
      zone = this.judge(this.names[number] ?? '');
      this.byName.set(number, zone);
    }
    return zone;
  }

  private judge(name: string): number {
    const told = this.rules.get(name);
    if (told !== undefined) return told;
    if (OUTSIDE_NAMES.test(name)) return OUTSIDE;
    return INSIDE_NAMES.test(name) ? INSIDE : UNKNOWN;
  }

  private zoneNumber(name: string): number {
    const known = this.zones.names.indexOf(name);
    return known >= 0 ? known : this.zones.names.push(name) - 1;
  }
}

/** The zone of a host, from what its address and its interface tell. */
export function zoneOf(byAddress: number, told: number): number {
  // Groups and the unspecified address are what they are wherever they are seen.
  if (told === UNKNOWN || byAddress === GROUP || byAddress === NOBODY) {
    return byAddress === UNKNOWN ? OUTSIDE : byAddress;
  }
  return told;
}
