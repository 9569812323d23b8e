/** Composed by 3GPP TS 29.060 and TS 29.274. */
import { describe } from 'vitest';
import { hex, join, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { GTP_CONTROL } from './gtp-c.ts';

describe('gtp-c', () => {
  testDetector(GTP_CONTROL, [
    {
      name: 'an echo of version 2',
      transport: 17,
      sport: 2123,
      dport: 2123,
      bytes: hex('40 01 0009 000001 00 03 0001 00 05'),
      is: 'certain asks',
      facts: ['version = 2'],
    },
    {
      name: 'its answer',
      transport: 17,
      sport: 2123,
      dport: 2123,
      bytes: hex('40 02 0009 000001 00 03 0001 00 07'),
      is: 'certain answers',
      facts: ['version = 2'],
    },
    {
      name: 'a session is asked for',
      transport: 17,
      dport: 2123,
      bytes: hex('48 20 0014 00000000 000002 00 01 0008 00 0010325476981032'),
      is: 'certain asks',
      facts: ['version = 2'],
    },
    {
      name: 'an echo of version 1',
      transport: 17,
      dport: 2123,
      bytes: hex('32 01 0004 00000000 0001 00 00'),
      is: 'likely asks',
      facts: ['version = 1'],
    },
    {
      name: 'its answer',
      transport: 17,
      sport: 2123,
      bytes: hex('32 02 0006 00000000 0001 00 00 0e 05'),
      is: 'likely answers',
      facts: ['version = 1'],
    },
    {
      name: 'a context is asked for',
      transport: 17,
      dport: 2123,
      bytes: join(hex('32 10 0010 00000000 0002 00 00'), zeros(12)),
      is: 'likely asks',
      facts: ['version = 1'],
    },
    {
      name: 'a user packet',
      transport: 17,
      dport: 2152,
      bytes: join(hex('30 ff 0014 00000001'), zeros(20)),
      is: 'no',
    },
    {
      name: 'an element beyond the message',
      transport: 17,
      dport: 2123,
      bytes: hex('40 01 0009 000001 00 03 0009 00 05'),
      is: 'no',
    },
    {
      name: 'a length that does not fit',
      transport: 17,
      dport: 2123,
      bytes: hex('32 01 0005 00000000 0001 00 00'),
      is: 'no',
    },
    {
      name: 'a text',
      transport: 17,
      dport: 2123,
      bytes: '2 ships came in and 3 went out',
      is: 'no',
    },
  ]);
});
