import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../net/address.ts';
import { ARP_MESSAGES as ARP } from './arp-messages.ts';

const word = (text: string): number => parseAddress(text)!.words[0]!;
const DEVICE = { index: 2, mac: Uint8Array.of(2, 0, 0, 0, 0, 1) };
const REPLY = '0001 0800 06 04 0002 020000000007 c0000207 020000000001 c0000201';
const SENDER = Uint8Array.of(2, 0, 0, 0, 0, 9);

const octets = (text: string): Uint8Array =>
  Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const answer = (text: string) => ARP.read(octets(text), octets(text).length, SENDER);

describe('an ARP request', () => {
  it('asks everybody on the link from our address there', () => {
    const packet = Buffer.alloc(32, 0xff);
    const place = { device: DEVICE, source: [word('192.0.2.1')] };
    const mac = ARP.write(packet, place, [word('192.0.2.7')]);
    expect(Buffer.from(mac).toString('hex')).toBe('ffffffffffff');
    expect(packet.toString('hex', 0, ARP.length)).toBe(
      '0001080006040001020000000001c0000201000000000000c0000207',
    );
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
