import { describe, expect, it } from 'vitest';
import { decodeFrame, RAW_IP } from '../../test/builders/decode.ts';
import {
  ipv4,
  ipv6,
  type Payload,
  type TcpFields,
  tcp,
  tcpOptions,
  zeros,
} from '../../test/builders/packet.ts';

const read = (fields: TcpFields, payload: Payload = '') =>
  decodeFrame(ipv4({}, tcp(fields, payload)), RAW_IP);

describe('TCP', () => {
  it('gives every field of its header', () => {
    const fields = { sport: 65535, dport: 1, seq: 0xffffffff, ack: 0x80000000, window: 0xffff };
    const { rows, faults } = read({ ...fields, flags: 0xff }, 'abc');
    expect(rows).toMatchObject([
      {
        protocol: 6,
        sport: 65535,
        dport: 1,
        sequence: 0xffffffff,
        acknowledgment: 0x80000000,
        window: 0xffff,
        flags: 0xff,
        payload: 3,
        hint: '',
      },
    ]);
    expect(faults).toEqual({});
  });

  it.each([
    ['F', 1],
    ['S', 2],
    ['R', 4],
    ['P', 8],
    ['A', 16],
    ['U', 32],
    ['E', 64],
    ['C', 128],
    ['SAN', 18],
    ['', 0],
  ])('flags %s are %i', (flags, bits) => {
    expect(read({ flags, window: 0 }).rows[0]?.flags).toBe(bits);
  });

  it('does not count options as payload', () => {
    const options = tcpOptions({ mss: 1460, sackPermitted: true, timestamps: [1, 2] });
    expect(read({ flags: 'S', options }).rows[0]?.payload).toBe(0);
    expect(read({ options: zeros(40) }, 'hello').rows[0]?.payload).toBe(5);
  });

  it.each([0, 1, 4])('with a header of %i words is a fault of unknown length', (dataOffset) => {
    const { rows, faults } = read({ dataOffset }, 'hello');
    expect(rows).toMatchObject([{ dport: 80, payload: 0, marks: ['length-unknown'] }]);
    expect(faults).toEqual({ 'tcp-header-invalid': 1 });
  });

  it('with a header beyond its packet is a fault of unknown length', () => {
    expect(read({ dataOffset: 15 }).rows[0]?.marks).toEqual(['length-unknown']);
  });

  it('counts the payload on the wire, not the part captured', () => {
    const packet = ipv4({}, tcp({ options: zeros(12) }, zeros(1400)));
    for (const length of [40, 52, 60, 100]) {
      const { rows, faults } = decodeFrame(packet.subarray(0, length), RAW_IP, packet.length);
      expect(rows).toMatchObject([{ payload: 1400, marks: [] }]);
      expect(faults).toEqual({});
    }
  });

  it('cut in its header has its ports if they are there', () => {
    const packet = ipv4({}, tcp({}, 'hello'));
    for (let captured = 0; captured < 14; captured++) {
      const bytes = packet.subarray(0, 20 + captured);
      const { rows, faults } = decodeFrame(bytes, RAW_IP, packet.length);
      const ports = captured < 4 ? [0, 0] : [40000, 80];
      expect(rows).toMatchObject([{ sport: ports[0], dport: ports[1], marks: ['no-transport'] }]);
      expect(rows[0]?.payload).toBe(captured < 4 ? 25 : 5);
      expect(rows[0]?.flags).toBe(0);
      expect(faults).toEqual({ 'transport-header-cut': 1 });
    }
  });

  it('cut behind its flags is followed all the same', () => {
    const packet = ipv6({}, tcp({ flags: 'SA', seq: 7, ack: 9, options: zeros(12) }, 'hello'));
    for (let captured = 14; captured < 20; captured++) {
      const bytes = packet.subarray(0, 40 + captured);
      const { rows, faults } = decodeFrame(bytes, RAW_IP, packet.length);
      expect(rows).toMatchObject([{ sport: 40000, dport: 80, marks: [], payload: 5 }]);
      expect(rows[0]).toMatchObject({ sequence: 7, acknowledgment: 9, flags: 0x12 });
      expect(faults).toEqual({});
    }
  });

  it('shorter than its header by its own account is cut too', () => {
    const { rows } = decodeFrame(ipv4({ length: 30 }, tcp({}, zeros(30))), RAW_IP);
    expect(rows).toMatchObject([{ dport: 80, payload: 0, ipLength: 30, marks: ['no-transport'] }]);
  });

  it('counts packets larger than an Ethernet frame', () => {
    const large = decodeFrame(ipv6({}, tcp({}, zeros(9000))), RAW_IP).decoder;
    expect(large.oversizedPackets).toBe(1);
    const usual = decodeFrame(ipv4({}, tcp({}, zeros(1460))), RAW_IP).decoder;
    expect(usual.oversizedPackets).toBe(0);
  });

  it('looks for hints in its payload alone', () => {
    expect(read({}, 'GET / HTTP/1.1').rows[0]?.hint).toBe('http asks');
    const octets = new TextEncoder().encode('GET /path');
    expect(read({ options: octets }).rows[0]?.hint).toBe('');
    // Nor in padding behind the packet.
    const packet = ipv4({ length: 40 }, tcp({}, 'GET / HTTP/1.1'));
    expect(decodeFrame(packet, RAW_IP).rows[0]?.hint).toBe('');
  });
});
