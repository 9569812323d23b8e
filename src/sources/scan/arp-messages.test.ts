import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../net/address.ts';
import { arpMessages } from './arp-messages.ts';
import type { Link } from './links.ts';

const word = (text: string): number => parseAddress(text)!.words[0]!;
const LINK: Link = {
  name: 'eth0',
  index: 2,
  mac: Uint8Array.of(2, 0, 0, 0, 0, 1),
  address: word('192.0.2.1'),
  mask: word('255.255.255.0'),
};
const ARP = arpMessages([LINK]);
const REPLY = '0001 0800 06 04 0002 020000000007 c0000207 020000000001 c0000201';
const SENDER = Uint8Array.of(2, 0, 0, 0, 0, 9);

const octets = (text: string): Uint8Array =>
  Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const answer = (text: string) => ARP.read(octets(text), octets(text).length, SENDER);

describe('an ARP request', () => {
  it('asks everybody on the link from our address there', () => {
    const packet = Buffer.alloc(32, 0xff);
    const place = ARP.placeOf({ family: 4, words: [word('192.0.2.7')] });
    expect(place).toEqual({ device: LINK, source: [word('192.0.2.1')] });
    const mac = ARP.write(packet, place!, [word('192.0.2.7')]);
    expect(Buffer.from(mac).toString('hex')).toBe('ffffffffffff');
    expect(packet.toString('hex', 0, ARP.length)).toBe(
      '0001080006040001020000000001c0000201000000000000c0000207',
    );
  });

  it.each([
    ['192.0.2.1', 'our own address'],
    ['198.51.100.7', 'one behind a router'],
  ])('has no place for %s: %s', (text) => {
    expect(ARP.placeOf({ family: 4, words: [word(text)] })).toBeUndefined();
  });
});

describe('an ARP reply', () => {
  it('names who it is from by its own word, and with octets behind it', () => {
    const expected = { words: [word('192.0.2.7')], mac: Uint8Array.of(2, 0, 0, 0, 0, 7) };
    expect(answer(REPLY)).toEqual(expected);
    expect(answer(`${REPLY} 000000000000`)).toEqual(expected);
  });

  it.each([
    ['a request', REPLY.replace('0002', '0001')],
    ['an operation beyond an octet', REPLY.replace('0002', '0102')],
    ['Ethernet addresses of another length', REPLY.replace('06 04', '08 04')],
    ['addresses that are not of IPv4', REPLY.replace('06 04', '06 10')],
    ['nothing', ''],
    ['one cut short', REPLY.slice(0, -1)],
  ])('is not %s', (_name, text) => {
    expect(answer(text)).toBeUndefined();
  });
});
