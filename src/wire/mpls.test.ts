import { describe, expect, it } from 'vitest';
import { brief, decodeFrame } from '../../test/builders/decode.ts';
import {
  ether,
  ipv4,
  ipv6,
  join,
  mpls,
  type Payload,
  tcp,
  u32,
  zeros,
} from '../../test/builders/packet.ts';

const web = ipv4({}, tcp({}));
const rowsOf = (payload: Payload, type = 0x8847) => decodeFrame(ether({ type }, payload)).rows;

describe('MPLS', () => {
  it.each([
    ['one label', [16]],
    ['a stack', [16, 17, 18, 19]],
    ['router alert and explicit null', [1, 0]],
  ])('is looked through under %s', (_, labels) => {
    expect(rowsOf(mpls(labels, web)).map(brief)).toEqual(['192.0.2.1.40000 > 198.51.100.2.80 6']);
    expect(rowsOf(mpls(labels, ipv6({}, tcp({})))).map(brief)).toEqual([
      '2001:db8::1.40000 > 2001:db8::2.80 6',
    ]);
  });

  it('has a multicast EtherType too', () => {
    expect(rowsOf(mpls([16], web), 0x8848)).toHaveLength(1);
  });

  it.each([true, false])('carries Ethernet, with control word: %s', (controlWord) => {
    const frame = ether({ vlan: 8 }, web);
    expect(rowsOf(mpls([16], frame, { controlWord }))).toMatchObject([
      { dport: 80, context: { vlan: 8 } },
    ]);
  });

  it.each(['40', '45', '46', '4f', '60', '6f'])(
    'tells a card %s:… from an IP version, without control word',
    (octet) => {
      const dst = `${octet}:00:00:00:00:02`;
      expect(rowsOf(mpls([16], ether({ dst }, web))).map(brief)).toEqual([
        '192.0.2.1.40000 > 198.51.100.2.80 6',
      ]);
    },
  );

  it.each([
    ['IPv4', ipv4({ src: '8.0.0.1' }, tcp({})), '8.0.0.1.40000 > 198.51.100.2.80 6'],
    [
      'IPv6, padded',
      join(ipv6({ src: '2001:db8:800::1' }, tcp({})), zeros(6)),
      '2001:db8:800::1.40000 > 2001:db8::2.80 6',
    ],
  ])('takes no address of %s for an EtherType', (_, packet, line) => {
    expect(rowsOf(mpls([16], packet)).map(brief)).toEqual([line]);
  });

  it('counts what else it carries', () => {
    expect(decodeFrame(ether({}, mpls([16], zeros(60)))).other).toEqual({ 34887: 1 });
    expect(decodeFrame(ether({}, mpls([16], join(u32(0x10000000), zeros(30))))).other).toEqual({
      34887: 1,
    });
  });

  it('ends where a stack never reaches its bottom', () => {
    const endless = mpls([{ label: 5, bottom: false }], zeros(400));
    expect(decodeFrame(ether({}, endless)).faults).toEqual({ 'mpls-header-cut': 1 });
  });

  it('ends where pseudowires nest', () => {
    let frame = ether({}, web);
    for (let count = 0; count < 4000; count++) frame = ether({ vlan: 1 }, mpls([16], frame));
    const { rows, faults } = decodeFrame(frame);
    expect(rows).toEqual([]);
    expect(faults).toEqual({ 'tunnels-too-deep': 1 });
  });

  it.each([14, 15, 17, 18, 21, 22])('cut to %i octets is a fault', (length) => {
    const { faults } = decodeFrame(ether({}, mpls([16, 17], web)).subarray(0, length));
    expect(faults).toEqual({ 'mpls-header-cut': 1 });
  });
});
