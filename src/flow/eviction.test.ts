/** The flow table when it is full: what goes first, and that nothing is lost or counted twice. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ACK, PacketRows, type RowFields, RST, SYN } from '../../test/builders/packet-rows.ts';
import {
  CHUNK_MASK,
  CHUNK_SHIFT,
  E_RETRANSMITTED_A,
  EXTENSION_WORDS,
  F_OCTETS_A,
  R_A,
  R_B,
  R_EXTENSION,
  R_PACKETS_A,
  R_PORTS,
  ROW_WORDS,
} from './flow-row.ts';
import type { FlowPart } from './flow-set.ts';
import { FlowTable, type FlowTableOptions } from './flow-table.ts';

const NOW = 1_700_000_000;
const SERVER = 0x0a000001;

interface Counted {
  readonly key: string;
  readonly packets: number;
  readonly octets: number;
  readonly retransmitted: number;
}

function rowsOf(part: FlowPart): Counted[] {
  return Array.from({ length: part.count }, (_, row) => {
    const { words, floats } = part.chunks[row >>> CHUNK_SHIFT]!;
    const base = (row & CHUNK_MASK) * ROW_WORDS;
    const ports = words[base + R_PORTS]!;
    const ends = [
      `${words[base + R_A]! >>> 0}:${ports >>> 16}`,
      `${words[base + R_B]! >>> 0}:${ports & 0xffff}`,
    ];
    const rare = words[base + R_EXTENSION]! * EXTENSION_WORDS + E_RETRANSMITTED_A;
    const held = part.extensions.words;
    return {
      key: ends.sort().join(' '),
      packets: words[base + R_PACKETS_A]! + words[base + R_PACKETS_A + 1]!,
      octets: floats[(base >>> 1) + F_OCTETS_A]! + floats[(base >>> 1) + F_OCTETS_A + 1]!,
      retransmitted: held[rare]! + held[rare + 1]!,
    };
  });
}

/** A table that keeps what it evicts. */
function keeper(options: FlowTableOptions = {}) {
  const evicted: Counted[] = [];
  const parts: number[] = [];
  const table = new FlowTable({
    ...options,
    onEvict: (part) => {
      evicted.push(...rowsOf(part));
      parts.push(part.count);
    },
  });
  const rows = new PacketRows();
  const take = (words: Int32Array, count: number) => table.consume(words, count);
  return {
    table,
    evicted,
    parts,
    add(fields: RowFields) {
      rows.add(fields);
      rows.flush(take);
    },
    left() {
      rows.flush(take, true);
      return rowsOf(table.finish());
    },
  };
}

const tcp = (client: number, fromClient: boolean, flags: number, seconds: number): RowFields => ({
  protocol: 6,
  source: fromClient ? client : SERVER,
  destination: fromClient ? SERVER : client,
  sport: fromClient ? 40000 : 80,
  dport: fromClient ? 80 : 40000,
  flags,
  seconds,
  length: 40,
});

/** Clients by what became of their attempt. */
const CONFIRMED = 0x0b000000;
const REFUSED = 0x0c000000;
const HALF_OPEN = 0x0d000000;
const FLOOD = 0x20000000;

describe('a full table', () => {
  it('gives up a SYN flood before half-open and refused attempts, and those before connections', () => {
    const k = keeper({ maxFlows: 1024, timeouts: { attempt: 1000, closed: 1000 } });
    for (let index = 0; index < 100; index++) {
      k.add(tcp(CONFIRMED + index, true, SYN, NOW));
      k.add(tcp(CONFIRMED + index, false, SYN | ACK, NOW));
      k.add(tcp(CONFIRMED + index, true, ACK, NOW));
      k.add(tcp(REFUSED + index, true, SYN, NOW + 200));
      k.add(tcp(REFUSED + index, false, RST | ACK, NOW + 200));
      k.add(tcp(HALF_OPEN + index, true, SYN, NOW + 200));
      k.add(tcp(HALF_OPEN + index, false, SYN | ACK, NOW + 200));
    }
    for (let index = 0; index < 100_000; index++) k.add(tcp(FLOOD + index, true, SYN, NOW + 200));
    const left = k.left();
    const kept = (from: number) =>
      left.filter(({ key }) =>
        key.split(/[: ]/).some((part) => Number(part) >= from && Number(part) < from + 100),
      ).length;
    // Newer attempts that led somewhere, and older connections, all outlive the flood.
    expect([kept(CONFIRMED), kept(REFUSED), kept(HALF_OPEN)]).toEqual([100, 100, 100]);
    expect(left.length + k.evicted.length).toBe(100_300);
    expect(k.table.evicted).toBe(k.evicted.length);
    expect(k.table.evictedLive).toBe(k.evicted.length);
    expect(k.table.count).toBeLessThanOrEqual(1024);
  });

  it('gives up half-open attempts before connections when only those are left', () => {
    const k = keeper({ maxFlows: 512 });
    for (let index = 0; index < 100; index++) {
      k.add(tcp(CONFIRMED + index, true, ACK, NOW));
      k.add(tcp(CONFIRMED + index, false, ACK, NOW));
    }
    for (let index = 0; index < 5000; index++) {
      k.add(tcp(FLOOD + index, true, SYN, NOW + 100));
      k.add(tcp(FLOOD + index, false, SYN | ACK, NOW + 100));
    }
    const left = k.left().filter(({ key }) => key.includes(' 18'));
    expect(left).toHaveLength(100);
  });

  it.each([0, 2 ** 26 - 64, 1_744_830_464 - 64, 2 ** 31 - 64, 2 ** 32 - 1000])(
    'gives up what was idle longest, around second %i',
    (start) => {
      const k = keeper({ maxFlows: 64, timeouts: { udp: 1e9 } });
      for (let index = 0; index < 64; index++) {
        k.add({
          source: 1000 + index,
          destination: SERVER,
          sport: 1,
          dport: 2,
          seconds: index % 2 === 0 ? start : start + 600,
        });
      }
      k.add({ source: 5000, destination: SERVER, sport: 1, dport: 2, seconds: start + 600 });
      k.left();
      expect(k.evicted).toHaveLength(8);
      for (const { key } of k.evicted) expect(Number(key.split(':')[0]) % 2).toBe(0);
    },
  );

  it('gives up what is over first, and does not count it as cut', () => {
    const k = keeper({ maxFlows: 64, timeouts: { udp: 60 } });
    for (let index = 0; index < 32; index++) {
      // Answered, but over by the time that room is needed.
      k.add({ source: 1000 + index, destination: SERVER, sport: 1, dport: 2, seconds: NOW });
      k.add({ source: SERVER, destination: 1000 + index, sport: 2, dport: 1, seconds: NOW });
    }
    for (let index = 0; index < 60; index++) {
      k.add({ source: 5000 + index, destination: SERVER, sport: 1, dport: 2, seconds: NOW + 60 });
    }
    k.left();
    expect(k.evicted).toHaveLength(32);
    expect(k.evicted.every(({ packets }) => packets === 2)).toBe(true);
    expect(k.table.evictedLive).toBe(0);
  });

  it('frees an eighth at a time, and works without anyone to hand flows to', () => {
    const k = keeper({ maxFlows: 800 });
    const table = new FlowTable({ maxFlows: 800 });
    const rows = new PacketRows(3000);
    for (let index = 0; index < 3000; index++) {
      const fields = { source: index, destination: SERVER, sport: 1, dport: 2 };
      k.add(fields);
      rows.add(fields);
    }
    table.consume(rows.words, rows.count);
    expect(k.left()).toHaveLength(table.finish().count);
    expect(new Set(k.parts)).toEqual(new Set([100]));
    expect(table.evicted).toBe(k.table.evicted);
  });

  it('gives reused rows no extension of their predecessors', () => {
    const k = keeper({ maxFlows: 64 });
    for (let round = 0; round < 50; round++) {
      for (let index = 0; index < 64; index++) {
        const client = round * 1000 + index + 1;
        const data = { ...tcp(client, true, ACK, NOW + round), length: 50 };
        k.add(data);
        // Repeated by every other one: a retransmission, which needs an extension.
        if (index % 2 === 0) k.add(data);
      }
    }
    const all = [...k.left(), ...k.evicted];
    expect(all).toHaveLength(50 * 64);
    for (const { retransmitted, packets } of all) {
      expect(retransmitted).toBe(packets - 1);
    }
    // Their number is bounded by that of rows.
    expect(k.table.extensions.words.length).toBeLessThanOrEqual(256 * EXTENSION_WORDS);
  });

  it('reuses the row of a flow that ends while room is made for its successor', () => {
    const k = keeper({ maxFlows: 64, timeouts: { udp: 10 } });
    for (let index = 0; index < 64; index++) {
      k.add({
        source: 1000 + index,
        destination: SERVER,
        sport: 1,
        dport: 2,
        seconds: NOW + index,
      });
    }
    // The oldest comes back after its timeout: its row is the first to go.
    k.add({ source: 1000, destination: SERVER, sport: 1, dport: 2, seconds: NOW + 64 });
    k.add({ source: SERVER, destination: 1000, sport: 2, dport: 1, seconds: NOW + 64 });
    const left = k.left();
    expect(k.evicted.some(({ key }) => key.includes('1000:'))).toBe(true);
    expect(left.filter(({ key }) => key.includes('1000:'))).toMatchObject([{ packets: 2 }]);
  });
});

it('accounts every packet and octet exactly once, whatever comes', () => {
  const packet = fc.record({
    client: fc.integer({ min: 1, max: 150 }),
    fromClient: fc.boolean(),
    protocol: fc.constantFrom(6, 17),
    flags: fc.constantFrom(SYN, SYN | ACK, ACK, RST, ACK | 1, RST | ACK),
    sequence: fc.nat(3),
    later: fc.constantFrom(0, 0, 0, 0, 1, 6, 61, -3),
    length: fc.integer({ min: 40, max: 1500 }),
  });
  fc.assert(
    fc.property(fc.array(packet, { minLength: 1, maxLength: 600 }), (packets) => {
      const k = keeper({ maxFlows: 64 });
      const sent = new Map<string, [packets: number, octets: number]>();
      let seconds = NOW;
      for (const { client, fromClient, later, length, ...rest } of packets) {
        seconds += later;
        k.add({ ...tcp(client, fromClient, rest.flags, seconds), ...rest, length });
        const key = [`${client}:40000`, `${SERVER}:80`].sort().join(' ');
        const sum = sent.get(key) ?? [0, 0];
        sent.set(key, [sum[0] + 1, sum[1] + length]);
      }
      const counted = new Map<string, [packets: number, octets: number]>();
      const left = k.left();
      expect(left.length).toBeLessThanOrEqual(64);
      for (const { key, packets: more, octets } of [...left, ...k.evicted]) {
        expect(more).toBeGreaterThan(0);
        const sum = counted.get(key) ?? [0, 0];
        counted.set(key, [sum[0] + more, sum[1] + octets]);
      }
      expect(counted).toEqual(sent);
    }),
    { numRuns: 300 },
  );
});

it('closes the gaps of free rows at the end', () => {
  for (let extra = 0; extra < 12; extra++) {
    const k = keeper({ maxFlows: 64 });
    for (let index = 0; index < 65 + extra; index++) {
      // Rows to go are chosen by age, so they lie apart.
      k.add({
        source: 1 + index,
        destination: SERVER,
        sport: 1,
        dport: 2,
        seconds: NOW + ((index * 37) % 64) * 200,
      });
    }
    const keys = [...k.left(), ...k.evicted].map(({ key }) => key);
    expect(new Set(keys).size).toBe(65 + extra);
    expect(keys).toHaveLength(65 + extra);
  }
});

it('keeps a million flows in less than 260 MB', () => {
  const before = process.memoryUsage();
  const table = new FlowTable();
  const rows = new PacketRows();
  for (let index = 0; index < 1_000_000; index++) {
    rows.add({
      source: 0x0a000000 + index,
      destination: SERVER,
      sport: 1024 + (index % 60000),
      dport: 443,
    });
    rows.flush((words, count) => table.consume(words, count));
  }
  rows.flush((words, count) => table.consume(words, count), true);
  expect(table.count).toBe(1_000_000);
  const after = process.memoryUsage();
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(180e6);
  expect(after.rss - before.rss).toBeLessThan(260e6);
});
