/** The example captures are what the scripts beside them make. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { smallOffice } from '../../examples/small-office.ts';

it('keeps examples/small-office.pcapng as its script makes it', () => {
  const path = fileURLToPath(new URL('../../examples/small-office.pcapng', import.meta.url));
  expect(readFileSync(path).equals(smallOffice())).toBe(true);
});
