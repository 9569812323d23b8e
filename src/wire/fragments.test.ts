import { describe, expect, it } from 'vitest';
import { accounted, brief, decodeFrames, RAW_IP, type Shot } from '../../test/builders/decode.ts';
import {
  destinationOptions,
  ether,
  fragment4,
  fragment6,
  fragmentHeader,
  gre,
  hex,
  icmp4,
  ipv4,
  ipv6,
  tcp,
  udp,
  zeros,
} from '../../test/builders/packet.ts';

const body = (length: number) => udp({ sport: 5000, dport: 2049 }, zeros(length));
const pieces4 = (id: number, length = 3000) =>
  fragment4(ipv4({ id, flags: '' }, body(length)), 1500);
const pieces6 = (id: number, length = 3000) => fragment6(ipv6({}, body(length)), 1500, id);
const decode = (pieces: readonly Uint8Array[], at: (index: number) => number = () => 100) =>
  decodeFrames(
    pieces.map((bytes, index): Shot => ({ bytes, linkType: RAW_IP, seconds: at(index) })),
  );

/** The n-th piece of a datagram that never had another. */
const stray = (id: number, offset = 1480) =>
  ipv4({ id, flags: 'MF', offset, protocol: 17 }, zeros(16));

describe.each([
  { family: 'IPv4', pieces: pieces4, header: 20 },
  { family: 'IPv6', pieces: pieces6, header: 48 },
])('fragments of $family', ({ pieces, header }) => {
  const orders: [string, (list: Uint8Array[]) => Uint8Array[]][] = [
    ['in order', (list) => list],
    ['reversed', (list) => list.toReversed()],
    ['first one last', (list) => [...list.slice(1), ...list.slice(0, 1)]],
  ];
  it.each(orders)('%s have the ports of the first', (_, order) => {
    const { rows, faults, decoder } = decode(order(pieces(7)));
    expect(rows).toHaveLength(3);
    expect(new Set(rows.map((row) => row.hash)).size).toBe(1);
    for (const row of rows) expect([row.sport, row.dport]).toEqual([5000, 2049]);
    expect(rows.reduce((sum, row) => sum + row.ipLength - header, 0)).toBe(3008);
    expect(rows.reduce((sum, row) => sum + row.payload, 0)).toBe(3000);
    expect(rows.filter((row) => row.marks.includes('first-fragment'))).toHaveLength(1);
    expect(rows.filter((row) => row.marks.includes('later-fragment'))).toHaveLength(2);
    expect(faults).toEqual({});
    expect(decoder.fragments.datagrams).toBe(1);
    expect(accounted(decoder, rows)).toBe(decoder.octets);
  });

  it('of several datagrams do not mix', () => {
    const lists = [1, 2, 3].map((id) => pieces(id));
    const mixed = [0, 1, 2].flatMap((index) => lists.map((list) => list[2 - index]!));
    const { rows, faults } = decode(mixed);
    expect(rows).toHaveLength(9);
    expect(rows.every((row) => row.dport === 2049)).toBe(true);
    expect(faults).toEqual({});
  });

  it('of the same identification, one datagram after the other, are no overlap', () => {
    // Seconds apart, so that they are not taken for copies.
    const lists = [...pieces(7), ...pieces(7), ...pieces(7)];
    const { faults, rows } = decode(lists, (index) => 100 + index);
    expect(rows).toHaveLength(9);
    expect(faults).toEqual({});
  });

  it('with their first one lost go on without ports', () => {
    const { rows, faults } = decode(pieces(7).slice(1));
    expect(rows.map((row) => row.dport)).toEqual([0, 0]);
    expect(faults).toEqual({ 'fragment-unmatched': 2 });
  });

  it('that overlap are a fault', () => {
    const list = pieces(7);
    const { faults } = decode([list[0]!, list[1]!, list[1]!, list[2]!], (index) => 100 + index);
    expect(faults).toHaveProperty('fragment-overlap');
  });

  it('that a mirror port sent twice are no overlap', () => {
    const list = pieces(7);
    const { rows, faults } = decode(list.flatMap((piece) => [piece, piece]));
    expect(faults).toEqual({});
    expect(rows.map((row) => row.marks.includes('duplicate'))).toEqual([
      false,
      true,
      false,
      true,
      false,
      true,
    ]);
  });
});

describe('fragments', () => {
  it('of other protocols take what stands for their ports', () => {
    const echo = ipv4({ id: 3, flags: '' }, icmp4({ type: 8 }, zeros(2000)));
    expect(decode(fragment4(echo, 1500)).rows.map((row) => [row.sport, row.dport])).toEqual([
      [8, 0],
      [8, 0],
    ]);
  });

  it('of a datagram whose first one starts with further extension headers find it', () => {
    const packet = ipv6({}, destinationOptions({}, body(2000)));
    // The builder leaves destination options in every fragment; here they are cut as payload.
    const inner = packet.subarray(40);
    const parts = [0, 1].map((index) =>
      ipv6(
        { nextHeader: 44 },
        fragmentHeader(
          { nextHeader: 60, offset: index * 1000, more: index === 0, id: 5 },
          inner.slice(index * 1000, index === 0 ? 1000 : undefined),
        ).slice(),
      ),
    );
    for (const order of [parts, parts.toReversed()]) {
      const { rows, faults } = decode(order);
      expect(rows.map((row) => [row.protocol, row.dport])).toEqual([
        [17, 2049],
        [17, 2049],
      ]);
      expect(faults).toEqual({});
    }
  });

  it('beyond 65,535 octets are a fault', () => {
    const { faults } = decode([
      ipv4({ id: 1, flags: 'MF' }, body(64)),
      ipv4({ id: 1, flags: '', offset: 65_528, protocol: 17 }, zeros(64)),
    ]);
    expect(faults).toEqual({ 'fragment-invalid': 1 });
  });

  it('without end are counted as overlap, not kept', () => {
    const endless = Array.from({ length: 3000 }, (_, index) =>
      ipv4({ id: 1, flags: 'MF', offset: (index % 8000) * 8, protocol: 17 }, zeros(64)),
    );
    const { rows, faults, decoder } = decode(endless, (index) => 100 + index / 1e6);
    expect(rows).toHaveLength(3000);
    expect(faults['fragment-overlap']).toBeGreaterThan(1000);
    expect(decoder.fragments.datagrams).toBe(1);
  });

  it.each([
    [60, 2049],
    [61, 0],
  ])('%i seconds after the first one have port %i', (later, port) => {
    const [first, second] = pieces4(7);
    const { rows } = decode([first!, second!], (index) => 100 + index * later);
    expect(rows.map((row) => row.dport)).toEqual([2049, port]);
  });

  it('beyond the waiting pool let the longest waiting go on', () => {
    const strays = Array.from({ length: 100 }, (_, index) => stray(index + 1));
    const { rows, faults, decoder } = decode(strays);
    expect(rows.map((row) => row.frame)).toEqual(strays.map((_, index) => index + 1));
    expect(faults).toEqual({ 'fragment-unmatched': 100 });
    expect(accounted(decoder, rows)).toBe(decoder.octets);
  });

  it('that come late find the pool open for them', () => {
    const strays = Array.from({ length: 100 }, (_, index) => stray(index + 1));
    const { rows } = decode([...strays, ...pieces4(500).toReversed()]);
    expect(rows.filter((row) => row.dport === 2049)).toHaveLength(3);
  });

  it('of thousands of datagrams at once reuse entries', () => {
    const firsts = Array.from({ length: 5000 }, (_, index) => pieces4(index, 1600)[0]!);
    const { rows, decoder } = decode(firsts);
    expect(rows).toHaveLength(5000);
    expect(decoder.fragments.datagrams).toBe(5000);
  });

  it('of a tunnel packet show the packet inside, and find no fault in its length', () => {
    const inner = ipv4({}, tcp({ dport: 443 }, zeros(2000)));
    const list = fragment4(ipv4({ id: 9, flags: '' }, gre({}, inner)), 1500);
    const { rows, faults, decoder } = decode(list);
    expect(rows.map(brief)).toEqual([
      '192.0.2.1.0 > 198.51.100.2.0 47',
      '192.0.2.1.40000 > 198.51.100.2.443 6',
      '192.0.2.1.0 > 198.51.100.2.0 47',
    ]);
    expect(faults).toEqual({});
    expect(accounted(decoder, rows)).toBe(decoder.octets);
  });

  it('inside a tunnel have ports when their first one came before them', () => {
    const list = pieces4(7).map((piece) => ipv4({}, gre({}, piece)));
    expect(
      decode(list)
        .rows.filter((row) => row.context.depth === 1)
        .map((row) => row.dport),
    ).toEqual([2049, 2049, 2049]);
    const { rows, faults } = decode(list.toReversed());
    expect(rows).toHaveLength(6);
    expect(faults).toEqual({ 'fragment-unmatched': 2 });
  });

  it('on another VLAN belong to another datagram', () => {
    const [first, second] = pieces4(7);
    const { rows } = decodeFrames([ether({ vlan: 1 }, first!), ether({ vlan: 2 }, second!)]);
    expect(rows.map((row) => row.dport)).toEqual([2049, 0]);
  });

  it('of no octets, and first ones too short for ports, are rows too', () => {
    const { rows } = decode([
      ipv4({ id: 1, flags: 'MF', protocol: 17 }, hex('1388')),
      ipv4({ id: 1, flags: '', offset: 8, protocol: 17 }, zeros(0)),
    ]);
    expect(rows.map((row) => [row.dport, row.payload])).toEqual([
      [0, 2],
      [0, 0],
    ]);
  });
});
