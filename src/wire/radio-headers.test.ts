import { describe, expect, it } from 'vitest';
import { decodeFrame } from '../../test/builders/decode.ts';
import {
  ether,
  ipv4,
  join,
  little,
  radiotap,
  tcp,
  u8,
  u16,
  u32,
  wifi,
  zeros,
} from '../../test/builders/packet.ts';

const web = ipv4({}, tcp({}));
const [PRISM, RADIOTAP, AVS, PPI] = [119, 127, 163, 192];
const PADDED = 0x20;
/** A data frame whose header of 26 octets is padded to 28. */
const frame = wifi({ qos: true }, web);
const padded = join(frame.subarray(0, 26), zeros(2), frame.subarray(26));
const ppi = (linkType: number, content: Uint8Array, length = 8) =>
  join(u8(0, 0), little(u16(length)), little(u32(linkType)), content);

describe('radiotap', () => {
  it.each([
    ['no fields', radiotap({ present: [0], data: zeros(0) }, frame)],
    ['flags alone', radiotap({}, frame)],
    ['flags and a check sequence', radiotap({ flags: 0x10 }, wifi({ qos: true, fcs: true }, web))],
    ['padding behind the 802.11 header', radiotap({ flags: PADDED }, padded)],
    [
      'a timer, aligned to eight octets, before the flags',
      radiotap({ present: [3], data: join(zeros(8), u8(PADDED)) }, padded),
    ],
    [
      'three presence words, behind which the timer is aligned',
      radiotap({ present: [0x80000003, 0x80000000, 0], data: join(zeros(8), u8(PADDED)) }, padded),
    ],
    [
      'two presence words, behind which it follows a gap',
      radiotap({ present: [0x80000003, 0], data: join(zeros(12), u8(PADDED)) }, padded),
    ],
    [
      'fields this program does not know',
      radiotap({ present: [0x7ffffffc], data: zeros(90) }, frame),
    ],
  ])('with %s', (_, bytes) => {
    const { rows, faults } = decodeFrame(bytes, RADIOTAP);
    expect(rows).toMatchObject([{ dport: 80, ipLength: 40 }]);
    expect(faults).toEqual({});
  });

  it('of a frame that was damaged on the air', () => {
    const { rows, faults } = decodeFrame(radiotap({ flags: 0x50 }, frame), RADIOTAP);
    expect(rows).toEqual([]);
    expect(faults).toEqual({ 'checksum-bad': 1 });
  });

  it.each([0, 1, 7, 1000, 65535])('that claims %i octets is a fault', (length) => {
    expect(decodeFrame(radiotap({ length }, frame), RADIOTAP).faults).toHaveProperty(
      'link-header-invalid',
      1,
    );
  });

  it('with presence words up to its end is read in bounds', () => {
    const present = Array.from({ length: 10 }, () => 0xffffffff);
    expect(decodeFrame(radiotap({ present, data: zeros(0) }, frame), RADIOTAP).rows).toHaveLength(
      1,
    );
  });

  it('cut in its header is a fault', () => {
    for (let length = 0; length < 9; length++) {
      const { faults } = decodeFrame(radiotap({}, frame).subarray(0, length), RADIOTAP);
      expect(Object.values(faults).length).toBeGreaterThan(0);
    }
  });
});

describe('Prism and AVS', () => {
  const avs = (length: number) => join(u32(0x80211001, length), zeros(56), frame);

  it('are read, and AVS under the number of Prism too', () => {
    expect(decodeFrame(join(zeros(144), frame), PRISM).rows).toHaveLength(1);
    expect(decodeFrame(avs(64), AVS).rows).toHaveLength(1);
    expect(decodeFrame(avs(64), PRISM).rows).toHaveLength(1);
  });

  it.each([0, 7, 5000, 0xffffffff])('AVS that claims %i octets is a fault', (length) => {
    expect(decodeFrame(avs(length), AVS).faults).toEqual({ 'link-header-invalid': 1 });
  });

  it('cut in their header are faults', () => {
    for (const length of [0, 4, 7]) {
      expect(decodeFrame(avs(64).subarray(0, length), AVS).faults).toEqual({
        'link-header-cut': 1,
      });
    }
    for (const length of [0, 7, 8, 143]) {
      expect(decodeFrame(zeros(length), PRISM).faults).toEqual({ 'link-header-cut': 1 });
    }
  });
});

describe('per-packet information', () => {
  it.each([
    [105, frame],
    [1, ether({}, web)],
    [101, web],
  ])('precedes link type %i', (linkType, content) => {
    expect(decodeFrame(ppi(linkType, content), PPI).rows).toHaveLength(1);
    expect(decodeFrame(ppi(linkType, join(zeros(12), content), 20), PPI).rows).toHaveLength(1);
  });

  it('counts a link type that is not read', () => {
    expect(decodeFrame(ppi(147, frame), PPI).unknown).toEqual({ 147: 1 });
  });

  it.each([
    ['itself', ppi(192, frame)],
    ['a link type beyond 16 bits', ppi(0x10001, frame)],
    ['too short a header', ppi(1, frame, 7)],
    ['too long a header', ppi(1, frame, 2000)],
  ])('with %s is a fault', (_, bytes) => {
    expect(decodeFrame(bytes, PPI).faults).toEqual({ 'link-header-invalid': 1 });
  });

  it('and PKTAP inside each other end', () => {
    const pktap = (content: Uint8Array) =>
      join(little(u32(12)), zeros(4), little(u32(PPI)), content);
    let bytes: Uint8Array = frame;
    const shell = ppi(258, pktap(new Uint8Array(0)));
    bytes = join(...Array.from({ length: 10_000 }, () => shell), ppi(105, frame));
    expect(decodeFrame(bytes, PPI).faults).toEqual({ 'tunnels-too-deep': 1 });
  });

  it('cut in its header is a fault', () => {
    for (let length = 0; length < 8; length++) {
      expect(decodeFrame(ppi(1, frame).subarray(0, length), PPI).faults).toEqual({
        'link-header-cut': 1,
      });
    }
  });
});
