/** Composed by RFC 3550, RFC 3551 and RFC 8285: sizes that telephones send. */
import { describe } from 'vitest';
import { join, u8, u16, u32, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { RTP } from './rtp.ts';

const rtp = (type: number, content: Uint8Array) =>
  join(u8(0x80, type), u16(7), u32(160, 0x1234567), content);

describe('rtp', () => {
  testDetector(RTP, [
    {
      name: '20 ms of PCMA',
      transport: 17,
      sport: 30000,
      dport: 40000,
      bytes: rtp(8, zeros(160)),
      is: 'likely',
    },
    {
      name: '128 ms of PCMU, as ffmpeg sends them',
      transport: 17,
      sport: 30000,
      dport: 40000,
      bytes: rtp(0, zeros(1024)),
      is: 'likely',
    },
    {
      name: '20 ms of G.729',
      transport: 17,
      sport: 30000,
      dport: 40000,
      bytes: rtp(18, zeros(20)),
      is: 'likely',
    },
    {
      name: 'a dynamic type with a header extension',
      transport: 17,
      sport: 30000,
      dport: 40000,
      bytes: join(
        u8(0x90, 0x80 | 111),
        u16(7),
        u32(960, 0x1234567),
        u16(0xbede, 1),
        zeros(4),
        zeros(40),
      ),
      is: 'likely',
    },
    {
      name: 'a transport stream',
      transport: 17,
      sport: 30000,
      dport: 40000,
      bytes: rtp(33, join(u8(0x47), zeros(187), u8(0x47), zeros(187))),
      is: 'likely',
    },
    {
      name: 'PCMA of an odd length',
      transport: 17,
      sport: 30000,
      dport: 40000,
      bytes: rtp(8, zeros(161)),
      is: 'no',
    },
    {
      name: 'a system port',
      transport: 17,
      sport: 443,
      dport: 40000,
      bytes: rtp(111, zeros(40)),
      is: 'no',
    },
    {
      name: 'a type that is not assigned',
      transport: 17,
      sport: 30000,
      dport: 40000,
      bytes: rtp(50, zeros(40)),
      is: 'no',
    },
    {
      name: 'no source',
      transport: 17,
      sport: 30000,
      dport: 40000,
      bytes: join(u8(0x80, 8), u16(7), u32(160, 0), zeros(160)),
      is: 'no',
    },
    {
      name: 'no time and no source',
      transport: 17,
      sport: 30000,
      dport: 40000,
      bytes: join(u8(0x80, 0), zeros(170)),
      is: 'no',
    },
    {
      name: 'an unknown extension',
      transport: 17,
      sport: 30000,
      dport: 40000,
      bytes: join(u8(0x90, 111), u16(7), u32(960, 0x1234567), u16(0x4141, 1), zeros(44)),
      is: 'no',
    },
  ]);
});
