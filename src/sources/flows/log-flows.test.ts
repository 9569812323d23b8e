/** Records of logs into flows: who serves, what came of it, and what counts once. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FlowFacts, OUTCOMES } from '../../analysis/flow-facts.ts';
import { FlowIndex } from '../../analysis/flow-index.ts';
import { reasonOf } from '../../flow/decision.ts';
import { DirectionLadder } from '../../flow/direction.ts';
import { FlowSet } from '../../flow/flow-set.ts';
import { NameTable } from '../../model/name-table.ts';
import { ALLOW, BY_DESTINATION, BY_SOURCE, DENY, SUMMARY } from '../../model/verdict.ts';
import { VerdictBatch } from '../../model/verdict-batch.ts';
import { AddressPool } from '../../net/address-pool.ts';
import { LogFlows } from './log-flows.ts';

const CLIENT = 0x0a00010a;
const SERVER = 0x0a000214;

interface Told {
  readonly format?: string;
  readonly back?: boolean;
  readonly ports?: readonly [client: number, server: number];
  readonly protocol?: number;
  readonly flags?: number;
  readonly flagsBack?: number;
  readonly packetsBack?: number;
  readonly bytesBack?: number;
  readonly action?: number;
  readonly packet?: boolean;
  readonly initiator?: number;
  readonly timeMs?: number;
  readonly device?: string;
  readonly sampled?: boolean;
  readonly six?: boolean;
}

function put(batch: VerdictBatch, told: Told): void {
  const {
    format = 'netflow',
    back = false,
    ports = [50_000, 443],
    protocol = 6,
    six = false,
  } = told;
  batch.formatName = batch.names.internText(format);
  const row = batch.begin();
  batch.family[row] = six ? 6 : 4;
  const ends = [CLIENT, SERVER].map((end) =>
    six ? batch.addresses.intern(0x20010db8, 0, 0, end) : end,
  );
  batch.source[row] = ends[back ? 1 : 0]!;
  batch.destination[row] = ends[back ? 0 : 1]!;
  batch.sourcePort[row] = ports[back ? 1 : 0];
  batch.destinationPort[row] = ports[back ? 0 : 1];
  batch.protocol[row] = protocol;
  batch.action[row] = told.action ?? 0;
  batch.event[row] = told.packet ? 0 : SUMMARY;
  batch.initiator[row] = told.initiator ?? 0;
  batch.timeMs[row] = told.timeMs ?? (back ? 1_000_005 : 1_000_000);
  batch.packets[row] = 3 + Math.max(0, told.packetsBack ?? 0);
  batch.bytes[row] = 300 + Math.max(0, told.bytesBack ?? 0);
  batch.packetsBack[row] = told.packetsBack ?? -1;
  batch.bytesBack[row] = told.bytesBack ?? -1;
  batch.tcpFlags[row] = told.flags ?? -1;
  batch.flagsBack[row] = told.flagsBack ?? -1;
  batch.sampled[row] = told.sampled ? 1 : 0;
  if (told.device !== undefined) batch.device[row] = batch.names.internText(told.device);
  batch.commit();
}

function flowsOf(records: readonly Told[]) {
  const addresses = new AddressPool();
  const flows = new LogFlows(0, addresses, ['fw.log'], 1000, 7);
  const batch = new VerdictBatch(new AddressPool(), new NameTable(), (full) => flows.add(full));
  for (const told of records) put(batch, told);
  batch.flush();
  const part = flows.rows.finish();
  const found: object[] = [];
  const facts = new FlowFacts();
  new FlowSet([part], new DirectionLadder()).visit((chunk, base, decision, extensions) => {
    facts.read(chunk, base, decision, extensions);
    found.push({
      port: facts.port,
      outcome: OUTCOMES[facts.outcome],
      reason: reasonOf(decision),
      sent: [facts.packetsToServer, facts.bytesToServer],
      came: [facts.packetsToClient, facts.bytesToClient],
    });
  });
  return { found, flows, part };
}

const WAYS = { sent: [3, 300], came: [3, 300] };

describe('flows of logs', () => {
  it.each<[string, Told[], object]>([
    [
      'both ways of a handshake',
      [{ flags: 0x1b }, { back: true, flags: 0x1b }],
      { port: 443, outcome: 'handshake', reason: 'syn', ...WAYS },
    ],
    [
      'the way back exported first',
      [{ back: true, flags: 0x1b }, { flags: 0x1b }],
      { port: 443, outcome: 'handshake', reason: 'syn', ...WAYS },
    ],
    [
      'a server on the higher port, by times',
      [
        { ports: [1025, 40_000], flags: 0x1b },
        { ports: [1025, 40_000], back: true, flags: 0x1b },
      ],
      { port: 40_000, outcome: 'handshake', ...WAYS },
    ],
    [
      'a refusal',
      [{ flags: 2 }, { back: true, flags: 0x14 }],
      { port: 443, outcome: 'refused', reason: 'syn', ...WAYS },
    ],
    ['an attempt', [{ flags: 2 }], { outcome: 'unanswered', sent: [3, 300], came: [0, 0] }],
    ['an attempt, sampled', [{ flags: 2, sampled: true }], { outcome: 'logged' }],
    [
      'one way of what may be either end’s',
      [{ flags: 0x1b, ports: [443, 50_000] }],
      { port: 443, outcome: 'likely', reason: 'port-class' },
    ],
    [
      'datagrams both ways',
      [{ protocol: 17 }, { protocol: 17, back: true }],
      { port: 443, outcome: 'likely', reason: 'port-class', ...WAYS },
    ],
    [
      'a record of both ways',
      [
        {
          format: 'zeek',
          initiator: BY_SOURCE,
          flags: 0x1a,
          flagsBack: 0x12,
          packetsBack: 2,
          bytesBack: 90,
        },
      ],
      { port: 443, outcome: 'handshake', reason: 'declared', sent: [3, 300], came: [2, 90] },
    ],
    [
      'a record whose destination began',
      [
        {
          format: 'zeek',
          ports: [443, 50_000],
          initiator: BY_DESTINATION,
          packetsBack: 2,
          bytesBack: 90,
        },
      ],
      { port: 443, reason: 'declared', sent: [2, 90], came: [3, 300] },
    ],
    [
      'a line of a firewall that passed',
      [{ format: 'netfilter', packet: true, flags: 2, action: ALLOW, initiator: BY_SOURCE }],
      { port: 443, outcome: 'logged' },
    ],
    [
      'packets of a firewall both ways',
      [
        { format: 'netfilter', packet: true, flags: 2 },
        { format: 'netfilter', packet: true, back: true, flags: 0x12 },
      ],
      { port: 443, outcome: 'handshake', ...WAYS },
    ],
    [
      'one sample, which is of one packet',
      [{ format: 'sflow', sampled: true, ports: [50_000, 60_000], back: true, flags: 0x12 }],
      { port: 60_000, reason: 'syn-ack' },
    ],
    [
      'a line that denies',
      [{ format: 'netfilter', packet: true, flags: 2, action: DENY }],
      { outcome: 'denied' },
    ],
    [
      'denied first, then allowed',
      [
        { format: 'netfilter', packet: true, flags: 2, action: DENY },
        { format: 'netfilter', packet: true, flags: 2, action: ALLOW },
      ],
      { outcome: 'logged', sent: [6, 600] },
    ],
    [
      'IPv6',
      [
        { six: true, flags: 0x1b },
        { six: true, back: true, flags: 0x1b },
      ],
      { outcome: 'handshake', ...WAYS },
    ],
  ])('%s', (_, records, wanted) => {
    const { found } = flowsOf(records);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject(wanted);
  });

  it('are apart for each device, and for each record of both ways', () => {
    expect(flowsOf([{ device: 'r1' }, { device: 'r2' }]).found).toHaveLength(2);
    const whole: Told = { format: 'zeek', packetsBack: 1, bytesBack: 1 };
    expect(flowsOf([whole, whole]).found).toHaveLength(2);
  });

  it('lose no packet and no octet, however they come', () => {
    const told = fc.record({
      back: fc.boolean(),
      ports: fc.tuple(fc.nat(3), fc.nat(3)),
      protocol: fc.constantFrom(6, 17, 47),
      flags: fc.nat(0x3f),
      packetsBack: fc.constantFrom(-1, 0, 5),
      initiator: fc.nat(2),
      timeMs: fc.nat(5),
    });
    fc.assert(
      fc.property(fc.array(told, { maxLength: 40 }), (records) => {
        const { found } = flowsOf(records);
        const sum = found.reduce<number>((all, flow) => {
          const { sent, came } = flow as { sent: number[]; came: number[] };
          return all + sent[0]! + came[0]!;
        }, 0);
        const whole = records.reduce(
          (all, { packetsBack }) => all + 3 + Math.max(0, packetsBack),
          0,
        );
        expect(sum).toBe(whole);
      }),
      { numRuns: 200 },
    );
  });

  it('are known again whichever way round, in the same time', () => {
    const { part } = flowsOf([{ timeMs: 1_000_000 }]);
    const index = new FlowIndex(10, 3);
    index.add(part.chunks[0]!.words, 0);
    const known = (told: Told): boolean => index.has(flowsOf([told]).part.chunks[0]!.words, 0);
    expect(known({ back: true, timeMs: 1_030_000 })).toBe(true);
    expect(known({ timeMs: 1_070_000 })).toBe(false);
    expect(known({ timeMs: 0 })).toBe(true);
    expect(known({ ports: [50_000, 444] })).toBe(false);
    expect(known({ protocol: 17 })).toBe(false);
  });

  it('keep to their limit, and say so', () => {
    const flows = new LogFlows(0, new AddressPool(), [], 5, 7);
    const batch = new VerdictBatch(new AddressPool(), new NameTable(), (full) => flows.add(full));
    for (let port = 1; port <= 9; port++) put(batch, { ports: [port, 80] });
    batch.flush();
    expect([flows.rows.count, flows.rows.lost]).toEqual([5, 4]);
  });
});
