import { describe, expect, it } from 'vitest';
import { accounted, decodeFrames, type Shot } from '../../test/builders/decode.ts';
import {
  dataChunk,
  esp,
  ether,
  gre,
  icmp4,
  ipv4,
  ipv6,
  join,
  type Payload,
  sctp,
  tcp,
  u32,
  udp,
  zeros,
} from '../../test/builders/packet.ts';

/** Frames at nanoseconds of the same second; whether each is taken for a copy. */
function copies(frames: readonly (readonly [Uint8Array, number])[], options = {}): boolean[] {
  const shots = frames.map(([bytes, nanoseconds]): Shot => ({ bytes, seconds: 5, nanoseconds }));
  const { rows, decoder } = decodeFrames(shots, options);
  expect(accounted(decoder, rows)).toBe(decoder.octets);
  return rows
    .filter((row) => row.context.depth === 0)
    .map((row) => row.marks.includes('duplicate'));
}

const on = (vlan: number, packet: Payload) => ether({ vlan }, packet);
const MS = 1_000_000;

describe('copies from a mirror port', () => {
  it.each([
    ['TCP with payload', ipv4({ id: 0 }, tcp({ flags: 'PA' }, 'hello'))],
    ['a SYN', ipv4({ id: 0 }, tcp({ flags: 'S' }))],
    ['a SYN-ACK, which Linux gives no identification', ipv4({ id: 0 }, tcp({ flags: 'SA' }))],
    ['a SYN over IPv6', ipv6({}, tcp({ flags: 'S' }))],
    ['a TCP acknowledgment with an identification', ipv4({ id: 77 }, tcp({}))],
    ['TCP over IPv6', ipv6({}, tcp({}, 'hello'))],
    ['UDP', ipv4({ id: 9 }, udp({}, 'hello'))],
    ['UDP without a checksum', ipv4({ id: 9 }, udp({ checksum: 0 }, 'hello'))],
    ['ICMP', ipv4({}, icmp4({ type: 8, id: 1, sequence: 2 }, zeros(56)))],
    ['SCTP', ipv4({}, sctp({}, dataChunk({}, 'hello')))],
    ['ESP', ipv4({ id: 4 }, esp({ sequence: 7 }, zeros(40)))],
    ['GRE', ipv4({ id: 4 }, gre({}, ipv4({}, udp({}, 'hello'))))],
  ])('of %s are recognised, on another VLAN too', (_, packet) => {
    expect(
      copies([
        [on(1, packet), 0],
        [on(2, packet), 100],
      ]),
    ).toEqual([false, true]);
    expect(
      copies([
        [on(1, packet), 0],
        [on(1, packet), MS],
      ]),
    ).toEqual([false, true]);
    expect(
      copies([
        [on(1, packet), 0],
        [on(1, packet), 1],
        [on(1, packet), 2],
      ]),
    ).toEqual([false, true, true]);
  });

  it('are recognised when the clock steps back a little', () => {
    const packet = ipv4({ id: 3 }, udp({}, 'hello'));
    expect(
      copies([
        [on(1, packet), 500],
        [on(1, packet), 400],
      ]),
    ).toEqual([false, true]);
  });

  it('after more than a millisecond are packets of their own', () => {
    const packet = ipv4({ id: 3 }, udp({}, 'hello'));
    expect(
      copies([
        [on(1, packet), 0],
        [on(1, packet), MS + 1],
      ]),
    ).toEqual([false, false]);
    const { rows } = decodeFrames([
      { bytes: on(1, packet), seconds: 5 },
      { bytes: on(1, packet), seconds: 6 },
    ]);
    expect(rows.map((row) => row.marks)).toEqual([[], []]);
  });

  it.each([
    ['a TCP retransmission', ipv4({ id: 1 }, tcp({}, 'hello')), ipv4({ id: 2 }, tcp({}, 'hello'))],
    [
      'the same data with a later acknowledgment',
      ipv6({}, tcp({}, 'a')),
      ipv6({}, tcp({ ack: 1 }, 'a')),
    ],
    ['a duplicate acknowledgment', ipv4({ id: 0 }, tcp({})), ipv4({ id: 0 }, tcp({}))],
    ['a duplicate acknowledgment over IPv6', ipv6({}, tcp({})), ipv6({}, tcp({}))],
    [
      'the next datagram of a stream',
      ipv4({ id: 1 }, udp({}, 'abc')),
      ipv4({ id: 2 }, udp({}, 'abc')),
    ],
    [
      'UDP that could be anything',
      ipv4({ id: 0 }, udp({ checksum: 0 }, 'a')),
      ipv4({ id: 0 }, udp({ checksum: 0 }, 'a')),
    ],
    [
      'another echo',
      ipv4({}, icmp4({ type: 8, sequence: 1 })),
      ipv4({}, icmp4({ type: 8, sequence: 2 })),
    ],
    [
      'the next ESP packet',
      ipv4({ id: 5 }, esp({ sequence: 1 }, zeros(40))),
      ipv4({ id: 5 }, esp({ sequence: 2 }, zeros(40))),
    ],
    [
      'the packet of another host',
      ipv4({ id: 1, src: '192.0.2.1' }, udp({}, 'x')),
      ipv4({ id: 1, src: '192.0.2.3' }, udp({}, 'x')),
    ],
  ])('are not %s', (_, first, second) => {
    expect(
      copies([
        [on(1, first), 0],
        [on(1, second), 10],
      ]),
    ).toEqual([false, false]);
  });

  it('are not the packets of a UDP stream over IPv6, wherever they differ', () => {
    // The checksum is left to the network card, as a capture on the sender shows it.
    for (const size of [8, 12, 60, 61, 1200]) {
      for (const where of size > 64 ? [0, 31, size - 32, size - 1] : [0, (size >> 1) & ~3]) {
        const [first, second] = [zeros(size), zeros(size)];
        second[where] = 1;
        const frames = [first, second].map((body) =>
          on(1, ipv6({}, udp({ checksum: 0x1234 }, body))),
        );
        expect(
          copies([
            [frames[0]!, 0],
            [frames[1]!, 10],
          ]),
        ).toEqual([false, false]);
      }
    }
    const numbered = Array.from({ length: 500 }, (_, index): [Uint8Array, number] => [
      on(1, ipv6({}, udp({ checksum: 0x1234 }, join(u32(index), zeros(96))))),
      index * 100,
    ]);
    expect(copies(numbered).some(Boolean)).toBe(false);
  });

  describe('of acknowledgments without an identification', () => {
    const syn = ipv6({}, tcp({ flags: 'S' }));
    const ack = ipv6({}, tcp({ ack: 7 }));
    const data = (sequence: number) => ipv6({}, tcp({ seq: sequence }, 'hello'));
    /** Frames ten microseconds apart. */
    const told = (...packets: Payload[]) =>
      copies(packets.map((packet, index) => [on(1, packet), index * 10_000])).map(Number);

    it('are told by the SYN, or by data, that came twice before', () => {
      expect(told(syn, syn, ack, ack)).toEqual([0, 1, 0, 1]);
      expect(told(data(1), data(1), data(6), data(6), ack, ack)).toEqual([0, 1, 0, 1, 0, 1]);
      const zeroId = [tcp({ flags: 'S' }), tcp({ ack: 7 })].map((one) => ipv4({ id: 0 }, one));
      expect(told(zeroId[0]!, zeroId[0]!, zeroId[1]!, zeroId[1]!)).toEqual([0, 1, 0, 1]);
    });

    it('are every second one where a receiver repeats itself', () => {
      expect(told(syn, syn, ack, ack, ack, ack, ack, ack)).toEqual([0, 1, 0, 1, 0, 1, 0, 1]);
    });

    it('are told when the copies lag behind', () => {
      expect(told(syn, syn, data(1), ack, data(1), ack)).toEqual([0, 1, 0, 0, 1, 1]);
    });

    it('are told by a SYN with an identification, and a refusal by itself', () => {
      const numbered = ipv4({ id: 9 }, tcp({ flags: 'S' }));
      const reset = ipv4({ id: 0 }, tcp({ flags: 'R', seq: 9 }));
      expect(told(numbered, numbered, reset, reset)).toEqual([0, 1, 0, 1]);
      expect(told(reset, reset)).toEqual([0, 0]);
      const refusal = ipv4({ id: 0 }, tcp({ flags: 'RA', seq: 0, ack: 1 }));
      expect(told(refusal, refusal)).toEqual([0, 1]);
    });

    it.each([
      ['nothing else was seen', [ack, ack], [0, 0]],
      ['one packet of data alone came twice', [data(1), data(1), ack, ack], [0, 1, 0, 0]],
      ['the SYN came once', [syn, ack, ack], [0, 0, 0]],
      ['data came once', [syn, syn, data(1), ack, ack], [0, 1, 0, 0, 0]],
      [
        'it was the other direction that came twice',
        [syn, syn, ipv6({ src: '2001:db8::7' }, tcp({})), ipv6({ src: '2001:db8::7' }, tcp({}))],
        [0, 1, 0, 0],
      ],
    ])('are none where %s', (_, packets, expected) => {
      expect(told(...packets)).toEqual(expected);
    });

    it('go on being told after hundreds of packets, and again some time after one was lost', () => {
      const twice = Array.from({ length: 300 }, (_, n) => [data(n), data(n)]).flat();
      expect(told(...twice, ack, ack).slice(-2)).toEqual([0, 1]);
      expect(told(data(999), ...twice.slice(0, 40), ack, ack).slice(-2)).toEqual([0, 0]);
      expect(told(data(999), ...twice, ack, ack).slice(-2)).toEqual([0, 1]);
    });
  });

  describe('of datagrams without an identification', () => {
    const same = ipv6({}, udp({}, 'web.hits:1|c'));
    const sure = ipv4({ id: 7 }, udp({}, 'x'));
    const told = (...packets: Payload[]) =>
      copies(packets.map((packet, index) => [on(1, packet), index * 10_000])).map(Number);

    it('are told where the capture has copies, every second one of equal ones', () => {
      expect(told(sure, sure, same, same)).toEqual([0, 1, 0, 1]);
      expect(told(sure, sure, same, same, same, same)).toEqual([0, 1, 0, 1, 0, 1]);
    });

    it('are none of a program that says the same twice at once', () => {
      expect(told(same, same, same)).toEqual([0, 0, 0]);
      expect(told(sure, same, same)).toEqual([0, 0, 0]);
      const much = Array.from({ length: 99 }, (_, id) => ipv4({ id: id + 20 }, udp({}, 'y')));
      expect(told(sure, sure, ...much, same, same).slice(-2)).toEqual([0, 0]);
    });

    describe('and of nothing else', () => {
      const from = (host: number, text: string) =>
        ipv6({ src: `2001:db8::1:${host}` }, udp({}, text));
      const hosts = Array.from({ length: 20 }, (_, host) => host + 1);
      const ask = (host: number) => from(host, `question ${host}`);
      const twice = hosts.flatMap((host) => [ask(host), ask(host)]);

      it('are told once many directions began with the same one twice', () => {
        expect(told(...twice, same, same).slice(-2)).toEqual([0, 1]);
        expect(told(...twice).slice(0, 30)).not.toContain(1);
      });

      it('are none of few directions, however much they send', () => {
        const few = twice.slice(0, 20);
        expect(told(...few, ...few, same, same)).not.toContain(1);
      });

      it('are none where some directions begin otherwise', () => {
        const others = twice.map((_, at) => from(1000 + (at >> 1), `${at}`));
        expect(told(...others, ...twice, same, same)).not.toContain(1);
      });

      it('are none beside packets that would show copies, and come once', () => {
        const numbered = hosts.map((id) => ipv4({ id }, udp({}, 'x')));
        expect(told(...numbered, ...twice, same, same)).not.toContain(1);
      });
    });
  });

  it('are counted, and dropped when asked', () => {
    const packet = ipv4({ id: 3 }, udp({}, 'hello'));
    const shots: Shot[] = [on(1, packet), on(2, packet)].map((bytes) => ({ bytes, seconds: 5 }));
    const kept = decodeFrames(shots);
    expect(kept.rows).toHaveLength(2);
    expect(kept.decoder).toMatchObject({ droppedFrames: 0, ipFrames: 2 });
    const dropped = decodeFrames(shots, { dropDuplicates: true });
    expect(dropped.rows).toHaveLength(1);
    expect(dropped.decoder).toMatchObject({ droppedFrames: 1, droppedOctets: 51, ipFrames: 1 });
    for (const { decoder } of [kept, dropped]) {
      expect(decoder.duplicates).toMatchObject({ frames: 1, octets: 51 });
    }
  });

  it('take the packets they carry with them when dropped', () => {
    const packet = ipv4({ id: 3 }, gre({}, ipv4({ id: 8 }, tcp({}, 'hello'))));
    const shots: Shot[] = [packet, packet].map((bytes) => ({ bytes: on(1, bytes), seconds: 5 }));
    expect(decodeFrames(shots, { dropDuplicates: true }).rows).toHaveLength(2);
  });
});
