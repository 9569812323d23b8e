import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../net/address.ts';
import { deviceTo, type EthernetDevice, parseRoutes6 } from './links.ts';

const words = (text: string): string =>
  parseAddress(text)!
    .words.map((word) => word.toString(16).padStart(8, '0'))
    .join('');

/** A line of `/proc/net/ipv6_route`. */
function route(prefix: string, hop: string, flags: string, name: string, metric = 256): string {
  const [address, length] = prefix.split('/') as [string, string];
  const bits = Number(length).toString(16).padStart(2, '0');
  const metricText = metric.toString(16).padStart(8, '0');
  const nothing = '0'.repeat(32);
  return `${words(address)} ${bits} ${nothing} 00 ${words(hop)} ${metricText} 00000001 00000000 ${flags} ${name.padStart(8)}`;
}

const device = (name: string, index: number): EthernetDevice => ({
  name,
  index,
  mac: Uint8Array.of(2, 0, 0, 0, 0, index),
});
const DEVICES = [device('eth0', 2), device('eth1', 3)];
const ROUTES = parseRoutes6(
  [
    route('::/0', 'fe80::1', '00000003', 'eth0', 1024),
    route('2001:db8::/64', '::', '00000001', 'eth0'),
    // Part of the network is behind a router, part of that a link after all.
    route('2001:db8::8000/113', 'fe80::2', '00000003', 'eth0'),
    route('2001:db8::9000/116', '::', '00000001', 'eth1'),
    route('2001:db8:1::/64', '::', '00000001', 'tun0'),
    route('2001:db8:2::/64', '::', '00000201', 'lo'),
    route('2001:db8:3::/64', '::', '00000001', 'eth0', 1024),
    route('2001:db8:3::/64', '::', '00000001', 'eth1', 256),
    route('2001:db8:4::/64', '::', '00000000', 'eth0'),
    route('2001:db8::1/128', '::', '80200001', 'eth0', 0),
    route('fe80::/64', '::', '00000001', 'eth0'),
    route('fe80::/64', '::', '00000001', 'eth1'),
    route('ff00::/8', '::', '00000001', 'eth0'),
    'damaged',
    '',
  ].join('\n'),
  (name) => DEVICES.find((each) => each.name === name),
);

describe('the link that an IPv6 address is on', () => {
  it.each([
    ['2001:db8::2', 'eth0', 'its own network'],
    ['2001:db8::8001', undefined, 'a more exact route by a router'],
    ['2001:db8::9001', 'eth1', 'a more exact route to a link'],
    ['2001:db8:1::1', undefined, 'a tunnel, which has no neighbours'],
    ['2001:db8:2::1', undefined, 'a route that refuses'],
    ['2001:db8:3::1', 'eth1', 'the better of two routes'],
    ['2001:db8:4::1', undefined, 'a route that is down'],
    ['2001:db8:5::1', undefined, 'the default route'],
    ['fe80::7%eth1', 'eth1', 'the zone by name'],
    ['fe80::7%3', 'eth1', 'the zone by number'],
    ['fe80::7%wlan0', undefined, 'another zone'],
  ])('of %s is %s: %s', (text, name, _why) => {
    expect(deviceTo(parseAddress(text)!, ROUTES)?.name).toBe(name);
  });

  it('is unknown where no routes are told', () => {
    expect(deviceTo(parseAddress('2001:db8::2')!, [])).toBeUndefined();
  });
});
