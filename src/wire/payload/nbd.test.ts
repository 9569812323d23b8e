/** Fixtures from nbd-server and nbd-client 3.24 (Debian 12), and composed by its doc/proto.md. */
import { describe } from 'vitest';
import { hex, join, u16, u32, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { NBD } from './nbd.ts';

describe('nbd', () => {
  testDetector(NBD, [
    {
      name: 'half of a greeting',
      bytes: hex('4e42444d41474943'),
      sport: 10809,
      dport: 55636,
      is: 'likely answers',
      facts: ['dialect = new style'],
    },
    {
      name: 'the other half',
      bytes: hex('49484156454f5054'),
      sport: 10809,
      dport: 55636,
      is: 'certain',
    },
    {
      name: 'options',
      bytes: hex('49484156454f50540000000300000000'),
      sport: 55636,
      dport: 10809,
      is: 'certain asks',
    },
    {
      name: 'a reply to options',
      bytes: hex('0003e889045565a9000000038000000200000031'),
      sport: 10809,
      dport: 55636,
      is: 'certain answers',
    },
    {
      name: 'a whole greeting',
      sport: 10809,
      bytes: join('NBDMAGIC', 'IHAVEOPT', u16(3)),
      is: 'certain answers',
      facts: ['dialect = new style'],
    },
    {
      name: 'the old greeting',
      sport: 10809,
      bytes: join('NBDMAGIC', hex('0000420281861253'), zeros(136)),
      is: 'certain answers',
      facts: ['dialect = old style'],
    },
    {
      name: 'flags and an option in one',
      dport: 10809,
      bytes: join(u32(3), 'IHAVEOPT', u32(7, 0)),
      is: 'certain asks',
    },
    {
      name: 'a read',
      dport: 10809,
      bytes: join(hex('25609513 0000 0000'), zeros(20)),
      is: 'certain asks',
    },
    {
      name: 'what was read',
      sport: 10809,
      bytes: join(hex('67446698 00000000'), zeros(8)),
      is: 'likely answers',
    },
    { name: 'a short read', dport: 10809, bytes: hex('25609513 0000 0000'), is: 'no' },
    { name: 'a similar word', sport: 10809, bytes: 'NBDMAGIX IHAVEOPT', is: 'no' },
  ]);
});
