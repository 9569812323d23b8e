import { describe, expect, it } from 'vitest';
import { accounted, brief, decodeFrame, decodeFrames, RAW_IP } from '../../test/builders/decode.ts';
import {
  authentication,
  fragmentHeader,
  hopByHop,
  icmp6,
  ipv4,
  ipv6,
  type Payload,
  routing,
  tcp,
  udp,
  zeros,
} from '../../test/builders/packet.ts';
import { ONE_WAY } from './icmp.ts';

const asked = ipv6({}, udp({ dport: 53 }, zeros(30)));
const quoting = (quoted: Payload, type = 1, code = 4) =>
  decodeFrame(
    ipv6({ src: '2001:db8::99', dst: '2001:db8::1' }, icmp6({ type, code }, quoted)),
    RAW_IP,
  );

describe('ICMPv6', () => {
  it.each([
    ['echo', 128, 129],
    ['multicast listener', 130, 131],
    ['router', 133, 134],
    ['neighbour', 135, 136],
    ['node information', 139, 140],
    ['home agent', 144, 145],
  ])('%s messages are one flow with their counterpart', (_, request, answer) => {
    const { rows } = decodeFrames(
      [
        ipv6({}, icmp6({ type: request }, zeros(16))),
        ipv6({ src: '2001:db8::2', dst: '2001:db8::1' }, icmp6({ type: answer }, zeros(16))),
      ].map((bytes) => ({ bytes, linkType: RAW_IP })),
    );
    expect(rows).toMatchObject([
      { protocol: 58, sport: request, dport: answer, hint: 'icmp asks' },
      {
        protocol: 58,
        sport: answer,
        dport: request,
        hint: [131, 134, 136].includes(answer) ? '' : 'icmp answers',
      },
    ]);
    expect(rows[0]?.hash).toBe(rows[1]?.hash);
  });

  it('others go one way', () => {
    expect(decodeFrame(ipv6({}, icmp6({ type: 143 }, zeros(20))), RAW_IP).rows).toMatchObject([
      { sport: 143, dport: ONE_WAY, hint: '' },
    ]);
  });

  it.each([1, 2, 3, 4])('error of type %i is tied to the flow it quotes', (type) => {
    const { rows, decoder } = quoting(asked, type, 0);
    expect(rows.map(brief)).toEqual([
      `2001:db8::99.${type} > 2001:db8::1.${ONE_WAY} 58`,
      '2001:db8::1.40000 > 2001:db8::2.53 17',
    ]);
    expect(rows[1]).toMatchObject({ ipLength: 0, marks: ['icmp-error'], flags: type << 8 });
    expect(accounted(decoder, rows)).toBe(decoder.octets);
  });

  it.each([
    ['an echo', ipv6({}, icmp6({ type: 128 }, zeros(8)))],
    ['a later fragment', ipv6({}, fragmentHeader({ offset: 8, nextHeader: 17 }, zeros(20)))],
    ['an extension header cut off', ipv6({}, hopByHop({}, tcp({}))).subarray(0, 44)],
    ['nothing after the extensions', ipv6({}, hopByHop({}, tcp({}))).subarray(0, 51)],
    ['too little', asked.subarray(0, 43)],
    ['IPv4', ipv4({}, tcp({}, zeros(40)))],
    ['nothing', ''],
  ])('error that quotes %s is a row of its own only', (_, quoted) => {
    expect(quoting(quoted).rows).toHaveLength(1);
  });

  it.each([
    ['hop-by-hop options', hopByHop({}, tcp({ dport: 443 }))],
    ['a first fragment', fragmentHeader({ more: true, nextHeader: 6 }, tcp({ dport: 443 }))],
    ['an authentication header', authentication({}, tcp({ dport: 443 }))],
    ['several', hopByHop({}, routing({}, fragmentHeader({}, tcp({ dport: 443 }))))],
  ])('error is tied to the flow behind %s', (_, payload) => {
    const quoted = ipv6({ src: '2001:db8::1', dst: '2001:db8::2' }, payload);
    expect(quoting(quoted).rows.map(brief)[1]).toBe('2001:db8::1.40000 > 2001:db8::2.443 6');
  });

  it.each([0, 5, 100, 127, 128])('type %i is not an error that quotes', (type) => {
    expect(quoting(asked, type).rows).toHaveLength(1);
  });

  it('cut before its code is a fault', () => {
    const packet = ipv6({}, icmp6({ type: 128 }, zeros(8)));
    for (const captured of [0, 1]) {
      const { rows, faults } = decodeFrame(
        packet.subarray(0, 40 + captured),
        RAW_IP,
        packet.length,
      );
      expect(rows).toMatchObject([{ sport: 0, marks: ['no-transport'] }]);
      expect(faults).toEqual({ 'transport-header-cut': 1 });
    }
  });
});
