import { describe, expect, it } from 'vitest';
import { decodeFrames } from '../../test/builders/decode.ts';
import { arp, ether, ipv4, ipv6, tcp, udp, vxlan } from '../../test/builders/packet.ts';
import { formatIPv4, formatIPv6 } from '../net/address.ts';
import { Decoder } from '../wire/decoder.ts';
import { LinkHosts } from './link-hosts.ts';
import { Listener } from './listener.ts';

function hostsOf(...frames: Uint8Array[]): string[] {
  const decoder = new Decoder();
  const listener = new Listener(decoder);
  decoder.listener = listener;
  decodeFrames(frames, {}, decoder);
  return listener.heard.links.hosts().map(({ address, family, mac }) => {
    const text =
      family === 0 ? formatIPv4(address) : formatIPv6(decoder.addresses.words, 4 * address);
    return `${text} ${mac}`;
  });
}

const from = (src: string, address: string, dst = '203.0.113.9') =>
  ether({ src }, ipv4({ src: address, dst }, tcp({ flags: 'S' })));
const OWN = '00:00:0c:00:00:01';
const ROUTER = '00:00:0c:00:00:fe';

describe('MAC addresses of hosts', () => {
  it('are those that frames of inside addresses come from', () => {
    expect(hostsOf(from(OWN, '192.168.1.7'))).toEqual([`192.168.1.7 ${OWN}`]);
    expect(hostsOf(from(OWN, '172.31.0.1'), from(OWN, '172.31.0.2'))).toHaveLength(2);
    const six = ether(
      { src: OWN },
      ipv6({ src: 'fe80::7', dst: 'ff02::fb' }, udp({ dport: 5353 }, 'x')),
    );
    expect(hostsOf(six)).toEqual([`fe80::7 ${OWN}`]);
  });

  it.each([
    [
      'a router that sends for the internet too',
      [from(ROUTER, '10.0.0.1'), from(ROUTER, '198.51.100.1')],
    ],
    [
      'a router that sends for many',
      ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((each) => from(ROUTER, each)),
    ],
    ['an address of the internet', [from(ROUTER, '198.51.100.1')]],
    ['two that send for one address', [from(OWN, '10.0.0.1'), from(ROUTER, '10.0.0.1')]],
    [
      'a tunnel',
      [ether({ src: ROUTER }, ipv4({ src: '198.51.100.1' }, vxlan({}, from(OWN, '10.0.0.1'))))],
    ],
    ['nobody', [from('00:00:00:00:00:00', '10.0.0.1')]],
    ['a group', [from('01:00:5e:00:00:01', '10.0.0.1')]],
  ])('are not taken of %s', (_, frames) => {
    expect(hostsOf(...frames)).toEqual([]);
  });

  it('are those that ARP names', () => {
    const said = (sender: string, hardware = 1) =>
      hostsOf(ether({ src: OWN }, arp({ senderMac: OWN, sender, target: '10.0.0.2', hardware })));
    expect(said('10.0.0.1')).toEqual([`10.0.0.1 ${OWN}`]);
    // A probe for an address nobody may have yet (RFC 5227), and another kind of link.
    expect(said('0.0.0.0')).toEqual([]);
    expect(said('10.0.0.1', 6)).toEqual([]);
  });

  it('stay within their bounds', () => {
    const links = new LinkHosts();
    for (let mac = 1; mac <= 16_384; mac++) links.note(0, mac, mac, 0, true);
    expect(links.hosts()).toHaveLength(16_384);
    links.note(0, 16_385, 1, 0, true);
    expect(links.hosts()).toEqual([]);
  });
});
