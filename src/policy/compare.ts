/**
 * Compares two filters packet by packet, for all packets: what one lets through and the other does
 * not, with the smallest packet of each difference. Where rules ask for interfaces: `places.ts`.
 */
import type { AddressRange } from '../net/address-range.ts';
import type { Node } from '../net/decision-diagram.ts';
import type { PacketHeader } from '../net/header-fields.ts';
import type { HeaderSpaces } from '../net/header-space.ts';
import { ALL_PACKETS } from '../net/header-space.ts';
import { countPackets, witness } from '../net/header-witness.ts';
import { acceptedBy, type Vantage } from './evaluate.ts';
import type { Filter, Hook } from './filter.ts';
import type { Zone } from './intent.ts';
import { atMachine, between, placesAskedOf } from './places.ts';

/** Which packets are compared, and where. */
export interface Extent {
  readonly hooks: readonly Hook[];
  /** Merged: what comes in is for these addresses, what goes out is from them. Undefined = all. */
  readonly hosts?: readonly AddressRange[];
}

/** What passes between zones. */
const FORWARDED: Extent = { hooks: ['forward'] };

/** The hooks at which any of the filters does something. */
export function hooksOf(filters: readonly Filter[]): Hook[] {
  const own = new Set(filters.flatMap(({ chains }) => chains.map(({ hook }) => hook)));
  return (['forward', 'input', 'output'] as const).filter((hook) => own.has(hook));
}

export interface Difference {
  /** `missing`: only the first filter lets it through; `extra`: only the second one does. */
  readonly kind: 'missing' | 'extra';
  /** Zones, where the filters look at interfaces; `interface eth7` for one that is no zone's. */
  readonly from?: string;
  readonly to?: string;
  /** Left out for what is forwarded. */
  readonly hook?: Hook;
  /** The same two filters always give the same packet. */
  readonly packet: PacketHeader;
  /** How many packets differ in this way. */
  readonly packets: bigint;
}

/** The packets there can be at the hook. */
function packetsAt(spaces: HeaderSpaces, hook: Hook, { hosts }: Extent): Node {
  if (hosts === undefined || hook === 'forward') return ALL_PACKETS;
  return spaces.matched(hook === 'input' ? { destination: hosts } : { source: hosts });
}

/** What the filter accepts by vantage; places that it does not tell apart are looked at once. */
function acceptedAt(spaces: HeaderSpaces, filter: Filter): (vantage: Vantage) => Node {
  const asked = placesAskedOf([filter]);
  const known = new Map<string, Node>();
  return (vantage) => {
    const told = (side: ReadonlySet<string>, names: readonly string[] = []) =>
      names.filter((name) => side.has(name));
    const { hook, inNames, outNames } = vantage;
    const key = JSON.stringify([hook, told(asked.in, inNames), told(asked.out, outNames)]);
    const before = known.get(key);
    if (before !== undefined) return before;
    const accepted = acceptedBy(spaces, filter, vantage);
    known.set(key, accepted);
    return accepted;
  };
}

/**
 * All differences, of what is forwarded where nothing else is asked for; none when both let through
 * exactly the same. Throws as `acceptedBy`.
 */
export function compareFilters(
  spaces: HeaderSpaces,
  first: Filter,
  second: Filter,
  zones: readonly Zone[],
  extent: Extent = FORWARDED,
): Difference[] {
  const differences: Difference[] = [];
  const places = placesAskedOf([first, second]);
  const views = extent.hooks.flatMap((hook) => {
    const all = packetsAt(spaces, hook, extent);
    return hook === 'forward' ? between(spaces, zones, places) : atMachine(hook, places, all);
  });
  const [oneLets, twoLets] = [first, second].map((filter) => acceptedAt(spaces, filter));
  for (const { vantage, packets, from, to } of views) {
    const one = spaces.intersection(oneLets!(vantage), packets);
    const two = spaces.intersection(twoLets!(vantage), packets);
    const add = (kind: Difference['kind'], set: Node): void => {
      const packet = witness(spaces, set);
      if (packet === undefined) return;
      const { hook } = vantage;
      const named = {
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
        ...(hook === 'forward' ? {} : { hook }),
      };
      differences.push({ kind, ...named, packet, packets: countPackets(spaces, set) });
    };
    add('missing', spaces.difference(one, two));
    add('extra', spaces.difference(two, one));
  }
  return differences;
}
