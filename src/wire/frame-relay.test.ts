import { describe, expect, it } from 'vitest';
import { decodeFrame } from '../../test/builders/decode.ts';
import {
  ether,
  ipv4,
  ipv6,
  join,
  snap,
  tcp,
  u8,
  u16,
  u24,
  zeros,
} from '../../test/builders/packet.ts';
import { KIND_OWN } from './faults.ts';

const FRAME_RELAY = 107;
const web = ipv4({}, tcp({}));
const web6 = ipv6({}, tcp({}));
const address = u8(0x18, 0x41);
const read = (...parts: Uint8Array[]) => decodeFrame(join(...parts), FRAME_RELAY);

describe('Frame Relay', () => {
  it.each([
    ['IPv4', [address, u8(3, 0xcc), web]],
    ['IPv6', [address, u8(3, 0x8e), web6]],
    ['IPv4 behind a padding octet', [address, u8(3, 0, 0xcc), web]],
    ['IPv4 behind an address of three octets', [u8(0x18, 0x40, 0x01, 3, 0xcc), web]],
    ['IPv4 behind an address of four octets', [u8(0x18, 0x40, 0x02, 0x01, 3, 0xcc), web]],
    ['SNAP', [address, u8(3, 0, 0x80), u24(0), u16(0x0800), web]],
    ['bridged Ethernet', [address, u8(3, 0, 0x80), u24(0x80c2), u16(7), ether({}, web)]],
    [
      'bridged Ethernet with check sequence',
      [address, u8(3, 0, 0x80), u24(0x80c2), u16(1), ether({ fcs: true }, web)],
    ],
    ['an EtherType, as Cisco has it', [address, u16(0x0800), web]],
  ])('carries %s', (_, parts) => {
    expect(read(...parts)).toMatchObject({ rows: [{ dport: 80 }], faults: {} });
  });

  it.each([
    ['IS-IS', [address, u8(3, 0x83), zeros(20)], 0x83],
    [
      'another SNAP organisation',
      [address, u8(3, 0, 0x80), u24(0x0c), u16(0x2000), zeros(20)],
      0x80,
    ],
    ['management', [address, u16(0x0308), zeros(20)], -1],
    ['a numbered frame', [address, u16(0x0102), zeros(20)], 0x01],
  ])('counts %s', (_, parts, kind) => {
    expect(read(...parts).other).toEqual({ [KIND_OWN + (kind < 0 ? 8 : kind)]: 1 });
  });

  it('with an address that never ends is a fault', () => {
    expect(read(zeros(20)).faults).toEqual({ 'link-header-invalid': 1 });
  });

  it('cut in its header is a fault', () => {
    const bytes = join(address, u8(3, 0, 0x80), u24(0), u16(0x0800), web);
    for (let length = 0; length < 10; length++) {
      expect(read(bytes.subarray(0, length)).faults).toEqual({ 'link-header-cut': 1 });
    }
  });

  it('has ATM as a sister, which is 802.2', () => {
    expect(decodeFrame(snap({}, web), 100).rows).toHaveLength(1);
  });
});
