import { expect, it } from 'vitest';
import { parseAddress } from '../net/address.ts';
import { exposureOf } from './exposure.ts';

it.each([
  ['0.0.0.0', 'every-address'],
  ['::', 'every-address'],
  ['127.0.0.1', 'loopback'],
  ['127.0.0.53', 'loopback'],
  ['::1', 'loopback'],
  ['169.254.1.2', 'link-local'],
  ['fe80::1', 'link-local'],
  ['febf::1', 'link-local'],
  ['fec0::1', 'one-address'],
  ['224.0.0.251', 'group'],
  ['255.255.255.255', 'group'],
  ['ff02::fb', 'group'],
  ['192.0.2.1', 'one-address'],
  ['10.0.0.1', 'one-address'],
  ['128.0.0.1', 'one-address'],
  ['fd00::1', 'one-address'],
  ['2001:db8::1', 'one-address'],
])('%s is %s', (text, expected) => {
  expect(exposureOf(parseAddress(text)!)).toBe(expected);
});

it.each([
  ['0.0.0.0', 'lo', 'loopback'],
  ['fe80::1', 'lo0', 'loopback'],
  ['192.0.2.1', 'lo', 'loopback'],
  ['0.0.0.0', 'eth0', 'every-address'],
  ['fe80::1', 'eth0', 'link-local'],
  ['0.0.0.0', 'lo1', 'every-address'],
])('%s at %s is %s', (text, device, expected) => {
  expect(exposureOf(parseAddress(text)!, device)).toBe(expected);
});
