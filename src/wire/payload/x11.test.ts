import { describe } from 'vitest';
import { hex, join, little, u8, u16, u32, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { X11 } from './x11.ts';

const cookie = join('MIT-MAGIC-COOKIE-1', zeros(2), hex('00112233445566778899aabbccddeeff'));
const low16 = (...values: number[]): Uint8Array =>
  join(...values.map((value) => little(u16(value))));

/** Success, with a vendor and one screen. */
const setup = (units: number): Uint8Array =>
  join(
    u8(1, 0),
    low16(11, 0, units),
    little(u32(12_101_007)),
    little(u32(0x400000)),
    little(u32(0x1fffff)),
    little(u32(256)),
    low16(20, 0xffff),
    u8(1, 7, 0, 0, 32, 32, 8, 255),
    zeros(4),
    'The X.Org Foundation',
    zeros(units * 4 - 32 - 20),
  );

describe('x11', () => {
  testDetector(X11, [
    {
      name: 'client with a cookie',
      bytes: join('l', zeros(1), low16(11, 0, 18, 16, 0), cookie),
      is: 'certain asks',
    },
    { name: 'client without', bytes: join('B', zeros(1), u16(11, 0, 0, 0, 0)), is: 'certain asks' },
    {
      name: 'server agrees',
      bytes: setup(40),
      fromServer: true,
      is: 'certain answers',
      facts: ['release = 12101007'],
    },
    {
      name: 'server refuses',
      bytes: join(u8(0, 22), low16(11, 0, 6), 'No protocol specified', zeros(3)),
      fromServer: true,
      is: 'certain answers',
    },
    {
      name: 'lengths that do not add up',
      bytes: join('l', zeros(1), low16(11, 0, 18, 16, 0)),
      is: 'no',
    },
    { name: 'zeros', bytes: zeros(40), is: 'no' },
    { name: 'text', bytes: 'little octets', is: 'no' },
    { name: 'a refusal without its reason', bytes: hex('00090b00 00000100 0ddfd800'), is: 'no' },
  ]);
});
