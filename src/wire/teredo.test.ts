import { describe, expect, it } from 'vitest';
import { accounted, decodeFrame, RAW_IP } from '../../test/builders/decode.ts';
import {
  hex,
  icmp6,
  ipv4,
  ipv6,
  join,
  type Payload,
  tcp,
  teredo,
  u8,
  udp,
  zeros,
} from '../../test/builders/packet.ts';

const web = ipv6({ src: '2001:0:4136:e378::1' }, tcp({}));
const origin = { port: 4096, address: '192.0.2.77' };
const read = (payload: Payload, fields: object = { dport: 3544 }) => {
  const decoded = decodeFrame(ipv4({}, udp(fields, payload)), RAW_IP);
  expect(accounted(decoded.decoder, decoded.rows)).toBe(decoded.decoder.octets);
  return decoded;
};

describe('Teredo', () => {
  it.each([
    ['alone', {}],
    ['with an origin', { origin }],
    ['with authentication', { authentication: true }],
    ['with authentication and origin', { authentication: true, origin }],
  ])('%s carries IPv6', (_, fields) => {
    const { rows, faults } = read(teredo(fields, web));
    expect(rows).toMatchObject([
      { protocol: 17, dport: 3544, carried: 60 },
      { source: '2001:0:4136:e378::1', dport: 80, context: { tunnel: 'teredo', depth: 1 } },
    ]);
    expect(faults).toEqual({});
  });

  it('has a client identifier and an authentication value of any length', () => {
    const header = join(hex('0001 05 07'), zeros(5 + 7 + 9));
    expect(read(join(header, web)).rows).toHaveLength(2);
  });

  it('is answered from its port', () => {
    expect(read(teredo({}, web), { sport: 3544, dport: 50000 }).rows).toHaveLength(2);
  });

  it('carries bubbles and router discovery', () => {
    expect(read(teredo({}, ipv6({ nextHeader: 59 }, ''))).rows).toMatchObject([
      {},
      { protocol: 59 },
    ]);
    expect(
      read(teredo({ authentication: true }, ipv6({}, icmp6({ type: 133 })))).rows,
    ).toMatchObject([{}, { protocol: 58, sport: 133 }]);
  });

  it.each([
    ['too short', web.subarray(0, 39)],
    ['of another version', ipv4({}, tcp({}, zeros(20)))],
    ['longer by its header than by its datagram', ipv6({ length: 500 }, tcp({}))],
    ['only an authentication header', hex('0001 00 00 0000000000000000 00')],
    ['whose authentication value never ends', join(hex('0001 ff ff'), zeros(60))],
    ['noise that starts like it', join(u8(0x60), zeros(60).fill(0xff))],
  ])('%s is plain UDP', (_, payload) => {
    expect(read(payload)).toMatchObject({ rows: [{ carried: 0 }], faults: {} });
  });
});
