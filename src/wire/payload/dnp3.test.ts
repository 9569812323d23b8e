/** Composed by IEEE 1815; the checksums were computed by a table, another way than the detector’s. */
import { describe } from 'vitest';
import { hex, join, little, u8, u16 } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { DNP3 } from './dnp3.ts';

const TABLE = Array.from({ length: 256 }, (_, octet) => {
  let sum = octet;
  for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xa6bc : sum >>> 1;
  return sum;
});
const checksum = (bytes: Uint8Array) =>
  ~bytes.reduce((sum, octet) => (sum >>> 8) ^ (TABLE[(sum ^ octet) & 255] ?? 0), 0) & 0xffff;
function header(length: number, control: number, destination: number, source: number) {
  const fixed = join(u8(5, 0x64, length, control), little(u16(destination)), little(u16(source)));
  return join(fixed, little(u16(checksum(fixed))));
}

describe('dnp3', () => {
  testDetector(DNP3, [
    {
      name: 'the master asks',
      dport: 20000,
      bytes: join(header(5 + 3, 0xc4, 10, 1), hex('c0c001')),
      is: 'certain asks',
    },
    {
      name: 'the outstation answers',
      sport: 20000,
      bytes: header(5, 0x44, 1, 10),
      is: 'certain answers',
    },
    {
      name: 'over UDP',
      transport: 17,
      dport: 20000,
      bytes: header(5, 0xc9, 10, 1),
      is: 'certain asks',
    },
    {
      name: 'the checksum cut off',
      dport: 20000,
      length: 10,
      bytes: header(5, 0xc9, 10, 1).slice(0, 8),
      is: 'likely asks',
    },
    { name: 'a wrong checksum', dport: 20000, bytes: hex('0564 05 c9 0100 0000 364d'), is: 'no' },
    { name: 'a length below the header’s', dport: 20000, bytes: header(4, 0xc9, 10, 1), is: 'no' },
  ]);
});
