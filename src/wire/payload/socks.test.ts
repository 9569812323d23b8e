/** Fixtures from curl 7.88 and microsocks 1.0 (Debian 12), and composed by RFC 1928. */
import { describe } from 'vitest';
import { hex, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { SOCKS } from './socks.ts';

describe('socks', () => {
  testDetector(SOCKS, [
    {
      name: 'methods of version 5',
      bytes: hex('05020001'),
      sport: 48670,
      dport: 1080,
      is: 'likely asks',
    },
    {
      name: 'the chosen one',
      bytes: hex('0500'),
      sport: 1080,
      dport: 48670,
      is: 'likely answers',
    },
    {
      name: 'a name to connect to',
      bytes: hex('05010003137365727665722e6578616d706c652e746573741f90'),
      sport: 48670,
      dport: 1080,
      is: 'certain',
    },
    {
      name: 'an address to connect to',
      bytes: hex('05010001c0a832011f90'),
      sport: 48678,
      dport: 1080,
      is: 'likely',
    },
    {
      name: 'a refusal',
      bytes: hex('05050001000000000000'),
      sport: 1080,
      dport: 48678,
      is: 'likely answers',
    },
    {
      name: 'a name with version 4a',
      bytes: hex('04011f9000000001007365727665722e6578616d706c652e7465737400'),
      sport: 48680,
      dport: 1080,
      is: 'certain asks',
    },
    {
      name: 'an address with version 4',
      bytes: hex('04011f90c0a8320100'),
      sport: 48694,
      dport: 1080,
      is: 'likely asks',
    },
    {
      name: 'version 4 grants it',
      sport: 1080,
      bytes: hex('00 5a 1f90 c0a83201'),
      is: 'likely answers',
    },
    {
      name: 'success in version 5',
      sport: 1080,
      bytes: hex('05 00 00 01 c0a83201 1f90'),
      is: 'likely answers',
    },
    { name: 'a method that is not assigned', dport: 1080, bytes: hex('05 01 41'), is: 'no' },
    {
      name: 'a name that does not fill its length',
      dport: 1080,
      bytes: hex('05 01 00 03 09 6162632e74657374 1f'),
      is: 'no',
    },
    {
      name: 'version 4 without an end',
      dport: 1080,
      bytes: hex('04 01 1f90 c0a83201 41'),
      is: 'no',
    },
    { name: 'zeros', dport: 1080, bytes: zeros(8), is: 'no' },
  ]);
});
