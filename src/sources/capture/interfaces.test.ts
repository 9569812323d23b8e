import { describe, expect, it } from 'vitest';
import { ANY, framingOf, interfaceNamed, listInterfaces, readLink } from './interfaces.ts';

/** A message of the kernel: `struct ifinfomsg`, then attributes. */
function link(
  hardware: number,
  index: number,
  flags: number,
  attributes: readonly (readonly [type: number, payload: readonly number[]])[],
): Uint32Array {
  const octets: number[] = [];
  for (const [type, payload] of attributes) {
    const size = payload.length + 4;
    octets.push(size & 255, size >> 8, type & 255, type >> 8, ...payload);
    while (octets.length % 4 !== 0) octets.push(0);
  }
  const words = new Uint32Array(4 + octets.length / 4);
  words.set([(hardware << 16) >>> 0, index, flags, 0]);
  new Uint8Array(words.buffer).set(octets, 16);
  return words;
}
const text = (name: string) => [...new TextEncoder().encode(name), 0];
const ETH0 = link(1, 2, 0x1003, [
  [1, [2, 0, 0, 0, 0, 7]],
  [3, text('eth0')],
  [33, [1]],
]);

describe('a message', () => {
  it.each([
    [ETH0, { name: 'eth0', index: 2, hardware: 1, up: true, loopback: false, carrier: true }],
    [
      link(772, 1, 0x9, [[3, text('lo')]]),
      { name: 'lo', index: 1, hardware: 772, up: true, loopback: true, carrier: false },
    ],
    [
      // Down: the kernel may still say that there is a carrier.
      link(65_534, 7, 0x90, [
        [3, text('tun0')],
        [33, [1]],
      ]),
      { name: 'tun0', index: 7, hardware: 65_534, up: false, loopback: false, carrier: false },
    ],
    [
      link(1, 300, 1, [[3, [0x65]]]),
      { name: 'e', index: 300, hardware: 1, up: true, loopback: false, carrier: false },
    ],
  ])('%# is read', (words, expected) => {
    expect(readLink(words, 0, words.length)).toEqual(expected);
  });

  it('is no interface without a name, and may end anywhere', () => {
    expect(readLink(link(1, 2, 1, [[3, [0]]]), 0, 6)).toBeUndefined();
    for (let end = 0; end < 8; end++) expect(readLink(ETH0, 0, end)).toBeUndefined();
  });
});

it.runIf(process.platform === 'linux')('lists those of this machine by index', () => {
  const all = listInterfaces();
  const indices = all.map(({ index }) => index);
  expect(indices).toEqual([...indices].sort((left, right) => left - right));
  expect(all).toContainEqual(interfaceNamed('lo'));
  expect(interfaceNamed('lo')).toMatchObject({ hardware: 772, loopback: true });
});

it.runIf(process.platform === 'linux').each(['', '.', '..', 'a/b', '../lo', 'no such'])(
  'knows no %j',
  (name) => {
    expect(interfaceNamed(name)).toBeUndefined();
  },
);

it.each([
  [1, { linkType: 1, cooked: false }],
  [772, { linkType: 1, cooked: false }],
  [65_534, { linkType: 101, cooked: false }],
  [280, { linkType: 276, cooked: true }],
])('knows how frames of hardware %i come', (hardware, framing) => {
  expect(framingOf({ ...ANY, index: 9, hardware })).toEqual(framing);
});

it('takes all interfaces at once in cooked form', () => {
  expect(framingOf(ANY)).toEqual({ linkType: 276, cooked: true });
});
