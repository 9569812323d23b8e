/**
 * One million packets with octets changed, cut, spliced and stretched go through the decoder and
 * the flow table, the same ones every time: nothing may throw, leave its bounds, lose an octet or
 * grow with the number of packets.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { FlowTable } from '../../src/flow/flow-table.ts';
import { Listener } from '../../src/flow/listener.ts';
import { openCaptures } from '../../src/sources/pcap/capture-reader.ts';
import { Decoder } from '../../src/wire/decoder.ts';
import {
  type CaptureInterface,
  FRAME_BATCH_CAPACITY,
  FrameBatch,
} from '../../src/wire/frame-batch.ts';
import { LINK_TYPES } from '../../src/wire/link.ts';
import {
  P_CARRIED,
  P_FRAME,
  P_IP_LENGTH,
  P_KIND,
  P_PAYLOAD,
  PACKET_WORDS,
} from '../../src/wire/packet-batch.ts';
import { SPECIMENS } from '../builders/specimens.ts';
import { SPOKEN_FRAMES } from '../builders/spoken-samples.ts';

const PACKETS = 1_000_000;
const CORPUS = join(fileURLToPath(new URL('.', import.meta.url)), '../../../shared/corpora/decode');
/** Longer frames of the corpus are left out: mutating them costs time and finds little. */
const LONGEST = 600;

interface Base {
  readonly linkType: number;
  readonly bytes: Uint8Array;
}

async function corpus(): Promise<Base[]> {
  if (!existsSync(CORPUS)) return [];
  const files = readdirSync(CORPUS).filter((name) => /\.pcap(ng)?$/.test(name));
  const reader = await openCaptures(files.sort().map((name) => join(CORPUS, name)));
  const bases: Base[] = [];
  for (let batch = await reader.next(); batch !== undefined; batch = await reader.next()) {
    for (let index = 0; index < batch.count; index++) {
      const at = batch.offset[index]!;
      const bytes = batch.bytes.slice(at, at + Math.min(batch.captured[index]!, LONGEST));
      const { linkType } = reader.interfaces[batch.interface[index]!]!;
      if (LINK_TYPES.has(linkType)) bases.push({ linkType, bytes });
    }
  }
  return bases;
}

/** A small generator (xorshift32): its numbers are the same on every machine. */
function generator(seed: number): (below: number) => number {
  let state = seed | 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Fills batches with mutations of base frames. */
class Mutator {
  readonly batch = new FrameBatch();
  readonly interfaces: CaptureInterface[];
  private readonly buffer = new Uint8Array(FRAME_BATCH_CAPACITY * (LONGEST + 64));
  private readonly view = new DataView(this.buffer.buffer);
  private readonly ports = new Map<number, number>();
  private made = 0;
  private readonly bases: readonly Base[];
  private readonly random: (below: number) => number;

  constructor(bases: readonly Base[], random: (below: number) => number) {
    this.bases = bases;
    this.random = random;
    const types = [...new Set([...LINK_TYPES.keys(), 147])];
    this.interfaces = types.map((linkType) => ({ source: 'fuzz', linkType, snapLength: 0 }));
    types.forEach((linkType, index) => {
      this.ports.set(linkType, index);
    });
  }

  fill(count: number): FrameBatch {
    const { batch, random } = this;
    let at = 0;
    for (let index = 0; index < count; index++) {
      const base = this.bases[random(this.bases.length)]!;
      const length = this.mutate(base.bytes, at);
      batch.offset[index] = at;
      batch.captured[index] = length;
      batch.original[index] = stretched(length, random);
      const time = this.made >>> 6;
      // A clock that sometimes jumps, and runs backwards now and then.
      batch.seconds[index] = random(500) === 0 ? random(2 ** 32) : 1_700_000_000 + time;
      batch.nanoseconds[index] = random(1_000_000_000);
      batch.number[index] = ++this.made;
      const wrongLink = random(50) === 0;
      batch.interface[index] = wrongLink
        ? random(this.interfaces.length)
        : this.ports.get(base.linkType)!;
      at += length;
    }
    // The last frame ends where the buffer ends: reading past it throws.
    batch.reset(this.buffer.subarray(0, at), new DataView(this.buffer.buffer, 0, at));
    batch.count = count;
    return batch;
  }

  /** Writes a mutation of `base` at `at`; returns its length. */
  private mutate(base: Uint8Array, at: number): number {
    const { buffer, random } = this;
    let length = base.length;
    buffer.set(base, at);
    for (let changes = random(4); changes > 0 && length > 0; changes--) {
      const where = at + random(length);
      switch (random(5)) {
        case 0:
          buffer[where] = random(256);
          break;
        case 1:
          buffer[where]! ^= 1 << random(8);
          break;
        case 2:
          if (where + 2 <= at + length) this.view.setUint16(where, EDGES[random(EDGES.length)]!);
          break;
        case 3:
          length = where - at;
          break;
        default: {
          // The tail of another frame instead of its own.
          const other = this.bases[random(this.bases.length)]!.bytes;
          const from = random(other.length + 1);
          const room = Math.min(other.length - from, LONGEST - (where - at));
          buffer.set(other.subarray(from, from + room), where);
          length = where - at + room;
        }
      }
    }
    return length;
  }
}

/** Values that length and type fields go wrong with. */
const EDGES = [0, 1, 7, 8, 20, 40, 0x7fff, 0x8000, 0xffff, 0x0800, 0x86dd, 0x8100, 0x8847, 0x8864];

function stretched(length: number, random: (below: number) => number): number {
  switch (random(8)) {
    case 0:
      return length + random(2000);
    case 1:
      return random(100) === 0 ? 0xffffffff : length + random(70_000);
    default:
      return length;
  }
}

/** Checks the rows of a call and sums what they account for. */
function inspect(decoder: Decoder, frames: number): number {
  const { rows, rowCount } = decoder;
  if (rowCount * PACKET_WORDS > rows.length) throw new Error(`${rowCount} rows do not fit`);
  let octets = 0;
  for (let at = 0; at < rowCount * PACKET_WORDS; at += PACKET_WORDS) {
    const length = rows[at + P_IP_LENGTH]!;
    const carried = rows[at + P_CARRIED]!;
    const context = rows[at + P_KIND]! >>> 16;
    if (
      length < 0 ||
      carried < 0 ||
      carried > length ||
      rows[at + P_PAYLOAD]! < 0 ||
      context >= decoder.contexts.list.length ||
      rows[at + P_FRAME]! > frames
    ) {
      throw new Error(`row ${at / PACKET_WORDS} of frame ${rows[at + P_FRAME]} is wrong`);
    }
    octets += length - carried;
  }
  return octets;
}

function otherOctets(decoder: Decoder): number {
  let sum = decoder.linkOctets + decoder.unreadable.octets + decoder.droppedOctets;
  for (const tally of decoder.otherFrames.values()) sum += tally.octets;
  for (const tally of decoder.unknownLinks.values()) sum += tally.octets;
  return sum;
}

function otherFrames(decoder: Decoder): number {
  let sum = decoder.ipFrames + decoder.unreadable.frames + decoder.droppedFrames;
  for (const tally of decoder.otherFrames.values()) sum += tally.frames;
  for (const tally of decoder.unknownLinks.values()) sum += tally.frames;
  return sum;
}

describe('a million mutated packets', () => {
  it.each([
    { dropDuplicates: false, seed: 1 },
    { dropDuplicates: true, seed: 2 },
  ])('are decoded and counted ($dropDuplicates, $seed)', { timeout: 120_000 }, async (options) => {
    const spoken = SPOKEN_FRAMES.map((bytes) => ({ linkType: 1, bytes }));
    const bases = [...SPECIMENS, ...spoken, ...(await corpus())].filter(
      ({ bytes }) => bytes.length <= LONGEST,
    );
    const mutator = new Mutator(bases, generator(options.seed));
    const decoder = new Decoder(options);
    const listener = new Listener(decoder);
    decoder.listener = listener;
    let evicted = 0;
    const table = new FlowTable({
      maxFlows: 20_000,
      onEvict: (part) => {
        evicted += part.count;
      },
    });
    let octets = 0;
    let half = 0;
    const take = (frames: number) => {
      octets += inspect(decoder, frames);
      table.consume(decoder.rows, decoder.rowCount);
      decoder.rowCount = 0;
    };
    for (let done = 0; done < PACKETS / 2; ) {
      const batch = mutator.fill(Math.min(FRAME_BATCH_CAPACITY, PACKETS / 2 - done));
      done += batch.count;
      for (let from = 0; from < batch.count; ) {
        const next = decoder.decode(batch, mutator.interfaces, from);
        expect(next).toBeGreaterThan(from);
        from = next;
        take(done);
      }
      if (half === 0 && done >= PACKETS / 4) half = process.memoryUsage().rss;
    }
    decoder.flush();
    take(PACKETS);
    expect(decoder.frames).toBe(PACKETS / 2);
    // Most detectors were convinced by something, and what they read stays within its bounds.
    const heard = listener.heard;
    const protocols = new Set<number>();
    for (let entry = 0; entry < heard.endpoints.count; entry++) {
      protocols.add(heard.endpoints.kind(entry) >>> 16);
    }
    expect(protocols.size).toBeGreaterThan(30);
    expect(heard.endpoints.count).toBeLessThanOrEqual(65_536);
    expect(heard.hosts.size).toBeLessThanOrEqual(65_536);
    for (const { names } of heard.hosts.values()) expect(names.length).toBeLessThanOrEqual(16);
    expect(octets + otherOctets(decoder)).toBe(decoder.octets);
    expect(otherFrames(decoder)).toBe(decoder.frames);
    expect(table.count).toBeLessThanOrEqual(20_000);
    expect(evicted).toBeGreaterThan(0);
    // Addresses and contexts are kept for good; nothing else may stay behind.
    const kept = decoder.addresses.words.byteLength * 4 + decoder.contexts.list.length * 400;
    expect(process.memoryUsage().rss - half).toBeLessThan(64 * 2 ** 20 + kept);
  });
});
