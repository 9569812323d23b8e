/** Composed by RFC 2281; version 2 by what Cisco documents of it. */
import { describe } from 'vitest';
import { hex, join, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { HSRP } from './hsrp.ts';

describe('hsrp', () => {
  testDetector(HSRP, [
    {
      name: 'hello of an active router',
      transport: 17,
      sport: 1985,
      dport: 1985,
      bytes: hex('00 00 10 03 0a 78 01 00 636973636f000000 c0a832fe'),
      is: 'certain',
      facts: ['version = 0', 'virtual-address = 192.168.50.254'],
    },
    {
      name: 'another password',
      transport: 17,
      sport: 1985,
      dport: 1985,
      bytes: hex('00 00 08 03 0a 64 01 00 7365637265740000 c0a832fe'),
      is: 'likely',
      facts: ['version = 0', 'virtual-address = 192.168.50.254'],
    },
    {
      name: 'version 2',
      transport: 17,
      sport: 1985,
      dport: 1985,
      bytes: join(
        hex('01 28 02 00 06 04 0001 020000000001 00000064 00000bb8 00002710 c0a832fe'),
        zeros(12),
      ),
      is: 'certain',
      facts: ['version = 2', 'virtual-address = 192.168.50.254'],
    },
    {
      name: 'an unknown state',
      transport: 17,
      dport: 1985,
      bytes: hex('00 00 03 03 0a 78 01 00 636973636f000000 c0a832fe'),
      is: 'no',
    },
    {
      name: 'a hold time below the hello time',
      transport: 17,
      dport: 1985,
      bytes: hex('00 00 10 0a 03 78 01 00 7365637265740000 c0a832fe'),
      is: 'no',
    },
    { name: 'zeros', transport: 17, dport: 1985, bytes: zeros(20), is: 'no' },
  ]);
});
