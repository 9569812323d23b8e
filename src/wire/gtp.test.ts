import { describe, expect, it } from 'vitest';
import { accounted, decodeFrame, RAW_IP } from '../../test/builders/decode.ts';
import {
  gtpu,
  hex,
  ipv4,
  ipv6,
  join,
  type Payload,
  tcp,
  u8,
  udp,
  zeros,
} from '../../test/builders/packet.ts';

const web = ipv4({ src: '10.0.0.1', dst: '10.0.0.2' }, tcp({}));
const session = { type: 0x85, content: zeros(2) };
const read = (payload: Payload) => {
  const decoded = decodeFrame(ipv4({}, udp({ sport: 2152, dport: 2152 }, payload)), RAW_IP);
  expect(accounted(decoded.decoder, decoded.rows)).toBe(decoded.decoder.octets);
  return decoded;
};

describe('GTP-U', () => {
  it.each([
    ['nothing more', {}],
    ['a sequence number', { sequence: 0x100 }],
    ['an N-PDU number', { npdu: 3 }],
    ['an extension header', { extensions: [session] }],
    [
      'several extension headers',
      { sequence: 1, extensions: [session, { type: 0xc0, content: zeros(6) }, session] },
    ],
  ])('with %s carries IPv4 and IPv6', (_, fields) => {
    for (const packet of [web, ipv6({}, tcp({}))]) {
      const { rows, faults } = read(gtpu(fields, packet));
      expect(rows).toMatchObject([
        { dport: 2152 },
        // Tunnel ends differ by direction: they are no part of the context.
        { dport: 80, context: { tunnel: 'gtp-u', tunnelId: 0, depth: 1 } },
      ]);
      expect(faults).toEqual({});
    }
  });

  it('keeps both directions of a conversation in one flow', () => {
    const back = ipv4({ src: '10.0.0.2', dst: '10.0.0.1' }, tcp({ sport: 80, dport: 40000 }));
    const [there, here] = [gtpu({ teid: 1 }, web), gtpu({ teid: 2 }, back)].map(
      (payload) => read(payload).rows[1]?.hash,
    );
    expect(there).toBe(here);
  });

  it.each([
    ['an echo request', gtpu({ type: 1, sequence: 1 })],
    ['an error indication', gtpu({ type: 26 }, zeros(20))],
    ['an end marker', gtpu({ type: 254 })],
    ['version 2', join(u8(0x48, 255), web)],
    ['charging data', join(u8(0x20, 255), zeros(6), web)],
    ['seven octets', hex('30 ff 0000 0000 00')],
    ['a user packet of none', gtpu({}, '')],
    ['neither IPv4 nor IPv6', gtpu({}, zeros(40))],
  ])('%s is plain UDP', (_, payload) => {
    expect(read(payload)).toMatchObject({ rows: [{ carried: 0 }], faults: {} });
  });

  it.each([
    ['of no length', hex('34 ff 0008 00000001 0000 00 85 00 000000')],
    ['beyond the packet', hex('34 ff 0008 00000001 0000 00 85 ff 000000')],
    ['announced and missing', hex('34 ff 0004 00000001 0000 00 85')],
    ['in a header cut short', hex('32 ff 0002 00000001 0000')],
  ])('with an extension %s is a fault', (_, payload) => {
    expect(read(payload)).toMatchObject({ rows: [{}], faults: { 'tunnel-header-invalid': 1 } });
  });

  it('follows eight extension headers and no more', () => {
    const extensions = (count: number) => Array.from({ length: count }, () => session);
    expect(read(gtpu({ extensions: extensions(8) }, web)).rows).toHaveLength(2);
    expect(read(gtpu({ extensions: extensions(9) }, web)).faults).toEqual({
      'tunnel-header-invalid': 1,
    });
  });
});
