/** Turns a filter into a test of flow rows and, where one packet can tell, of packet rows. */
import type { Chunk } from '../../flow/chunk.ts';
import type { ExtensionWords } from '../../flow/extensions.ts';
import { FAMILY_6, P_DESTINATION, P_KIND, P_PORTS, P_SOURCE } from '../../wire/packet-batch.ts';
import { FlowFacts } from '../flow-facts.ts';
import type { Expression } from './parse.ts';
import type { FilterWorld, FlowRow, PacketRow, Tests } from './row-tests.ts';
import { testsOf } from './terms.ts';

/** Asked one row at a time: it has one record, which is re-aimed at each. */
export class FlowFilter {
  /** Whether packets can be tested too. */
  readonly knowsPackets: boolean;
  private readonly tests: Tests;
  private readonly row: { -readonly [Key in keyof FlowRow]: FlowRow[Key] };
  private readonly packet = {
    source: 0,
    destination: 0,
    sourcePort: 0,
    destinationPort: 0,
    protocol: 0,
    family: 0,
  };

  /** Throws `FilterError`. */
  constructor(expression: Expression, world: FilterWorld) {
    this.tests = compile(expression, world);
    this.knowsPackets = this.tests.packet !== undefined;
    this.row = { facts: new FlowFacts(), chunk: undefined as never, base: 0, decision: 0 };
  }

  /** Whether the flow in the row at `base` is meant. */
  accepts(chunk: Chunk, base: number, decision: number, extensions: ExtensionWords): boolean {
    const { row } = this;
    row.facts.read(chunk, base, decision, extensions);
    row.chunk = chunk;
    row.base = base;
    row.decision = decision;
    return this.tests.flow(row);
  }

  /** Whether the packet in the row at `at` is meant; only where `knowsPackets`. */
  acceptsPacket(words: Int32Array, at: number): boolean {
    const { packet } = this;
    const kind = words[at + P_KIND]!;
    const ports = words[at + P_PORTS]!;
    packet.source = words[at + P_SOURCE]!;
    packet.destination = words[at + P_DESTINATION]!;
    packet.sourcePort = ports >>> 16;
    packet.destinationPort = ports & 0xffff;
    packet.protocol = kind & 0xff;
    packet.family = kind & FAMILY_6;
    return this.tests.packet!(packet);
  }
}

function compile(expression: Expression, world: FilterWorld): Tests {
  if (expression.kind === 'term') return testsOf(expression, world);
  if (expression.kind === 'not') {
    const { flow, packet } = compile(expression.part, world);
    return {
      flow: (row) => !flow(row),
      ...(packet === undefined ? {} : { packet: (row) => !packet(row) }),
    };
  }
  const parts = expression.parts.map((part) => compile(part, world));
  const flows = parts.map(({ flow }) => flow);
  const packets = parts.flatMap(({ packet }) => (packet === undefined ? [] : [packet]));
  const all = expression.kind === 'and';
  return {
    flow: (row) => (all ? flows.every((test) => test(row)) : flows.some((test) => test(row))),
    ...(packets.length < parts.length
      ? {}
      : {
          packet: (row: PacketRow) =>
            all ? packets.every((test) => test(row)) : packets.some((test) => test(row)),
        }),
  };
}
