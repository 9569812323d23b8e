import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ether, ipv4, tcp, udp } from '../../test/builders/packet.ts';
import { collector } from '../sources/garbage.ts';
import { FRAME_BATCH_CAPACITY, FrameBatch, type FrameSource } from '../wire/frame-batch.ts';
import { WatchSession } from './watch.ts';

/** A source of frames made one after the other, many at a time. */
function sourceOf(frames: Iterable<{ octets: Uint8Array; seconds: number }>): FrameSource {
  const iterator = frames[Symbol.iterator]();
  const bytes = new Uint8Array(1 << 20);
  const view = new DataView(bytes.buffer);
  const batch = new FrameBatch();
  return {
    interfaces: [{ source: 'eth0', linkType: 1, snapLength: 0 }],
    close: () => Promise.resolve(),
    next: () => {
      batch.reset(bytes, view);
      let at = 0;
      while (batch.count < 4000 && at < bytes.length - 2000) {
        const { value, done } = iterator.next();
        if (done) break;
        bytes.set(value.octets, at);
        const index = batch.count++;
        batch.offset[index] = at;
        batch.captured[index] = value.octets.length;
        batch.original[index] = value.octets.length;
        batch.seconds[index] = value.seconds;
        batch.nanoseconds[index] = 0;
        batch.number[index] = index + 1;
        batch.interface[index] = 0;
        at += value.octets.length;
      }
      return Promise.resolve(batch.count === 0 ? undefined : batch);
    },
  };
}

const HOUR = 3600;
const WEEK = 7 * 24 * HOUR;
const START = 1_700_000_000;
const SERVER = '10.0.0.80';

/** A week of traffic: hosts that come and go, a service that answers, scans that nobody does. */
function* week(flows: number) {
  const octet = (value: number) => value & 255;
  for (let index = 0; index < flows; index++) {
    const seconds = START + Math.floor((index * WEEK) / flows);
    const client = `10.${1 + (index % 3)}.${octet(index >> 8)}.${octet(index)}`;
    const sport = 1024 + (index % 60_000);
    if (index % 4 === 0) {
      const up = { src: client, dst: SERVER };
      const down = { src: SERVER, dst: client };
      const to = { sport, dport: 443 };
      const from = { sport: 443, dport: sport };
      yield { seconds, octets: ether({}, ipv4(up, tcp({ ...to, flags: 'S', seq: 1 }))) };
      yield {
        seconds,
        octets: ether({}, ipv4(down, tcp({ ...from, flags: 'SA', seq: 1, ack: 2 }))),
      };
      yield { seconds, octets: ether({}, ipv4(up, tcp({ ...to, flags: 'A', seq: 2, ack: 2 }))) };
    } else {
      const probe = { sport, dport: 1 + (index % 1000) };
      yield { seconds, octets: ether({}, ipv4({ src: client, dst: '10.9.9.9' }, udp(probe, 'x'))) };
    }
  }
}

describe('a week of traffic in bounded memory', () => {
  it('keeps the flows that led somewhere longest, and loses no packet from the sums', async () => {
    const flows = 20_000;
    const session = new WatchSession(sourceOf(week(flows)), { maxFlows: 1000 });
    while (await session.step()) {
      // To the end.
    }
    const picture = session.picture();
    const packets = (flows / 4) * 3 + (flows * 3) / 4;
    expect(picture.packets).toBe(packets);
    expect(picture.flows).toBe(flows);
    expect(picture.evicted).toBeGreaterThanOrEqual(flows - 1000);
    expect(picture.ports.reduce((sum, port) => sum + port.packets, 0)).toBe(packets);
    const https = picture.ports.find(({ port, transport }) => port === 443 && transport === 'tcp');
    expect(https).toMatchObject({ packets: (flows / 4) * 3, flows: flows / 4, status: 'answered' });
    expect(picture.services).toMatchObject([{ server: SERVER, port: 443, confirmed: 'handshake' }]);
  });

  it('is the same picture whether flows left memory or not', async () => {
    const small = new WatchSession(sourceOf(week(4000)), { maxFlows: 500 });
    const large = new WatchSession(sourceOf(week(4000)));
    for (const session of [small, large]) {
      while (await session.step()) {
        // To the end.
      }
    }
    const facts = (session: WatchSession) =>
      session
        .picture()
        .ports.map(({ port, transport, packets, bytes, flows }) =>
          [port, transport, packets, bytes, flows].join(' '),
        )
        .sort();
    expect(facts(small)).toEqual(facts(large));
  });

  it('takes no more memory the longer hosts come and go', async () => {
    const frame = ether(
      {},
      ipv4({ src: '10.0.0.1', dst: SERVER }, udp({ sport: 40_000, dport: 53 }, 'x')),
    );
    const bytes = new Uint8Array(frame.length * FRAME_BATCH_CAPACITY);
    const view = new DataView(bytes.buffer);
    const batch = new FrameBatch();
    for (let index = 0; index < FRAME_BATCH_CAPACITY; index++) {
      bytes.set(frame, index * frame.length);
      batch.offset[index] = index * frame.length;
      batch.captured[index] = frame.length;
      batch.original[index] = frame.length;
    }
    let sent = 0;
    const session = new WatchSession(
      {
        interfaces: [{ source: 'eth0', linkType: 1, snapLength: 0 }],
        close: () => Promise.resolve(),
        next: () => {
          batch.reset(bytes, view);
          batch.count = FRAME_BATCH_CAPACITY;
          for (let index = 0; index < FRAME_BATCH_CAPACITY; index++) {
            // Each host sends one packet in the week, which nobody answers.
            view.setUint32(batch.offset[index]! + 26, 0x0b000000 + sent);
            batch.seconds[index] = START + Math.floor((sent * WEEK) / 360_000);
            batch.number[index] = ++sent;
          }
          return Promise.resolve(batch);
        },
      },
      { maxFlows: 16_384 },
    );
    const collect = collector();
    const memoryAfter = async (flows: number): Promise<number> => {
      while (sent < flows) await session.step();
      // Buffers are given back in a thread of their own, some time after they were collected.
      let least = Number.POSITIVE_INFINITY;
      for (let look = 0; look < 5; look++) {
        collect();
        await setTimeout(20);
        const { arrayBuffers, heapUsed } = process.memoryUsage();
        least = Math.min(least, arrayBuffers + heapUsed);
      }
      return least;
    };
    const before = await memoryAfter(220_000);
    expect(await memoryAfter(360_000)).toBeLessThan(before * 1.1);
    const picture = session.picture();
    expect(picture.flows).toBe(sent);
    expect(picture.evicted).toBeGreaterThanOrEqual(sent - 16_384);
    expect(picture.ports).toMatchObject([{ port: 53, packets: sent }]);
  });
});
