import { describe, expect, it } from 'vitest';
import { accounted, decodeFrame, RAW_IP } from '../../test/builders/decode.ts';
import {
  ether,
  geneve,
  ipv4,
  ipv6,
  type Payload,
  tcp,
  udp,
  zeros,
} from '../../test/builders/packet.ts';

const web = ipv4({ src: '10.0.0.1', dst: '10.0.0.2' }, tcp({}));
const option = (length: number) => ({ class: 0x0102, type: 1, data: zeros(length) });
const read = (payload: Payload) => {
  const decoded = decodeFrame(ipv4({}, udp({ dport: 6081 }, payload)), RAW_IP);
  expect(accounted(decoded.decoder, decoded.rows)).toBe(decoded.decoder.octets);
  return decoded;
};

describe('Geneve', () => {
  it.each([
    ['Ethernet', ether({ vlan: 3 }, web), {}],
    ['IPv4', web, {}],
    ['IPv6', ipv6({}, tcp({})), {}],
    ['Ethernet behind options', ether({}, web), { options: [option(4), option(0), option(60)] }],
    ['Ethernet behind the most options', ether({}, web), { options: [option(124), option(120)] }],
  ])('carries %s', (_, payload, fields) => {
    const { rows, faults } = read(geneve({ vni: 0x123456, ...fields }, payload));
    expect(rows).toMatchObject([
      { dport: 6081 },
      { dport: 80, context: { tunnel: 'geneve', tunnelId: 0x123456, depth: 1 } },
    ]);
    expect(rows[0]?.carried).toBe(rows[1]?.ipLength);
    expect(faults).toEqual({});
  });

  it.each([
    ['another version', { optionsLength: 0x40 }],
    ['options beyond the packet', { optionsLength: 0x3f }],
  ])('with %s is a fault', (_, fields) => {
    const { rows, faults } = read(geneve(fields, web));
    expect(rows).toHaveLength(1);
    expect(faults).toEqual({ 'tunnel-header-invalid': 1 });
  });

  it.each([
    ['too short', zeros(7)],
    ['of an unknown protocol', geneve({ protocol: 0x1234 }, web.slice())],
    ['of a protocol below 0x600', geneve({ protocol: 0x100 }, zeros(60))],
  ])('%s is plain UDP', (_, payload) => {
    expect(read(payload)).toMatchObject({ rows: [{ carried: 0 }], faults: {} });
  });
});
