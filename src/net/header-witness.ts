/**
 * Looks into sets of packets: one packet of a set (a witness), whether a packet is in it, and how
 * many packets there are.
 */
import type { Address, Family } from './address.ts';
import type { Node } from './decision-diagram.ts';
import {
  DESTINATION,
  DESTINATION_PORT,
  FAMILY,
  FIELD_MAXIMA,
  fieldCounts,
  fieldOf,
  LATER_FRAGMENT,
  type Layer4,
  layer4Of,
  type PacketHeader,
  PROTOCOL,
  SOURCE,
  SOURCE_PORT,
  STATE,
  STATES,
  SYN,
  TCP,
  TCP_FLAGS,
} from './header-fields.ts';
import type { HeaderSpaces } from './header-space.ts';

/** The terminal that a set or map has for the packet. */
export function lookUp(spaces: HeaderSpaces, root: Node, packet: PacketHeader): number {
  let node = root;
  while (!spaces.isTerminal(node)) {
    node = spaces.childAt(node, fieldOf(packet, spaces.levelOf(node)));
  }
  return node;
}

/** What a witness shows where the set does not care; documentation addresses, a client's port. */
const PREFERRED: ReadonlyMap<number, readonly number[]> = new Map([
  [PROTOCOL, [TCP, 17, 1, 58]],
  [SOURCE_PORT, [50_000]],
  [DESTINATION_PORT, [1]],
  [TCP_FLAGS, [SYN]],
]);
const ANY_SOURCE: Readonly<Record<Family, readonly number[]>> = {
  4: [0xc0000201],
  6: [0x20010db8, 0, 0, 1],
};
const ANY_DESTINATION: Readonly<Record<Family, readonly number[]>> = {
  4: [0xc6336401],
  6: [0x20010db8, 0, 0, 2],
};

/**
 * One packet that the set (or map) does not send to 0; undefined when there is none. The same set
 * gives the same packet: where it has a choice, the lowest, but TCP before other protocols.
 */
export function witness(spaces: HeaderSpaces, root: Node): PacketHeader | undefined {
  if (root === 0) return undefined;
  const values = new Array<number>(FIELD_MAXIMA.length).fill(-1);
  let node = root;
  while (!spaces.isTerminal(node)) {
    const field = spaces.levelOf(node);
    const value = chosen(spaces, node, PREFERRED.get(field) ?? []);
    values[field] = value;
    node = spaces.childAt(node, value);
  }
  return packetOf(values);
}

function chosen(spaces: HeaderSpaces, node: Node, preferred: readonly number[]): number {
  for (const value of preferred) {
    if (spaces.childAt(node, value) !== 0) return value;
  }
  let lowest = -1;
  spaces.forEachEdge(node, (first, _last, child) => {
    if (lowest < 0 && child !== 0) lowest = first;
  });
  return lowest;
}

/** Values by field, -1 where any will do. */
function packetOf(values: readonly number[]): PacketHeader {
  const family: Family = values[FAMILY] === 1 ? 6 : 4;
  const laterFragment = values[LATER_FRAGMENT] === 1;
  const protocol = values[PROTOCOL]! < 0 ? TCP : values[PROTOCOL]!;
  const layer4 = layer4Of(family, protocol);
  const value = (field: number, otherwise: number) => {
    if (!fieldCounts(field, family, laterFragment, layer4)) return 0;
    return values[field]! < 0 ? otherwise : values[field]!;
  };
  const address = (from: number, any: readonly number[]): Address => {
    const own = any.map((_, index) => values[from + index]!);
    const free = own.every((word) => word < 0);
    return { family, words: free ? any : own.map((word) => Math.max(0, word)) };
  };
  return {
    state: STATES[Math.max(0, values[STATE]!)]!,
    family,
    source: address(SOURCE, ANY_SOURCE[family]),
    destination: address(DESTINATION, ANY_DESTINATION[family]),
    laterFragment,
    protocol,
    sourcePort: value(SOURCE_PORT, 50_000),
    destinationPort: value(DESTINATION_PORT, 1),
    icmpType: value(14, 0),
    icmpCode: value(15, 0),
    tcpFlags: value(TCP_FLAGS, SYN),
  };
}

interface Context {
  readonly family: Family;
  readonly laterFragment: boolean;
  readonly layer4: Layer4;
}

/** How many packets the set holds; fields that a packet does not have are not counted. */
export function countPackets(spaces: HeaderSpaces, root: Node): bigint {
  const known = new Map<string, bigint>();
  const visit = (node: Node, field: number, context: Context): bigint => {
    if (node === 0) return 0n;
    if (field === FIELD_MAXIMA.length) return 1n;
    const { family, laterFragment, layer4 } = context;
    const key = `${node} ${field} ${family} ${laterFragment} ${layer4}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    let count = 0n;
    const edge = (first: number, last: number, child: Node) => {
      for (const [weight, next] of classes(field, first, last, context)) {
        if (weight > 0) count += BigInt(weight) * visit(child, field + 1, next);
      }
    };
    if (!fieldCounts(field, family, laterFragment, layer4)) edge(0, 0, node);
    else if (spaces.levelOf(node) === field) spaces.forEachEdge(node, edge);
    else edge(0, FIELD_MAXIMA[field]!, node);
    known.set(key, count);
    return count;
  };
  return visit(root, 0, { family: 4, laterFragment: false, layer4: 'none' });
}

/** Cuts an interval of a field into parts alike in what the later fields mean, with their sizes. */
function classes(field: number, first: number, last: number, before: Context): [number, Context][] {
  const holds = (value: number) => first <= value && value <= last;
  const parts: [number, Context][] = [];
  if (field === FAMILY) {
    if (holds(0)) parts.push([1, { ...before, family: 4 }]);
    if (holds(1)) parts.push([1, { ...before, family: 6 }]);
    return parts;
  }
  if (field === LATER_FRAGMENT) {
    if (holds(0)) parts.push([1, { ...before, laterFragment: false }]);
    if (holds(1)) parts.push([1, { ...before, laterFragment: true }]);
    return parts;
  }
  if (field !== PROTOCOL) return [[last - first + 1, before]];
  const sizes = new Map<Layer4, number>();
  for (let protocol = first; protocol <= last; protocol++) {
    const layer4 = layer4Of(before.family, protocol);
    sizes.set(layer4, (sizes.get(layer4) ?? 0) + 1);
  }
  return [...sizes].map(([layer4, size]) => [size, { ...before, layer4 }]);
}
