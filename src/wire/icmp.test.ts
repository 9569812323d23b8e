import { describe, expect, it } from 'vitest';
import { accounted, brief, decodeFrame, decodeFrames, RAW_IP } from '../../test/builders/decode.ts';
import {
  dccp,
  ether,
  fragment4,
  icmp4,
  initChunk,
  ipv4,
  type Payload,
  sctp,
  tcp,
  udp,
  zeros,
} from '../../test/builders/packet.ts';
import { ONE_WAY } from './icmp.ts';

const router = { src: '203.0.113.1', dst: '192.0.2.1', id: 1 };
const asked = ipv4({ id: 5 }, udp({ dport: 53 }, zeros(30)));
const quoting = (quoted: Payload, type = 3, code = 3) =>
  decodeFrame(ipv4(router, icmp4({ type, code }, quoted)), RAW_IP);

describe('ICMP', () => {
  it.each([
    ['echo request', 8, 0, 'icmp asks'],
    ['echo reply', 0, 8, 'icmp answers'],
    ['timestamp request', 13, 14, 'icmp asks'],
    ['timestamp reply', 14, 13, 'icmp answers'],
    ['information request', 15, 16, 'icmp asks'],
    ['address mask reply', 18, 17, 'icmp answers'],
    ['router solicitation', 10, 9, 'icmp asks'],
    ['router advertisement', 9, 10, ''],
  ])('%s is one flow with its counterpart', (_, type, other, hint) => {
    const rows = decodeFrames([
      ether({}, ipv4({}, icmp4({ type }, zeros(56)))),
      ether({}, ipv4({ src: '198.51.100.2', dst: '192.0.2.1' }, icmp4({ type: other }, zeros(56)))),
    ]).rows;
    expect(rows[0]).toMatchObject({ protocol: 1, sport: type, dport: other, payload: 56, hint });
    expect(rows[1]).toMatchObject({ sport: other, dport: type });
    expect(rows[0]?.hash).toBe(rows[1]?.hash);
  });

  it.each([
    [3, 1],
    [5, 0],
    [11, 1],
    [40, 255],
  ])('type %i code %i goes one way', (type, code) => {
    expect(decodeFrame(ipv4({}, icmp4({ type, code }, zeros(4))), RAW_IP).rows).toMatchObject([
      { sport: type, dport: code + ONE_WAY, flags: (type << 8) | code, hint: '', payload: 4 },
    ]);
  });

  it.each([3, 4, 5, 11, 12])('error of type %i is tied to the flow it quotes', (type) => {
    const { rows, decoder } = quoting(asked, type, 1);
    expect(rows.map(brief)).toEqual([
      `203.0.113.1.${type} > 192.0.2.1.${ONE_WAY + 1} 1`,
      '192.0.2.1.40000 > 198.51.100.2.53 17',
    ]);
    expect(rows[1]).toMatchObject({
      ipLength: 0,
      payload: 0,
      flags: (type << 8) | 1,
      marks: ['icmp-error'],
    });
    expect(rows[1]?.hash).toBe(decodeFrame(asked, RAW_IP).rows[0]?.hash);
    expect(accounted(decoder, rows)).toBe(decoder.octets);
  });

  it.each([
    ['TCP', tcp({ dport: 443 }), 6, 443],
    ['SCTP', sctp({}, initChunk()), 132, 3868],
    ['DCCP', dccp({}), 33, 5001],
  ])('error about %s is tied to its ports', (_, payload, protocol, dport) => {
    expect(quoting(ipv4({}, payload)).rows[1]).toMatchObject({ protocol, dport });
    // RFC 792 promises eight octets of it; four are enough.
    expect(quoting(ipv4({}, payload).subarray(0, 24)).rows[1]).toMatchObject({ protocol, dport });
    expect(quoting(ipv4({ options: zeros(8) }, payload)).rows[1]).toMatchObject({ dport });
  });

  it('is tied in the VLAN and tunnel that it came in', () => {
    const error = ipv4(router, icmp4({ type: 3 }, asked));
    const { rows } = decodeFrame(ether({ vlan: 9 }, ipv4({}, error)));
    expect(rows.at(-1)).toMatchObject({
      marks: ['inner', 'icmp-error'],
      context: { tunnel: 'ip-in-ip', depth: 1 },
    });
    const [, quote] = decodeFrame(ether({ vlan: 9 }, error)).rows;
    expect(quote?.hash).toBe(decodeFrame(ether({ vlan: 9 }, asked)).rows[0]?.hash);
  });

  it.each([
    ['an echo', ipv4({}, icmp4({ type: 8 }, zeros(8)))],
    ['a later fragment', fragment4(ipv4({ flags: '' }, udp({}, zeros(3000))), 1500)[1]!],
    ['too little', asked.subarray(0, 23)],
    ['no ports behind options', ipv4({ options: zeros(8) }, tcp({})).subarray(0, 31)],
    ['another version', ipv4({ version: 5 }, udp({}))],
    ['a header too short', ipv4({ ihl: 4 }, udp({}))],
    ['nothing', ''],
  ])('error that quotes %s is a row of its own only', (_, quoted) => {
    expect(quoting(quoted).rows).toHaveLength(1);
  });

  it('does not take the quoted data of a question for an error', () => {
    expect(quoting(asked, 8, 0).rows).toHaveLength(1);
  });

  it('cut before its code is a fault, later it is not', () => {
    const packet = ipv4({}, icmp4({ type: 8 }, zeros(8)));
    for (let captured = 0; captured < 8; captured++) {
      const { rows, faults } = decodeFrame(
        packet.subarray(0, 20 + captured),
        RAW_IP,
        packet.length,
      );
      expect(rows).toMatchObject([
        captured < 2 ? { sport: 0, marks: ['no-transport'] } : { sport: 8 },
      ]);
      expect(faults).toEqual(captured < 2 ? { 'transport-header-cut': 1 } : {});
    }
  });
});
