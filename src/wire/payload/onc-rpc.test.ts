/** Composed by RFC 5531; program numbers from IANA’s registry. */
import { describe } from 'vitest';
import { join, u32, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { ONC_RPC } from './onc-rpc.ts';

describe('onc-rpc', () => {
  testDetector(ONC_RPC, [
    {
      name: 'a call of mount',
      transport: 17,
      dport: 892,
      bytes: u32(7, 0, 2, 100005, 3, 0, 0, 0, 0, 0),
      is: 'certain asks',
      facts: ['program = mountd', 'version = 3'],
    },
    {
      name: 'a reply',
      transport: 17,
      sport: 892,
      bytes: u32(0x5c1f07, 1, 0, 0, 0, 0, 0),
      is: 'likely answers',
    },
    {
      name: 'a call of a program without a name over TCP',
      dport: 4000,
      bytes: u32(0x80000028, 7, 0, 2, 0x20000099, 1, 0, 0, 0, 0, 0),
      is: 'certain asks',
      facts: ['program = program 536871065', 'version = 1'],
    },
    {
      name: 'a refusal of credentials',
      transport: 17,
      sport: 892,
      bytes: u32(0x5c1f07, 1, 1, 1, 5),
      is: 'likely answers',
    },
    {
      name: 'small numbers like a reply',
      transport: 17,
      sport: 892,
      bytes: u32(7, 1, 0, 0, 0, 0, 0),
      is: 'no',
    },
    {
      name: 'a call of a program that nobody gives out',
      transport: 17,
      dport: 892,
      bytes: u32(33, 0, 2, 63, 1, 12, 0, 0, 0, 0),
      is: 'no',
    },
    {
      name: 'a credential without groups',
      transport: 17,
      dport: 892,
      bytes: u32(7, 0, 2, 100005, 3, 0, 1, 20, 1, 8, 0, 0, 0, 0, 0),
      is: 'no',
    },
    {
      name: 'a reply with an unknown verifier',
      transport: 17,
      sport: 892,
      bytes: u32(7, 1, 0, 99, 0, 0),
      is: 'no',
    },
    {
      name: 'credentials of 800 octets',
      transport: 17,
      dport: 892,
      bytes: join(u32(7, 0, 2, 100005, 3, 0, 1, 800), zeros(808)),
      is: 'no',
    },
    {
      name: 'a call of version 1000',
      transport: 17,
      dport: 892,
      bytes: u32(7, 0, 2, 100005, 1000, 0, 0, 0, 0, 0),
      is: 'no',
    },
    { name: 'zeros', transport: 17, bytes: zeros(64), is: 'no' },
  ]);
});
