/** Composed by RFC 3550 section 6, RFC 4585 and RFC 3711. */
import { describe } from 'vitest';
import { hex, join, u8, u16, u32, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { RTCP } from './rtcp.ts';

const SOURCE = u32(0x1234567);

describe('rtcp', () => {
  testDetector(RTCP, [
    {
      name: 'a sender report and a source description',
      transport: 17,
      sport: 30001,
      dport: 40001,
      bytes: join(
        u8(0x80, 200),
        u16(6),
        SOURCE,
        zeros(20),
        u8(0x81, 202),
        u16(3),
        SOURCE,
        hex('01 04 70633161 0000'),
      ),
      is: 'likely',
    },
    {
      name: 'a receiver report with a block',
      transport: 17,
      sport: 30001,
      dport: 40001,
      bytes: join(u8(0x81, 201), u16(7), SOURCE, zeros(24)),
      is: 'likely',
    },
    {
      name: 'a secure report with index and tag',
      transport: 17,
      sport: 30001,
      dport: 40001,
      bytes: join(u8(0x81, 201), u16(7), SOURCE, zeros(24), hex('80000001 00112233445566778899')),
      is: 'likely',
    },
    {
      name: 'a secure report whose index has its top bit clear',
      transport: 17,
      sport: 30001,
      dport: 40001,
      bytes: join(u8(0x81, 201), u16(7), SOURCE, zeros(24), hex('00000001 00112233445566778899')),
      is: 'likely',
    },
    {
      name: 'feedback alone',
      transport: 17,
      sport: 30001,
      dport: 40001,
      bytes: join(u8(0x81, 206), u16(2), SOURCE, u32(9)),
      is: 'likely',
    },
    {
      name: 'a description first',
      transport: 17,
      sport: 30001,
      dport: 40001,
      bytes: join(u8(0x81, 202), u16(2), SOURCE, u32(9)),
      is: 'no',
    },
    {
      name: 'a report too short for its blocks',
      transport: 17,
      sport: 30001,
      dport: 40001,
      bytes: join(u8(0x83, 201), u16(7), SOURCE, zeros(24)),
      is: 'no',
    },
    {
      name: 'a length that does not fit',
      transport: 17,
      sport: 30001,
      dport: 40001,
      bytes: join(u8(0x81, 201), u16(90), SOURCE, zeros(24)),
      is: 'no',
    },
  ]);
});
