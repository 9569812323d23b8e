import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../net/address.ts';
import { advertisedMac, SOLICITATION_LENGTH, writeSolicitation } from './nd-messages.ts';
import { internetChecksum, sumOfWords } from './raw-scan.ts';

const SENDER = Uint8Array.of(2, 0, 0, 0, 0, 9);
const TOLD = '020000000001';
const wordsOf = (text: string): readonly number[] => parseAddress(text)!.words;

/** An advertisement of 2001:db8::2 from itself, with its sum right unless `spoil` is not 0. */
function advertisement(
  body = `0201${TOLD}`,
  {
    type = 136,
    code = 0,
    hops = 255,
    next = 58,
    length = 0,
    spoil = 0,
    target = '2001:db8::2',
  } = {},
): Uint8Array {
  const options = Buffer.from(body, 'hex');
  const packet = new Uint8Array(64 + options.length);
  const view = new DataView(packet.buffer);
  packet[0] = 0x60;
  view.setUint16(4, length || packet.length - 40);
  packet[6] = next;
  packet[7] = hops;
  wordsOf('2001:db8::2').forEach((word, index) => void view.setUint32(8 + 4 * index, word));
  wordsOf('2001:db8::1').forEach((word, index) => void view.setUint32(24 + 4 * index, word));
  packet[40] = type;
  packet[41] = code;
  packet[44] = 0x60;
  wordsOf(target).forEach((word, index) => void view.setUint32(48 + 4 * index, word));
  packet.set(options, 64);
  const sum = sumOfWords(packet, 8, packet.length) + packet.length - 40 + 58;
  view.setUint16(42, internetChecksum(sum) ^ spoil);
  return packet;
}

const told = (packet: Uint8Array, length = packet.length): string | undefined => {
  const mac = advertisedMac(packet, length, SENDER);
  return mac && Buffer.from(mac).toString('hex');
};

describe('a neighbour solicitation', () => {
  it('goes to the group of the target, with our address and a sum that is right', () => {
    const packet = Buffer.alloc(80, 0xff);
    const mac = Uint8Array.of(2, 0, 0, 0, 0, 1);
    const group = writeSolicitation(packet, wordsOf('fe80::1'), wordsOf('fe80::ab:cdef:1234'), mac);
    expect(Buffer.from(group).toString('hex')).toBe('3333ffef1234');
    expect(packet.toString('hex', 0, SOLICITATION_LENGTH)).toMatch(
      new RegExp(
        '^6000000000203aff' +
          'fe800000000000000000000000000001' +
          'ff0200000000000000000001ffef1234' +
          '8700.{4}00000000' +
          'fe80000000000000000000abcdef1234' +
          '0101020000000001$',
      ),
    );
    const octets = Uint8Array.from(packet.subarray(0, SOLICITATION_LENGTH));
    expect(internetChecksum(sumOfWords(octets, 8, SOLICITATION_LENGTH) + 32 + 58)).toBe(0);
  });
});

describe('a neighbour advertisement', () => {
  it.each([
    ['the address it tells', advertisement(), TOLD],
    ['its sender where it tells none', advertisement(''), '020000000009'],
    [
      'the address behind another option',
      advertisement(`0e01000000000000 0201${TOLD}`.replace(' ', '')),
      TOLD,
    ],
    ['nobody with a damaged sum', advertisement(undefined, { spoil: 1 }), undefined],
    ['nobody through a router', advertisement(undefined, { hops: 254 }), undefined],
    ['nobody of another type', advertisement(undefined, { type: 135 }), undefined],
    ['nobody with a code', advertisement(undefined, { code: 1 }), undefined],
    ['nobody for a group', advertisement(undefined, { target: 'ff02::1' }), undefined],
    ['nobody of another protocol', advertisement(undefined, { next: 59 }), undefined],
    ['nobody with an option of no length', advertisement(`0200${TOLD}`), undefined],
    ['nobody with an option beyond its end', advertisement(`0202${TOLD}`), undefined],
    ['nobody with half an option', advertisement('02'), undefined],
    ['nobody longer than it is', advertisement(undefined, { length: 200 }), undefined],
    ['nobody shorter than one', advertisement(undefined, { length: 20 }), undefined],
  ])('names %s', (_name, packet, expected) => {
    expect(told(packet)).toBe(expected);
  });

  it('names nobody when cut anywhere', () => {
    const packet = advertisement();
    for (let length = 0; length < packet.length; length++) {
      expect(told(packet.slice(0, length), length)).toBeUndefined();
    }
  });
});
