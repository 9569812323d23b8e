/** Composed by Valve’s description of server queries. */
import { describe } from 'vitest';
import { hex, join, u8, u32, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { SOURCE_QUERY } from './source-query.ts';

describe('source-query', () => {
  testDetector(SOURCE_QUERY, [
    {
      name: 'a server is asked',
      transport: 17,
      dport: 27015,
      bytes: join(zeros(0), u32(0xffffffff), 'TSource Engine Query\0'),
      is: 'certain asks',
    },
    {
      name: 'a challenge',
      transport: 17,
      sport: 27015,
      bytes: join(u32(0xffffffff), 'A', u32(7)),
      is: 'likely answers',
    },
    {
      name: 'the server',
      transport: 17,
      sport: 27015,
      bytes: join(
        u32(0xffffffff),
        'I',
        u8(17),
        'Lab\0de_dust2\0cstrike\0Counter-Strike\0',
        zeros(9),
      ),
      is: 'certain answers',
      facts: ['title = Lab', 'product = Counter-Strike'],
    },
    {
      name: 'players',
      transport: 17,
      dport: 27015,
      bytes: join(u32(0xffffffff), 'U', u32(7)),
      is: 'likely asks',
    },
    {
      name: 'another question',
      transport: 17,
      dport: 27015,
      bytes: join(u32(0xffffffff), 'TSource of the river\0'),
      is: 'no',
    },
    {
      name: 'a server without texts',
      transport: 17,
      sport: 27015,
      bytes: join(u32(0xffffffff), 'I', u8(17), 'x'.repeat(80)),
      is: 'no',
    },
    {
      name: 'three octets of ones',
      transport: 17,
      dport: 27015,
      bytes: join(hex('fffffffe'), 'TSource Engine Query\0'),
      is: 'no',
    },
  ]);
});
