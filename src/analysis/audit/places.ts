/**
 * Inward or outward: from the interfaces and zones a device names, and from addresses. The user's
 * word comes first, then names that say it themselves (`outside`, `wan`), then addresses, and for
 * two public addresses what the device declares.
 */

import { DIRECTIONS } from '../../model/verdict.ts';
import { GROUP, NOBODY, OUTSIDE, type ZoneTable } from '../zones.ts';
import type { Context } from './contexts.ts';
import {
  FAMILY_4,
  FAMILY_6,
  FAMILY_NAME,
  FAMILY_ZONE,
  K_FAMILY,
  K_GROUP,
} from './verdict-table.ts';

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

export class Places {
  private readonly zones: ZoneTable;
  private readonly names: readonly string[];
  private readonly told: ReadonlyMap<string, number>;
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
    this.told = new Map(rules.map(({ name, zone }) => [name, this.zoneNumber(zone)]));
  }

  /** Zone of the client: index into the zone table's names. */
  client(word: number, kind: number, context: Context): number {
    return this.zoneOf(word, kind, context.inInterface, context.inZone);
  }

  server(word: number, kind: number, context: Context): number {
    if ((kind >>> K_GROUP) & 1) return GROUP;
    return this.zoneOf(word, kind, context.outInterface, context.outZone);
  }

  way(client: number, server: number, context: Context): number {
    if (client !== OUTSIDE && server !== OUTSIDE) return INTERNAL;
    if (client === OUTSIDE && server !== OUTSIDE) return INWARD;
    if (client !== OUTSIDE) return OUTWARD;
    const declared = DIRECTIONS[context.direction];
    if (declared === 'inbound') return INWARD;
    return declared === 'outbound' ? OUTWARD : THROUGH;
  }

  private zoneOf(word: number, kind: number, itsInterface: number, itsZone: number): number {
    const family = (kind >>> K_FAMILY) & 3;
    const byAddress = this.byAddress(family, word);
    // Groups and the unspecified address are what they are wherever they are seen.
    if (byAddress === GROUP || byAddress === NOBODY) return byAddress;
    const byInterface = this.ofName(itsInterface);
    if (byInterface !== UNKNOWN) return byInterface;
    const byZone = this.ofName(itsZone);
    if (byZone !== UNKNOWN) return byZone;
    return byAddress === UNKNOWN ? OUTSIDE : byAddress;
  }

  private byAddress(family: number, word: number): number {
    if (family === FAMILY_4) return this.zones.of4(word);
    if (family === FAMILY_6) return this.zones.of6(this.words(), 4 * word);
    if (family === FAMILY_NAME) return UNKNOWN;
    return family === FAMILY_ZONE && word > 0 ? word - 1 : UNKNOWN;
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
    const told = this.told.get(name);
    if (told !== undefined) return told;
    if (OUTSIDE_NAMES.test(name)) return OUTSIDE;
    return INSIDE_NAMES.test(name) ? INSIDE : UNKNOWN;
  }

  private zoneNumber(name: string): number {
    const known = this.zones.names.indexOf(name);
    return known >= 0 ? known : this.zones.names.push(name) - 1;
  }
}
