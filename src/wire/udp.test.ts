import { describe, expect, it } from 'vitest';
import { decodeFrame, RAW_IP } from '../../test/builders/decode.ts';
import {
  fragment4,
  ipv4,
  ipv6,
  type Payload,
  type UdpFields,
  udp,
  zeros,
} from '../../test/builders/packet.ts';

const read = (fields: UdpFields, payload: Payload = '') =>
  decodeFrame(ipv4({}, udp(fields, payload)), RAW_IP);

describe('UDP', () => {
  it('gives ports and payload', () => {
    expect(read({ sport: 0, dport: 65535 }, 'hello')).toMatchObject({
      rows: [{ protocol: 17, sport: 0, dport: 65535, payload: 5, flags: 0, marks: [] }],
      faults: {},
    });
  });

  it('trusts its own length where the packet is longer', () => {
    expect(read({ length: 10 }, zeros(50))).toMatchObject({ rows: [{ payload: 2 }], faults: {} });
  });

  it('of length 0 takes what the packet has (jumbograms, offload)', () => {
    expect(read({ length: 0 }, zeros(50))).toMatchObject({ rows: [{ payload: 50 }], faults: {} });
  });

  it.each([1, 7, 59, 65535])('of length %i in 58 octets is a fault', (length) => {
    const { rows, faults } = read({ length }, zeros(50));
    expect(rows).toMatchObject([{ payload: 50 }]);
    expect(faults).toEqual({ 'udp-length-invalid': 1 });
  });

  it('of wrong length is a fault to a group address as well', () => {
    const packet = ipv4({ dst: '224.0.0.251' }, udp({ length: 999 }, 'x'));
    expect(decodeFrame(packet, RAW_IP).faults).toEqual({ 'udp-length-invalid': 1 });
  });

  it('states the length of the whole datagram in its first fragment', () => {
    const [first] = fragment4(ipv4({ flags: '' }, udp({}, zeros(3000))), 1500);
    expect(decodeFrame(first!, RAW_IP)).toMatchObject({ rows: [{ payload: 1472 }], faults: {} });
  });

  it('cut in its header has its ports if they are there', () => {
    const packet = ipv6({}, udp({}, 'hello'));
    for (let captured = 0; captured < 8; captured++) {
      const bytes = packet.subarray(0, 40 + captured);
      const { rows, faults } = decodeFrame(bytes, RAW_IP, packet.length);
      expect(rows).toMatchObject([
        captured < 4 ? { dport: 0, marks: ['no-transport'] } : { dport: 53, payload: 5, marks: [] },
      ]);
      expect(faults).toEqual({ 'transport-header-cut': 1 });
    }
  });

  it('counts the payload on the wire, not the part captured', () => {
    const packet = ipv4({}, udp({}, zeros(1000)));
    expect(decodeFrame(packet.subarray(0, 60), RAW_IP, packet.length).rows).toMatchObject([
      { payload: 1000 },
    ]);
  });
});
