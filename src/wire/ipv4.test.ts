import { describe, expect, it } from 'vitest';
import { decodeFrame, RAW_IP } from '../../test/builders/decode.ts';
import {
  ether,
  type Ipv4Fields,
  ipv4,
  ipv6,
  tcp,
  u8,
  udp,
  zeros,
} from '../../test/builders/packet.ts';

const read = (fields: Ipv4Fields, payload: Uint8Array = tcp({})) =>
  decodeFrame(ipv4(fields, payload), RAW_IP);

describe('IPv4', () => {
  it('gives addresses, length and payload', () => {
    expect(read({ src: '0.0.0.1', dst: '223.255.255.254' }, tcp({}, 'hello')).rows).toMatchObject([
      { source: '0.0.0.1', destination: '223.255.255.254', ipLength: 45, payload: 5, marks: [] },
    ]);
  });

  it.each([4, 8, 20, 40])('has %i octets of options', (length) => {
    const { rows } = read({ options: zeros(length) }, udp({ dport: 53 }, 'ab'));
    expect(rows).toMatchObject([{ dport: 53, ipLength: 30 + length, payload: 2 }]);
  });

  it.each([
    ['224.0.0.1', ['group']],
    ['239.255.255.255', ['group']],
    ['255.255.255.255', ['group']],
    ['240.0.0.1', []],
    ['223.255.255.255', []],
  ])('to %s is marked %j', (dst, marks) => {
    expect(read({ dst }).rows[0]?.marks).toEqual(marks);
  });

  it('of length 0 takes its length from the frame', () => {
    const { rows, faults } = read({ length: 0 }, tcp({ flags: 'A' }, zeros(60_000)));
    expect(rows).toMatchObject([{ ipLength: 60_040, payload: 60_000, marks: ['offloaded'] }]);
    expect(faults).toEqual({});
  });

  it('of length 0 takes its length from the frame on the wire, cut or not', () => {
    const bytes = ipv4({ length: 0 }, tcp({}, zeros(60_000))).subarray(0, 96);
    expect(decodeFrame(bytes, RAW_IP, 60_040).rows).toMatchObject([
      { ipLength: 60_040, payload: 60_000 },
    ]);
  });

  it('in a record that claims four thousand million octets keeps the books', () => {
    const { rows, decoder } = decodeFrame(ipv4({ length: 0 }, tcp({})), RAW_IP, 0xffffffff);
    expect(rows[0]?.ipLength).toBe(2 ** 28);
    expect(decoder.linkOctets + 2 ** 28).toBe(0xffffffff);
  });

  it('longer than its frame is a fault, and counts what was on the wire', () => {
    const { rows, faults } = read({ length: 1000 }, tcp({}, 'hello'));
    expect(rows).toMatchObject([{ ipLength: 45, payload: 5 }]);
    expect(faults).toEqual({ 'ipv4-length-invalid': 1 });
  });

  it('cut by a snap length is no fault of its length', () => {
    const bytes = ipv4({}, tcp({}, zeros(1000)));
    const { rows, faults } = decodeFrame(bytes.subarray(0, 64), RAW_IP, bytes.length);
    expect(rows).toMatchObject([{ ipLength: 1040, payload: 1000, marks: [] }]);
    expect(faults).toEqual({});
  });

  it.each([
    [{ ihl: 4 }, 'ipv4-header-invalid'],
    [{ ihl: 0 }, 'ipv4-header-invalid'],
    [{ length: 19 }, 'ipv4-length-invalid'],
    [{ ihl: 15, length: 59 }, 'ipv4-length-invalid'],
  ])('%j is a fault and makes no row', (fields, fault) => {
    const { rows, faults, decoder } = read(fields, tcp({}, zeros(60)));
    expect(rows).toEqual([]);
    expect(faults).toEqual({ [fault]: 1 });
    expect(decoder.unreadable.frames).toBe(1);
  });

  it('of another version is a fault', () => {
    expect(decodeFrame(ether({ type: 0x0800 }, ipv6({}, tcp({})))).faults).toEqual({
      'ipv4-header-invalid': 1,
    });
  });

  it('cut in its header is a fault', () => {
    for (let length = 1; length < 20; length++) {
      const { rows, faults } = decodeFrame(ipv4({}, tcp({})).subarray(0, length), RAW_IP, 40);
      expect(rows).toEqual([]);
      expect(faults).toEqual({ 'ipv4-header-cut': 1 });
    }
  });

  it('cut in its options has no ports', () => {
    const bytes = ipv4({ options: u8(7, 39, 4) }, tcp({}));
    for (let length = 20; length < 24 + 4; length++) {
      const { rows, faults } = decodeFrame(bytes.subarray(0, length), RAW_IP, bytes.length);
      expect(rows).toMatchObject([{ protocol: 6, sport: 0, dport: 0, marks: ['no-transport'] }]);
      expect(faults).toEqual({ 'transport-header-cut': 1 });
    }
  });
});
