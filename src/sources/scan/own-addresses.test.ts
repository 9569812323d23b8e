import { expect, it } from 'vitest';
import { addressesSettled, tentativeLinks } from './own-addresses.ts';

const LOOPBACK = '00000000000000000000000000000001 01 80 10 80       lo\n';
const line = (flags: string): string =>
  `fd710000000000000000000000000001 05 40 00 ${flags}     eth0\n`;

it.each([
  ['no addresses', '', false],
  ['the loopback address', LOOPBACK, false],
  ['one in use', LOOPBACK + line('80'), false],
  ['a temporary one', line('01'), false],
  ['one being looked for', LOOPBACK + line('c0'), true],
  ['one being looked for that may be used meanwhile', line('44'), false],
  ['one that somebody else has', line('c8'), false],
  ['text of another kind', 'nothing here\n\n', false],
])('waits for %s: %s', (_what, table, waits) => {
  expect(tentativeLinks(table)).toEqual(waits ? [5] : []);
});

it.each([
  ['one look where the interface has no carrier', false, 1],
  ['looks until the address may be used', true, 3],
])('takes %s', async (_what, carrier, looks) => {
  let looked = 0;
  const table = () => line(++looked < 3 ? 'c0' : '80');
  await addressesSettled({ aborted: false }, table, () => [{ index: 5, carrier }]);
  expect(looked).toBe(looks);
});
