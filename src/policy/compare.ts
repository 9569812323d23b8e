/**
 * Compares two filters packet by packet, for all packets: what one lets through and the other does
 * not, with the smallest packet of each difference.
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

/** Packets that are looked at together: between two zones, or all of them. */
interface View {
  readonly vantage: Vantage;
  readonly packets: Node;
  readonly from?: string;
  readonly to?: string;
}

export interface Difference {
  /** `missing`: only the first filter lets it through; `extra`: only the second one does. */
  readonly kind: 'missing' | 'extra';
  /** Zones, where the filters look at interfaces. */
  readonly from?: string;
  readonly to?: string;
  /** Left out for what is forwarded. */
  readonly hook?: Hook;
  /** The same two filters always give the same packet. */
  readonly packet: PacketHeader;
  /** How many packets differ in this way. */
  readonly packets: bigint;
}

/** Whether any rule looks at interfaces. */
function usesInterfaces({ chains }: Filter): boolean {
  return chains.some(({ rules }) =>
    rules.some(
      ({ match }) =>
        match.inInterfaces !== undefined ||
        match.outInterfaces !== undefined ||
        match.notInInterfaces !== undefined ||
        match.notOutInterfaces !== undefined,
    ),
  );
}

/**
 * Every packet in exactly one view. Where rules look at interfaces, packets between two zones are
 * taken to use the interfaces of those zones, and all others interfaces no rule names.
 */
function viewsOf(
  spaces: HeaderSpaces,
  filters: readonly Filter[],
  zones: readonly Zone[],
  hook: Hook,
  all: Node,
): View[] {
  if (!filters.some(usesInterfaces)) return [{ vantage: { hook }, packets: all }];
  const views: View[] = [];
  let rest: Node = all;
  const names = (zone: Zone) => [zone.name, ...zone.interfaces];
  for (const from of zones) {
    for (const to of zones) {
      const between = spaces.matched({ source: from.addresses, destination: to.addresses });
      const vantage = { hook, inNames: names(from), outNames: names(to) };
      const packets = spaces.intersection(between, rest);
      rest = spaces.difference(rest, between);
      views.push({ vantage, packets, from: from.name, to: to.name });
    }
  }
  views.push({ vantage: { hook }, packets: rest });
  return views;
}

/** The packets there can be at the hook. */
function packetsAt(spaces: HeaderSpaces, hook: Hook, { hosts }: Extent): Node {
  if (hosts === undefined || hook === 'forward') return ALL_PACKETS;
  return spaces.matched(hook === 'input' ? { destination: hosts } : { source: hosts });
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
  const views = extent.hooks.flatMap((hook) =>
    viewsOf(spaces, [first, second], zones, hook, packetsAt(spaces, hook, extent)),
  );
  for (const { vantage, packets, from, to } of views) {
    const one = spaces.intersection(acceptedBy(spaces, first, vantage), packets);
    const two = spaces.intersection(acceptedBy(spaces, second, vantage), packets);
    const add = (kind: Difference['kind'], set: Node): void => {
      const packet = witness(spaces, set);
      if (packet === undefined) return;
      const { hook } = vantage;
      const named = {
        ...(from === undefined || to === undefined ? {} : { from, to }),
        ...(hook === 'forward' ? {} : { hook }),
      };
      differences.push({ kind, ...named, packet, packets: countPackets(spaces, set) });
    };
    add('missing', spaces.difference(one, two));
    add('extra', spaces.difference(two, one));
  }
  return differences;
}
