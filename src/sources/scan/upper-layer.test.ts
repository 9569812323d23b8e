import { describe, expect, it } from 'vitest';
import { execute, verify } from '../../../test/builders/bpf-machine.ts';
import type { FilterStep } from '../../native/socket-filter.ts';
import type { Bytecode } from '../../wire/filter/bytecode.ts';
import { isDamaged6 } from './answer-damage.ts';
import {
  ADVERTISEMENT_FILTER,
  ARP_REPLY_FILTER,
  answerFilter4,
  answerFilter6,
} from './answer-filter.ts';
import { internetChecksum, sumOfWords } from './raw-scan.ts';
import { UpperLayer } from './upper-layer.ts';

/** A SYN-ACK from port 80 to port 61000. */
const SEGMENT = '0050ee48 00000001 00000002 5012 0400 0000 0000'.replaceAll(' ', '');
const HOP = (next: string): string => `${next}00 010400000000`.replaceAll(' ', '');
const FRAGMENT = (next: string, offset: string): string => `${next}00${offset}00000007`;

function ipv6(next: string, rest: string): Uint8Array {
  const body = Buffer.from(rest, 'hex');
  const packet = new Uint8Array(40 + body.length);
  packet[0] = 0x60;
  packet[4] = body.length >> 8;
  packet[5] = body.length & 255;
  packet[6] = Number.parseInt(next, 16);
  packet[7] = 64;
  packet[23] = 1;
  packet[39] = 2;
  packet.set(body, 40);
  return packet;
}

describe('what is behind IPv6 extension headers', () => {
  it.each([
    ['nothing', ipv6('06', SEGMENT), 6, 40],
    ['a hop-by-hop header', ipv6('00', HOP('06') + SEGMENT), 6, 48],
    ['destination and routing headers', ipv6('3c', HOP('2b') + HOP('06') + SEGMENT), 6, 56],
    ['a longer header', ipv6('3c', `0601${'00'.repeat(14)}${SEGMENT}`), 6, 56],
    ['an atomic fragment', ipv6('2c', FRAGMENT('06', '0000') + SEGMENT), 6, 48],
    ['a first fragment', ipv6('2c', FRAGMENT('06', '0001') + SEGMENT), 6, 48],
    ['an authentication header', ipv6('33', `0604${'00'.repeat(22)}${SEGMENT}`), 6, 64],
  ])('is found behind %s', (_name, packet, protocol, begin) => {
    const upper = new UpperLayer();
    expect(upper.find(packet, 0, packet.length)).toBe(true);
    expect(upper).toMatchObject({ protocol, begin });
  });

  it.each([
    ['a later fragment', ipv6('2c', FRAGMENT('06', '0008') + SEGMENT)],
    ['a header longer than the packet', ipv6('3c', `06ff${'00'.repeat(6)}${SEGMENT}`)],
    ['headers without an end', ipv6('3c', HOP('3c').repeat(9) + SEGMENT)],
    ['no room', ipv6('06', '0050ee48')],
  ])('is not found behind %s', (_name, packet) => {
    expect(new UpperLayer().find(packet, 0, packet.length)).toBe(false);
  });

  it('is known to be damaged by its own sum', () => {
    const packet = ipv6('3c', HOP('06') + SEGMENT);
    const upper = new UpperLayer();
    upper.find(packet, 0, packet.length);
    expect(isDamaged6(packet, 0, upper, packet.length)).toBe(true);
    // The pseudo header counts the segment alone: 20 octets of protocol 6.
    const sum = internetChecksum(sumOfWords(packet, 8, 40) + 20 + 6 + sumOfWords(packet, 48, 68));
    packet.set([sum >> 8, sum & 255], 64);
    expect(isDamaged6(packet, 0, upper, packet.length)).toBe(false);
  });
});

function bytecode(steps: readonly FilterStep[]): Bytecode {
  const column = (index: 0 | 1 | 2 | 3): number[] => steps.map((step) => step[index]);
  return {
    length: steps.length,
    code: Uint16Array.from(column(0)),
    jumpTrue: Uint8Array.from(column(1)),
    jumpFalse: Uint8Array.from(column(2)),
    operand: Uint32Array.from(column(3)),
  } as unknown as Bytecode;
}

describe('the filter of answers', () => {
  const six = bytecode(answerFilter6(6, 61_000, 16));
  const four = bytecode(answerFilter4(6, 61_000, 16));
  const advertisements = bytecode(ADVERTISEMENT_FILTER);
  const replies = bytecode(ARP_REPLY_FILTER);
  const passes = (program: Bytecode, packet: Uint8Array): boolean =>
    execute(program, packet, packet.length) > 0;

  it('ends and stays within its bounds', () => {
    for (const program of [six, four, advertisements, replies]) {
      expect(() => verify(program)).not.toThrow();
    }
  });

  it.each([
    ['an answer', ipv6('06', SEGMENT), true],
    ['a segment to another port', ipv6('06', SEGMENT.replace('ee48', 'ee58')), false],
    ['a segment to a port below', ipv6('06', SEGMENT.replace('ee48', 'ee47')), false],
    ['a datagram', ipv6('11', SEGMENT), false],
    ['destination unreachable', ipv6('3a', '0104000000000000'), true],
    ['time exceeded', ipv6('3a', '0300000000000000'), true],
    ['parameter problem', ipv6('3a', '0401000000000000'), true],
    ['packet too big', ipv6('3a', '0200000000000000'), false],
    ['an echo reply', ipv6('3a', '8100000000000000'), false],
    ['hop-by-hop options', ipv6('00', HOP('06') + SEGMENT), true],
    ['routing', ipv6('2b', HOP('06') + SEGMENT), true],
    ['a fragment', ipv6('2c', FRAGMENT('06', '0000') + SEGMENT), true],
    ['destination options', ipv6('3c', HOP('06') + SEGMENT), true],
    ['no next header', ipv6('3b', SEGMENT), false],
  ])('of IPv6 on %s: %s', (_name, packet, expected) => {
    expect(passes(six, packet)).toBe(expected);
  });

  it.each([
    ['an advertisement', ipv6('3a', '8800000000000000'), true],
    ['a solicitation', ipv6('3a', '8700000000000000'), false],
    ['a segment', ipv6('06', SEGMENT), false],
  ])('of neighbours on %s', (_name, packet, expected) => {
    expect(passes(advertisements, packet)).toBe(expected);
  });

  it.each([
    ['a reply', '0001080006040002', true],
    ['a request', '0001080006040001', false],
    ['what is too short', '00010800060400', false],
  ])('of ARP on %s', (_name, text, expected) => {
    expect(passes(replies, Uint8Array.from(Buffer.from(text, 'hex')))).toBe(expected);
  });
});
