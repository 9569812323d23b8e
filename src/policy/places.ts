/**
 * Where packets come in and go out, for filters that ask for interfaces. What passes between two
 * zones is taken to use the interfaces of those zones, any of them. An interface that rules name
 * and that belongs to no zone may carry every packet: nothing is known of what lies behind it, and
 * what a rule lets in there must not be overlooked.
 */
import type { AddressRange } from '../net/address-range.ts';
import { complementRanges, mergeRanges } from '../net/address-range.ts';
import type { Node } from '../net/decision-diagram.ts';
import { ALL_PACKETS, type HeaderSpaces } from '../net/header-space.ts';
import type { Vantage } from './evaluate.ts';
import type { Filter, Hook } from './filter.ts';
import type { Zone } from './intent.ts';

/** Names of interfaces that rules ask for. */
export interface PlacesAsked {
  readonly in: ReadonlySet<string>;
  readonly out: ReadonlySet<string>;
}

/** Packets that are looked at together, with where they come in and go out. */
export interface View {
  readonly vantage: Vantage;
  readonly packets: Node;
  readonly from?: string;
  readonly to?: string;
}

/** Also those that rules ask not to be: which interface it is matters to them, too. */
export function placesAskedOf(filters: readonly Filter[]): PlacesAsked {
  const asked = { in: new Set<string>(), out: new Set<string>() };
  for (const { chains } of filters) {
    for (const { match } of chains.flatMap(({ rules }) => rules)) {
      for (const name of match.inInterfaces ?? []) asked.in.add(name);
      for (const name of match.notInInterfaces ?? []) asked.in.add(name);
      for (const name of match.outInterfaces ?? []) asked.out.add(name);
      for (const name of match.notOutInterfaces ?? []) asked.out.add(name);
    }
  }
  return asked;
}

/** One end of what is forwarded. */
interface End {
  /** Undefined: outside all zones, by an interface no rule names. */
  readonly label?: string;
  /** Undefined: any address. */
  readonly addresses?: readonly AddressRange[];
  readonly names: readonly string[];
}

/** The zones' interfaces as far as rules tell them apart, and what lies in no zone. */
function zoneEnds(zones: readonly Zone[], asked: ReadonlySet<string>): End[] {
  const ends = zones.flatMap(({ name, addresses, interfaces }): End[] => {
    const told = interfaces.filter((one) => asked.has(one));
    const others = told.length < interfaces.length || interfaces.length === 0 ? [[name]] : [];
    return [...told.map((one) => [name, one]), ...others].map((names) => ({
      ...{ label: name, addresses, names },
    }));
  });
  const outside = complementRanges(mergeRanges(zones.flatMap(({ addresses }) => addresses)));
  return [...ends, { addresses: outside, names: [] }];
}

/** Interfaces that rules ask for and that are no zone's. */
function strangeEnds(zones: readonly Zone[], asked: ReadonlySet<string>): End[] {
  const known = new Set(zones.flatMap(({ name, interfaces }) => [name, ...interfaces]));
  return [...asked]
    .filter((name) => !known.has(name))
    .map((name) => ({ label: `interface ${name}`, names: [name] }));
}

/** What is forwarded, by where it comes in and goes out: every packet in one view or more. */
export function between(
  spaces: HeaderSpaces,
  zones: readonly Zone[],
  asked: PlacesAsked,
): readonly View[] {
  if (asked.in.size + asked.out.size === 0) {
    return [{ vantage: { hook: 'forward' }, packets: ALL_PACKETS }];
  }
  const [ins, outs] = [zoneEnds(zones, asked.in), zoneEnds(zones, asked.out)];
  const views = pairs(spaces, ins, outs);
  const [strangeIns, strangeOuts] = [strangeEnds(zones, asked.in), strangeEnds(zones, asked.out)];
  views.push(...pairs(spaces, strangeIns, [...toldApart(outs, asked.out), ...strangeOuts]));
  views.push(...pairs(spaces, toldApart(ins, asked.in), strangeOuts));
  return views;
}

/** Of the ends those whose interfaces rules ask for, and one for all others. */
function toldApart(ends: readonly End[], asked: ReadonlySet<string>): End[] {
  return [...ends.filter(({ names }) => names.some((name) => asked.has(name))), { names: [] }];
}

function pairs(spaces: HeaderSpaces, ins: readonly End[], outs: readonly End[]): View[] {
  return ins.flatMap((from) =>
    outs.map((to): View => {
      const { addresses: source } = from;
      const { addresses: destination } = to;
      const packets = spaces.matched({
        ...(source === undefined ? {} : { source }),
        ...(destination === undefined ? {} : { destination }),
      });
      return {
        vantage: { hook: 'forward', inNames: from.names, outNames: to.names },
        packets,
        ...(from.label === undefined ? {} : { from: from.label }),
        ...(to.label === undefined ? {} : { to: to.label }),
      };
    }),
  );
}

/**
 * What a machine itself receives or sends: any of its packets by every interface that rules name,
 * and by one that none names. Nothing leaves at `input`, and nothing came in at `output`.
 */
export function atMachine(
  hook: Exclude<Hook, 'forward'>,
  asked: PlacesAsked,
  packets: Node,
): readonly View[] {
  const side = hook === 'input' ? 'in' : 'out';
  const named = [...asked[side]].map((name): View => {
    const vantage = side === 'in' ? { hook, inNames: [name] } : { hook, outNames: [name] };
    const label = `interface ${name}`;
    return { vantage, packets, ...(side === 'in' ? { from: label } : { to: label }) };
  });
  return [{ vantage: { hook }, packets }, ...named];
}
