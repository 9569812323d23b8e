import { expect, it } from 'vitest';
import { crc32c } from './crc32c.ts';

// RFC 3720 appendix B.4; the first is the usual check value of this CRC.
it.each([
  ['123456789', Uint8Array.from('123456789', (digit) => digit.charCodeAt(0)), 0xe3069283],
  ['nothing', new Uint8Array(0), 0],
  ['32 octets of zero', new Uint8Array(32), 0x8a9136aa],
  ['32 octets of ones', new Uint8Array(32).fill(255), 0x62a8ab43],
  ['32 octets counting up', Uint8Array.from({ length: 32 }, (_, index) => index), 0x46dd794e],
  ['32 octets counting down', Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
])('sums %s', (_name, bytes, sum) => {
  expect(crc32c(bytes, 0, bytes.length)).toBe(sum);
  const within = new Uint8Array(bytes.length + 5).fill(7);
  within.set(bytes, 3);
  expect(crc32c(within, 3, bytes.length)).toBe(sum);
});
