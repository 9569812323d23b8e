import { describe, expect, it } from 'vitest';
import { decodeFrame, RAW_IP } from '../../test/builders/decode.ts';
import {
  abortChunk,
  chunk,
  cookieAckChunk,
  cookieEchoChunk,
  dataChunk,
  initAckChunk,
  initChunk,
  ipv4,
  sctp,
  shutdownChunk,
  zeros,
} from '../../test/builders/packet.ts';

describe('SCTP', () => {
  it.each([
    ['INIT', initChunk(), 1],
    ['INIT ACK', initAckChunk(), 2],
    ['DATA', dataChunk({}, 'hello'), 0],
    ['SACK', chunk(3, 0, zeros(12)), 3],
    ['HEARTBEAT', chunk(4, 0, zeros(8)), 4],
    ['ABORT', abortChunk(), 6],
    ['SHUTDOWN', shutdownChunk(), 7],
    ['COOKIE ECHO', cookieEchoChunk(), 10],
    ['COOKIE ACK', cookieAckChunk(), 11],
  ])('gives the type of a first chunk %s', (_, first, type) => {
    const packet = ipv4({}, sctp({ tag: 0xfedcba98 }, first, dataChunk({}, 'more')));
    expect(decodeFrame(packet, RAW_IP)).toMatchObject({
      rows: [
        {
          protocol: 132,
          sport: 40000,
          dport: 3868,
          flags: type,
          sequence: 0xfedcba98,
          payload: packet.length - 32,
          marks: [],
        },
      ],
      faults: {},
    });
  });

  it('cut before its first chunk tells ports only', () => {
    const packet = ipv4({}, sctp({ tag: 7 }, initChunk()));
    for (let captured = 0; captured <= 12; captured++) {
      const bytes = packet.subarray(0, 20 + captured);
      const { rows, faults } = decodeFrame(bytes, RAW_IP, packet.length);
      expect(rows).toMatchObject([
        captured < 4
          ? { dport: 0, flags: 0, marks: ['no-transport'] }
          : { dport: 3868, flags: 255, sequence: captured < 8 ? 0 : 7, marks: [] },
      ]);
      expect(faults).toEqual({ 'transport-header-cut': 1 });
    }
  });
});
