/** Composed by RFC 5415 sections 4 and 5. */
import { describe } from 'vitest';
import { hex, join, u8, u16, u32, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { CAPWAP } from './capwap.ts';

/** Eight octets, no fragment, wireless binding 1. */
const HEADER = hex('00 10 02 00 0000 0000');

describe('capwap', () => {
  testDetector(CAPWAP, [
    {
      name: 'an access point looks for its controller',
      transport: 17,
      dport: 5246,
      bytes: join(HEADER, u32(1), u8(0), u16(8), u8(0), hex('0014 0001 01')),
      is: 'certain asks',
    },
    {
      name: 'the controller answers',
      transport: 17,
      sport: 5246,
      bytes: join(HEADER, u32(2), u8(0), u16(8), u8(0), hex('0004 0001 01')),
      is: 'certain answers',
    },
    {
      name: 'secured',
      transport: 17,
      dport: 5246,
      bytes: join(hex('01000000 16 feff 0000 000000000000 0030'), zeros(48)),
      is: 'certain',
    },
    {
      name: 'secured data',
      transport: 17,
      dport: 5247,
      bytes: join(hex('01000000 17 feff 0001 000000000007 0030'), zeros(48)),
      is: 'likely',
    },
    {
      name: 'a length that does not fit',
      transport: 17,
      dport: 5246,
      bytes: join(HEADER, u32(1), u8(0), u16(99), u8(0), hex('0014 0001 01')),
      is: 'no',
    },
    {
      name: 'message 200',
      transport: 17,
      dport: 5246,
      bytes: join(HEADER, u32(200), u8(0), u16(8), u8(0), hex('0014 0001 01')),
      is: 'no',
    },
    { name: 'zeros', transport: 17, dport: 5246, bytes: zeros(64), is: 'no' },
  ]);
});
