import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../net/address.ts';
import { type EthernetDevice, OwnLinks, readRoute } from './links.ts';

const DEVICE: EthernetDevice = { index: 2, mac: Uint8Array.of(2, 0, 0, 0, 0, 2) };
const DEVICES = new Map([[2, DEVICE]]);
const SOURCE = [10, 0, 0, 9];
const OIF = 4;
const PREFSRC = 7;

type Attribute = readonly [type: number, octets: readonly number[]];

/** A route as the kernel tells it: `struct rtmsg` of that kind, then attributes. */
function route(kind: number, attributes: readonly Attribute[]): Uint32Array {
  const octets = [2, 32, 0, 0, 254, 2, 253, kind, 0, 0, 0, 0];
  for (const [type, value] of attributes) {
    octets.push(4 + value.length, 0, type, 0, ...value);
    while (octets.length % 4 !== 0) octets.push(0);
  }
  return new Uint32Array(Uint8Array.from(octets).buffer);
}

const ON_LINK: readonly Attribute[] = [
  [1, [10, 0, 0, 1]],
  [OIF, [2, 0, 0, 0]],
  [PREFSRC, SOURCE],
];

describe('the link that a route leads to', () => {
  it.each<[string, number, readonly Attribute[], boolean]>([
    ['its own network', 1, ON_LINK, true],
    ['a router', 1, [...ON_LINK, [5, [10, 0, 0, 254]]], false],
    ['a router of the other family', 1, [...ON_LINK, [18, [10, 0, ...SOURCE]]], false],
    ['a tunnel on the way', 1, [...ON_LINK, [22, []]], false],
    ['an address of our own', 2, ON_LINK, false],
    ['a network or broadcast address of the link', 3, ON_LINK, true],
    ['a prohibited route', 8, ON_LINK, false],
    ['a device without neighbours', 1, [[OIF, [3, 0, 0, 0]], ON_LINK[2]!], false],
    ['no address of ours', 1, ON_LINK.slice(0, 2), false],
    ['damaged', 1, [[OIF, [2, 0, 0, 0]]], false],
  ])('by %s', (_name, kind, attributes, near) => {
    const words = route(kind, attributes);
    const found = readRoute(words, 0, words.length, DEVICES);
    expect(found).toEqual(near ? { device: DEVICE, source: [0x0a000009] } : undefined);
  });

  it('is unknown where a message is cut short anywhere', () => {
    const words = route(1, ON_LINK);
    for (let end = 3; end < words.length; end++) {
      expect(readRoute(words, 0, end, DEVICES)).toBeUndefined();
    }
  });
});

describe.runIf(process.platform === 'linux')('ways by this kernel', () => {
  it.each(['127.0.0.1', '127.9.9.9', '::1', '::1%1'])('to %s: no neighbour', (text) => {
    const links = new OwnLinks();
    try {
      expect(links.wayTo(parseAddress(text)!)).toEqual({ near: undefined });
    } finally {
      links.close();
    }
  });
});
