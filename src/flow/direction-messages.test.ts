/** The direction ladder where messages and group destinations decide. */

import { describe, expect, it } from 'vitest';
import {
  ip,
  type Step,
  step,
  type TalkOptions,
  udpTalk,
} from '../../test/builders/conversation.ts';
import { ANSWER, ASK, CLIENT, DNS, decided } from '../../test/builders/decided.ts';
import { ether, icmp4, icmp6, ipv4, tcp, udp } from '../../test/builders/packet.ts';

const NTP_CLIENT = `23${'00'.repeat(47)}`;
const NTP_SERVER = `24${'00'.repeat(47)}`;
const NTP_PEER = `21${'00'.repeat(47)}`;
const NTP_BROADCAST = `25${'00'.repeat(47)}`;

describe('messages over UDP', () => {
  it.each<[string, string, string[], TalkOptions]>([
    ['a query', `${CLIENT} message certain`, [`> ${ASK}`], DNS],
    ['query and answer', `${CLIENT} message certain`, [`> ${ASK}`, `< ${ANSWER}`], DNS],
    ['an answer alone', `${CLIENT} message likely`, [`< ${ANSWER}`], DNS],
    ['the answer first', `${CLIENT} message certain`, [`< ${ANSWER}`, `> ${ASK}`], DNS],
    [
      'server to server',
      '192.0.2.9:53 message certain',
      [`> ${ASK}`, `< ${ANSWER}`],
      { client: '192.0.2.9:53', ...DNS },
    ],
    [
      'two servers that ask each other',
      '192.0.2.9:53 first-packet unknown',
      [`> ${ASK}`, `< ${ANSWER}`, `< ${ASK}`, `> ${ANSWER}`],
      { client: '192.0.2.9:53', ...DNS },
    ],
    [
      'not DNS at all, from port 53',
      `${CLIENT} port-class likely`,
      ['< 01000000ffffffffffffffff'],
      DNS,
    ],
    [
      'not DNS at all, both ways',
      `${CLIENT} port-class likely`,
      ['< 01000000ffffffffffffffff', '> 01000000ffffffffffffffff'],
      DNS,
    ],
    [
      'NTP client and server on the same port',
      '192.0.2.1:123 message certain',
      [`> ${NTP_CLIENT}`, `< ${NTP_SERVER}`],
      { client: '192.0.2.1:123', server: '198.51.100.2:123' },
    ],
    [
      'NTP peers',
      '192.0.2.1:123 first-packet unknown',
      [`> ${NTP_PEER}`, `< ${NTP_PEER}`],
      { client: '192.0.2.1:123', server: '198.51.100.2:123' },
    ],
    [
      'two NTP servers that ask each other',
      '192.0.2.1:123 first-packet unknown',
      [`> ${NTP_CLIENT}`, `< ${NTP_CLIENT}`],
      { client: '192.0.2.1:123', server: '198.51.100.2:123' },
    ],
    [
      'DHCP, renewed',
      '192.0.2.1:68 message certain',
      ['> 0101', '< 0201'],
      { client: '192.0.2.1:68', server: '192.0.2.254:67' },
    ],
    [
      'a DHCP relay',
      '192.0.2.1:67 message certain',
      ['> 0101', '< 0201'],
      { client: '192.0.2.1:67', server: '192.0.2.254:67' },
    ],
    [
      'DHCPv6',
      'fe80::1:546 message certain',
      ['> 01000001', '< 02000001'],
      { client: '[fe80::1]:546', server: '[fe80::2]:547' },
    ],
  ])('%s: %s', (_, expected, lines, talk) => {
    expect(decided(udpTalk(lines, talk))).toBe(expected);
  });
});

describe('messages over TCP in mid-stream', () => {
  const talk = (fromClient: boolean, payload: string, ports = [40000, 8080]): Step => {
    const [sport, dport] = fromClient ? ports : [...ports].reverse();
    const [src, dst] = fromClient ? ['192.0.2.1', '198.51.100.2'] : ['198.51.100.2', '192.0.2.1'];
    return step(
      ip(src!, dst!, tcp({ sport: sport!, dport: dport!, flags: 'PA', seq: 1, ack: 1 }, payload)),
    );
  };
  it.each<[string, string, Step[]]>([
    ['a request line', '192.0.2.1:40000 message likely', [talk(true, 'GET / HTTP/1.1')]],
    ['a status line', '192.0.2.1:40000 message likely', [talk(false, 'HTTP/1.1 200 OK')]],
    ['a greeting', '192.0.2.1:40000 message likely', [talk(false, '220 ready')]],
    ['a client hello', '192.0.2.1:40000 message likely', [talk(true, '\x16\x03\x01\x00\x05\x01')]],
    [
      'requests both ways',
      '192.0.2.1:40000 first-packet unknown',
      [talk(true, 'GET / HTTP/1.1'), talk(false, 'GET / HTTP/1.1')],
    ],
    [
      'any octets of a zone transfer',
      '192.0.2.1:50000 port-class likely',
      [talk(false, 'abcdabcdabcdabcdabcd', [50000, 53])],
    ],
  ])('%s: %s', (_, expected, steps) => expect(decided(steps)).toBe(expected));
});

describe('ICMP', () => {
  const v4 = (from: number, to: number, type: number, code = 0) =>
    step(ip(`192.0.2.${from}`, `192.0.2.${to}`, icmp4({ type, code }, 'x')));
  const v6 = (from: number, to: number, type: number) =>
    step(ip(`2001:db8::${from}`, `2001:db8::${to}`, icmp6({ type }, 'x'.repeat(16))));
  it.each<[string, string, Step[]]>([
    ['an echo', '192.0.2.1:8 message certain', [v4(1, 2, 8), v4(2, 1, 0)]],
    ['an echo unanswered', '192.0.2.1:8 message certain', [v4(1, 2, 8)]],
    ['the reply alone', '192.0.2.2:8 message likely', [v4(1, 2, 0)]],
    ['the reply first', '192.0.2.2:8 message certain', [v4(1, 2, 0), v4(2, 1, 8)]],
    ['a redirect', '192.0.2.1:5 message certain', [v4(1, 2, 5, 1)]],
    ['a router advertisement', '192.0.2.1:9 message likely', [v4(1, 2, 9)]],
    ['a neighbour solicitation', '2001:db8::1:135 message certain', [v6(1, 2, 135), v6(2, 1, 136)]],
    [
      'an advertisement, then the solicitation',
      '2001:db8::1:135 message certain',
      [v6(2, 1, 136), v6(1, 2, 135)],
    ],
    ['a neighbour advertisement', '2001:db8::1:136 message likely', [v6(1, 2, 136)]],
    [
      'one cut before its type',
      '192.0.2.1:0 first-packet unknown',
      [{ ...v4(1, 2, 8), packet: v4(1, 2, 8).packet.subarray(0, 20), original: 29 }],
    ],
  ])('%s: %s', (_, expected, steps) => expect(decided(steps)).toBe(expected));
});

describe('group destinations', () => {
  const to = (address: string, sport: number, dport: number, payload: Uint8Array | string) =>
    step(ip('192.0.2.1', address, udp({ sport, dport }, payload)));
  const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
  const flooded = (payload: Uint8Array): Step => ({
    ...step(ether({ dst: 'ff:ff:ff:ff:ff:ff' }, payload)),
    ethernet: true,
  });
  it.each<[string, string, Step[]]>([
    [
      'a search',
      '192.0.2.1:50000 group-destination certain',
      [to('239.255.255.250', 50000, 1900, 'M-SEARCH')],
    ],
    [
      'from a lower port',
      '192.0.2.1:520 group-destination certain',
      [to('224.0.0.9', 520, 50000, 'x')],
    ],
    [
      'a limited broadcast',
      '192.0.2.1:50000 group-destination certain',
      [to('255.255.255.255', 50000, 9, 'x')],
    ],
    [
      'an mDNS query',
      '192.0.2.1:5353 group-destination certain',
      [to('224.0.0.251', 5353, 5353, bytes(ASK))],
    ],
    [
      'an mDNS answer',
      '192.0.2.1:5353 group-destination likely',
      [to('224.0.0.251', 5353, 5353, bytes(ANSWER))],
    ],
    [
      'NTP broadcast',
      '192.0.2.1:123 group-destination likely',
      [to('224.0.1.1', 123, 123, bytes(NTP_BROADCAST))],
    ],
    [
      'a DHCP offer to all',
      '255.255.255.255:68 message likely',
      [to('255.255.255.255', 67, 68, bytes('0201'))],
    ],
    [
      'a DHCP discover',
      '0.0.0.0:68 group-destination certain',
      [step(ip('0.0.0.0', '255.255.255.255', udp({ sport: 68, dport: 67 }, bytes('0101'))))],
    ],
    [
      'a link broadcast of a unicast packet',
      '192.0.2.1:40000 group-destination likely',
      [
        flooded(
          ipv4({ src: '192.0.2.1', dst: '198.51.100.2' }, udp({ sport: 40000, dport: 9000 }, 'x')),
        ),
      ],
    ],
  ])('%s: %s', (_, expected, steps) => expect(decided(steps)).toBe(expected));

  it('a cluster behind a group address of the link is not taken for a group', () => {
    // The cluster's end answers: first its packet, then the client's to the shared MAC address.
    const answer = {
      ...step(
        ether(
          {},
          ipv4({ src: '198.51.100.2', dst: '192.0.2.1' }, udp({ sport: 9000, dport: 50000 }, 'x')),
        ),
      ),
      ethernet: true,
    };
    const ask = flooded(
      ipv4({ src: '192.0.2.1', dst: '198.51.100.2' }, udp({ sport: 50000, dport: 9000 }, 'x')),
    );
    expect(decided([answer, ask])).toBe('192.0.2.1:50000 port-class likely');
    const segment = flooded(
      ipv4({ src: '198.51.100.2', dst: '192.0.2.1' }, tcp({ sport: 80, dport: 50000 }, 'x')),
    );
    expect(decided([segment])).toBe('192.0.2.1:50000 port-class likely');
  });
});
