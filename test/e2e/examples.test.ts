/** The example captures are what the scripts beside them make. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { eveningOffice } from '../../examples/evening-office.ts';
import { smallOffice } from '../../examples/small-office.ts';

it.each([
  ['small-office', smallOffice],
  ['evening-office', eveningOffice],
])('keeps examples/%s.pcapng as its script makes it', (name, make) => {
  const path = fileURLToPath(new URL(`../../examples/${name}.pcapng`, import.meta.url));
  expect(readFileSync(path).equals(make())).toBe(true);
});
