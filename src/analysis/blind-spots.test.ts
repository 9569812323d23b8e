import { expect, it } from 'vitest';
import { poolsFull } from './blind-spots.ts';

const full = (addresses: number, contexts: number) =>
  poolsFull({ addresses: { overflowed: addresses }, contexts: { overflowed: contexts } });

it('says nothing while everything found room', () => expect(full(0, 0)).toBeUndefined());

it.each([
  [1200, 0, 'the IPv6 addresses of 1,200 look-ups, shown as ::'],
  [0, 3, 'the VLAN or tunnel of 3 packets'],
  [1, 2, 'the IPv6 addresses of 1 look-ups, shown as ::, the VLAN or tunnel of 2 packets'],
])('says what %d addresses and %d contexts too many hide', (addresses, contexts, what) => {
  expect(full(addresses, contexts)).toMatchObject({ id: 'pools-full', what, missing: true });
});
