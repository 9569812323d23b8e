/** Composed by the published source of Quake III. */
import { describe } from 'vitest';
import { join, u32 } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { QUAKE } from './quake.ts';

describe('quake', () => {
  testDetector(QUAKE, [
    {
      name: 'status is asked for',
      transport: 17,
      dport: 27960,
      bytes: join(u32(0xffffffff), 'getstatus\n'),
      is: 'certain asks',
    },
    {
      name: 'status',
      transport: 17,
      sport: 27960,
      bytes: join(u32(0xffffffff), 'statusResponse\n\\\\mapname\\\\q3dm17\n'),
      is: 'certain answers',
    },
    {
      name: 'a list of servers',
      transport: 17,
      dport: 27950,
      bytes: join(u32(0xffffffff), 'getservers 68 empty full'),
      is: 'certain asks',
    },
    {
      name: 'another word',
      transport: 17,
      dport: 27960,
      bytes: join(u32(0xffffffff), 'getlost\n'),
      is: 'no',
    },
    { name: 'the word alone', transport: 17, dport: 27960, bytes: 'getstatus\n', is: 'no' },
  ]);
});
