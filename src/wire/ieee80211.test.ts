import { describe, expect, it } from 'vitest';
import {
  accounted,
  brief,
  decodeFrame,
  decodeFrames,
  decodeOne,
  RAW_IP,
} from '../../test/builders/decode.ts';
import {
  amsdu,
  arp,
  ether,
  gre,
  icmp4,
  ipv4,
  ipv6,
  mpls,
  tcp,
  udp,
  vxlan,
  type WifiFields,
  wifi,
  zeros,
} from '../../test/builders/packet.ts';
import { Decoder } from './decoder.ts';
import { KIND_IEEE80211 } from './faults.ts';
import { PACKET_WORDS } from './packet-batch.ts';

const WIFI = 105;
const web = ipv4({}, tcp({}));
const dns = ipv6({}, udp({ dport: 53 }, 'x'));

describe('IEEE 802.11', () => {
  it.each<[string, WifiFields]>([
    ['to a distribution system', { toDs: true }],
    ['from a distribution system', { toDs: false, fromDs: true }],
    ['between stations', { toDs: false }],
    ['between distribution systems', { fromDs: true }],
    ['with quality of service', { qos: true }],
    ['with four addresses and quality of service', { fromDs: true, qos: 5 }],
    ['with HT control', { qos: true, htControl: 0x12345678 }],
    ['sent again', { retry: true }],
    ['the first fragment of several', { moreFragments: true }],
    ['with a check sequence', { fcs: true }],
  ])('data %s', (_, fields) => {
    const { rows, faults } = decodeFrame(wifi(fields, web), WIFI);
    expect(rows).toMatchObject([{ dport: 80, ipLength: 40, marks: [] }]);
    expect(faults).toEqual({});
  });

  const GROUP = '01:00:5e:00:00:fb';
  const ONE = '02:00:00:00:00:01';
  it.each<[string, WifiFields, readonly string[]]>([
    ['address 3 on the way to a distribution system', { addresses: [ONE, ONE, GROUP] }, ['group']],
    ['not address 1 there', { addresses: [GROUP, ONE, ONE] }, []],
    ['address 1 from it', { toDs: false, fromDs: true, addresses: [GROUP, ONE, ONE] }, ['group']],
    ['address 1 between stations', { toDs: false, addresses: [GROUP, ONE, ONE] }, ['group']],
    ['address 3 of four', { fromDs: true, addresses: [ONE, ONE, GROUP, ONE] }, ['group']],
  ])('takes as destination %s', (_, fields, marks) => {
    expect(decodeFrame(wifi(fields, web), WIFI).rows[0]?.marks).toEqual(marks);
  });

  it.each([
    ['a beacon', 0x80],
    ['a probe request', 0x40],
    ['an acknowledgment', 0xd4],
    ['a null function', 0x48],
    ['a null function with quality of service', 0xc8],
  ])('counts %s by its type', (_, control) => {
    const { other, rows } = decodeFrame(wifi({ control }, zeros(40)), WIFI);
    expect(rows).toEqual([]);
    expect(other).toEqual({ [KIND_IEEE80211 + control]: 1 });
  });

  it('counts encrypted frames and says so', () => {
    const { other, faults } = decodeFrame(wifi({ encrypted: true }, web), WIFI);
    expect(faults).toEqual({ 'encrypted-frame': 1 });
    expect(other).toEqual({ [KIND_IEEE80211 + 0x08]: 1 });
  });

  it('does not take a later fragment for a header', () => {
    const { rows, other, faults } = decodeFrame(wifi({ fragment: 1 }, web), WIFI);
    expect(rows).toEqual([]);
    expect(faults).toEqual({});
    expect(other).toEqual({ [KIND_IEEE80211 + 0x08]: 1 });
  });

  it('cut in its header is a fault', () => {
    const bytes = wifi({ fromDs: true, qos: true, htControl: 1 }, web);
    for (let length = 0; length < 36 + 8; length++) {
      const { faults } = decodeFrame(bytes.subarray(0, length), WIFI);
      expect(faults).toEqual({ 'link-header-cut': 1 });
    }
  });
});

describe('aggregates', () => {
  const pack = (...payloads: Uint8Array[]) =>
    wifi({ amsdu: true, fcs: true }, amsdu(payloads.map((payload) => ({ payload }))));
  const check = (bytes: Uint8Array, original = bytes.length) => {
    const decoded = decodeFrame(bytes, WIFI, original);
    expect(accounted(decoded.decoder, decoded.rows)).toBe(decoded.decoder.octets);
    return decoded;
  };

  it('make a row for each packet, padded to any length', () => {
    const packets = [0, 1, 2, 3, 4, 5].map((size) =>
      ipv4({}, udp({ dport: 9 + size }, zeros(size))),
    );
    const { rows, faults } = check(pack(...packets));
    expect(rows.map((row) => [row.dport, row.payload])).toEqual([
      [9, 0],
      [10, 1],
      [11, 2],
      [12, 3],
      [13, 4],
      [14, 5],
    ]);
    expect(faults).toEqual({});
  });

  it('start over after a packet in a tunnel, a tag or a group address', () => {
    const tunnel = ipv4({}, udp({}, vxlan({ vni: 9 }, ether({ vlan: 4 }, web))));
    const bytes = wifi(
      { amsdu: true },
      amsdu([
        { payload: tunnel, dst: 'ff:ff:ff:ff:ff:ff' },
        { payload: mpls([3], web) },
        { payload: dns },
      ]),
    );
    const { rows, decoder } = check(bytes);
    expect(rows.map(brief)).toEqual([
      '192.0.2.1.40000 > 198.51.100.2.4789 17',
      '192.0.2.1.40000 > 198.51.100.2.80 6',
      '192.0.2.1.40000 > 198.51.100.2.80 6',
      '2001:db8::1.40000 > 2001:db8::2.53 17',
    ]);
    expect(rows.map((row) => row.context.depth)).toEqual([0, 1, 0, 0]);
    expect(rows.map((row) => row.marks)).toEqual([['group'], ['inner'], [], []]);
    expect(decoder.ipFrames).toBe(1);
  });

  it('are read up to what is not IP, and beyond it', () => {
    const { rows } = check(pack(arp({ sender: '192.0.2.1', target: '192.0.2.2' }), web));
    expect(rows).toHaveLength(1);
  });

  it('of very many packets in tunnels keep within the room for rows', () => {
    let deep: Uint8Array = ipv4({}, udp({}, ''));
    for (let depth = 0; depth < 9; depth++) deep = ipv4({}, gre({}, deep));
    const bytes = pack(...Array.from({ length: 80 }, () => deep));
    const { rows, faults } = check(bytes);
    expect(faults).toHaveProperty('tunnels-too-deep');
    expect(rows.filter((row) => row.context.depth === 0)).toHaveLength(64);
    // The worst moment: the batch is as full as it may be, and fragments wait to be flushed.
    const decoder = new Decoder();
    const strays = Array.from({ length: 64 }, (_, index) => ({
      bytes: ipv4({ id: index + 1, flags: 'MF', offset: 8, protocol: 17 }, zeros(8)),
      linkType: RAW_IP,
    }));
    for (const stray of strays) decodeOne(decoder, stray);
    expect(decoder.rowCount).toBe(0);
    decoder.rowCount = 896;
    const { rows: all } = decodeFrames([{ bytes, linkType: WIFI }], {}, decoder);
    expect(all.length).toBeGreaterThan(896 + 64 + 64);
    expect(all.length).toBeLessThanOrEqual(decoder.rows.length / PACKET_WORDS);
  });

  it('of errors that quote, as many as may be, fit too', () => {
    const error = ipv4({}, icmp4({ type: 3 }, web));
    const decoder = new Decoder();
    decoder.rowCount = 896;
    const bytes = pack(...Array.from({ length: 70 }, () => error));
    const { rows } = decodeFrames([{ bytes, linkType: WIFI }], {}, decoder);
    expect(rows.length).toBe(896 + 128);
  });

  it('cut by a snap length say so', () => {
    const bytes = pack(web, web);
    for (let length = 26; length < bytes.length - 4; length++) {
      const { rows, faults } = check(bytes.subarray(0, length), bytes.length);
      expect(rows.length).toBeLessThanOrEqual(2);
      if (rows.length < 2) expect(faults).not.toEqual({});
    }
  });

  it('whose last subframe claims too much are a fault', () => {
    const bytes = wifi({ amsdu: true }, amsdu([{ payload: web }]));
    bytes[26 + 12] = 0xff;
    expect(check(bytes).faults).toEqual({ 'link-header-cut': 1 });
    expect(check(bytes).rows).toHaveLength(1);
  });

  it('end at a subframe of no length', () => {
    expect(check(wifi({ amsdu: true }, zeros(100))).rows).toEqual([]);
  });
});
