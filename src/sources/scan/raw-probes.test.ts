import { describe, expect, it } from 'vitest';
import {
  CLOSED_ABORT,
  CLOSED_RESET,
  OPEN_INIT_ACK,
  OPEN_SYN_ACK,
  PENDING,
} from '../../model/port-state.ts';
import { crc32c } from '../../wire/crc32c.ts';
import { internetChecksum } from './raw-scan.ts';
import { SCTP_PROBE } from './sctp-probe.ts';
import { SYN_PROBE } from './syn-probe.ts';

const TOKEN = 0xdeadbeef;

function written(probe: typeof SYN_PROBE, pseudo = 0): Buffer {
  const packets = Buffer.alloc(64, 0xff);
  packets.fill(0, 20, 20 + probe.length);
  probe.writeFixed(packets, 20);
  // Twice, as slots are used again and again.
  probe.write(packets, 20, 1, 2, 3, 4);
  probe.write(packets, 20, 61_234, 443, TOKEN, pseudo);
  return packets.subarray(20, 20 + probe.length);
}

const hex = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

describe('a SYN', () => {
  it('is a segment whose sum is right', () => {
    const segment = written(SYN_PROBE, 0x1234);
    expect(segment.toString('hex')).toMatch(/^ef3201bbdeadbeef0000000060020400.{4}0000020405b4$/);
    let sum = 0x1234;
    for (let at = 0; at < segment.length; at += 2) sum += segment.readUInt16BE(at);
    expect(internetChecksum(sum)).toBe(0);
  });

  it.each([
    ['SYN, ACK', '01bbef32 00000000 deadbef0 6012ffff 00000000', OPEN_SYN_ACK],
    ['RST, ACK', '01bbef32 00000000 deadbef0 50140000 00000000', CLOSED_RESET],
    ['ACK alone', '01bbef32 00000000 deadbef0 50100000 00000000', PENDING],
    ['RST without ACK', '01bbef32 00000000 deadbef0 50040000 00000000', PENDING],
    ['another number', '01bbef32 00000000 deadbeef 6012ffff 00000000', PENDING],
    ['cut short', '01bbef32 00000000 deadbef0 6012ffff', PENDING],
  ])('understands %s', (_name, text, outcome) => {
    const bytes = hex(text);
    expect(SYN_PROBE.outcome(bytes, 0, bytes.length, TOKEN)).toBe(outcome);
  });
});

describe('an INIT', () => {
  it('is a packet whose CRC is right', () => {
    const packet = written(SCTP_PROBE);
    expect(packet.toString('hex')).toMatch(
      /^ef3201bb00000000.{8}01000014deadbeef00010000000a000adeadbeef$/,
    );
    const sum = packet.readUInt32LE(8);
    packet.writeUInt32LE(0, 8);
    expect(crc32c(packet, 0, packet.length)).toBe(sum);
  });

  it.each([
    ['INIT ACK', '01bbef32 deadbeef 00000000 02000014 00000007', OPEN_INIT_ACK],
    ['ABORT', '01bbef32 deadbeef 00000000 06000004', CLOSED_ABORT],
    ['ABORT with a cause', '01bbef32 deadbeef 00000000 0600000c 00050008', CLOSED_ABORT],
    ['ABORT with our tag reflected', '01bbef32 00000000 00000000 06010004', PENDING],
    ['ABORT that claims to reflect', '01bbef32 deadbeef 00000000 06010004', PENDING],
    ['another tag', '01bbef32 deadbeee 00000000 02000014 00000007', PENDING],
    ['another chunk', '01bbef32 deadbeef 00000000 05000004', PENDING],
    ['cut short', '01bbef32 deadbeef 00000000', PENDING],
  ])('understands %s', (_name, text, outcome) => {
    const bytes = hex(text);
    expect(SCTP_PROBE.outcome(bytes, 0, bytes.length, TOKEN)).toBe(outcome);
  });

  it.each([
    ['all of it', 'ef3201bb 00000000 01020304 01000014 deadbeef', true],
    ['eight octets', 'ef3201bb 00000000', true],
    ['another tag', 'ef3201bb 00000000 01020304 01000014 deadbeee', false],
    ['what is no INIT', 'ef3201bb 00000001', false],
  ])('is known where an error quotes %s', (_name, text, known) => {
    const bytes = hex(text);
    expect(SCTP_PROBE.quotes(bytes, 0, bytes.length, TOKEN)).toBe(known);
  });
});
