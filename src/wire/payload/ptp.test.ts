/** Fixtures from linuxptp 3.1 (Debian 12), both sides, and composed by IEEE 1588. */
import { describe } from 'vitest';
import { hex, join, u8, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { PTP } from './ptp.ts';

describe('ptp', () => {
  testDetector(PTP, [
    {
      name: 'a grandmaster announces itself',
      bytes: hex(`
      0b02004000000000000000000000000000000000e65551fffef2ced100010000050100000000000000000000
      00250080f8feffff80e65551fffef2ced10000a0
    `),
      transport: 17,
      sport: 320,
      dport: 320,
      is: 'certain',
      facts: ['version = 2.0', 'domain = 0', 'grandmaster = e65551fffef2ced1'],
    },
    {
      name: 'synchronisation',
      bytes: hex(`
      0002002c00000200000000000000000000000000e65551fffef2ced100010000000000000000000000000000
    `),
      transport: 17,
      sport: 319,
      dport: 319,
      is: 'certain',
      facts: ['version = 2.0', 'domain = 0'],
    },
    {
      name: 'its exact time',
      bytes: hex(`
      0802002c00000000000000000000000000000000e65551fffef2ced100010000020000006b02f95f2d1d1e19
    `),
      transport: 17,
      sport: 320,
      dport: 320,
      is: 'certain',
      facts: ['version = 2.0', 'domain = 0'],
    },
    {
      name: 'delay is asked for',
      bytes: hex(`
      0102002c00000000000000000000000000000000027aaefffee92ece00010000017f00000000000000000000
    `),
      transport: 17,
      sport: 319,
      dport: 319,
      is: 'certain asks',
      facts: ['version = 2.0', 'domain = 0'],
    },
    {
      name: 'and answered',
      bytes: hex(`
      0902003600000000000000000000000000000000e65551fffef2ced100010000030000006b02f963155557e5
      027aaefffee92ece0001
    `),
      transport: 17,
      sport: 320,
      dport: 320,
      is: 'certain answers',
      facts: ['version = 2.0', 'domain = 0'],
    },
    {
      name: 'the edition of 2019 with two octets behind it',
      transport: 17,
      sport: 319,
      dport: 319,
      bytes: join(hex('01 12 002c'), zeros(42)),
      is: 'likely asks',
      facts: ['version = 2.1', 'domain = 0'],
    },
    {
      name: 'version 1',
      transport: 17,
      sport: 319,
      dport: 319,
      bytes: join(hex('00 01 002c'), zeros(40)),
      is: 'no',
    },
    {
      name: 'an announcement of 44 octets',
      transport: 17,
      sport: 320,
      dport: 320,
      bytes: join(hex('0b 02 002c'), zeros(28), u8(5), zeros(11)),
      is: 'no',
    },
    {
      name: 'a length that does not fit',
      transport: 17,
      sport: 319,
      dport: 319,
      bytes: join(hex('01 02 0030'), zeros(40)),
      is: 'no',
    },
    {
      name: 'a kind that is not assigned',
      transport: 17,
      sport: 319,
      dport: 319,
      bytes: join(hex('05 02 002c'), zeros(40)),
      is: 'no',
    },
  ]);
});
