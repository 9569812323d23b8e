/** Composed by RFC 5531 (calls and replies) and RFC 1813 (program and versions). */
import { describe } from 'vitest';
import { join, u32, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { NFS } from './nfs.ts';

describe('nfs', () => {
  testDetector(NFS, [
    {
      name: 'a call of version 3',
      transport: 17,
      dport: 2049,
      bytes: u32(7, 0, 2, 100003, 3, 1, 0, 0, 0, 0),
      is: 'certain asks',
      facts: ['version = 3'],
    },
    {
      name: 'a call of version 4 over TCP on another port',
      dport: 32000,
      bytes: u32(0x80000028, 7, 0, 2, 100003, 4, 0, 0, 0, 0, 0),
      is: 'certain asks',
      facts: ['version = 4'],
    },
    {
      name: 'a reply from its port',
      sport: 2049,
      bytes: u32(0x80000018, 7, 1, 0, 0, 0, 0),
      is: 'likely answers',
    },
    {
      name: 'a call with credentials',
      transport: 17,
      dport: 2049,
      bytes: join(u32(7, 0, 2, 100003, 3, 1, 1, 24, 1, 3), 'pc1', zeros(1), u32(0, 0, 0, 0, 0)),
      is: 'certain asks',
      facts: ['version = 3'],
    },
    {
      name: 'a reply from another port',
      sport: 892,
      bytes: u32(0x80000018, 7, 1, 0, 0, 0, 0),
      is: 'no',
    },
    {
      name: 'a call of mount',
      dport: 2049,
      bytes: u32(0x80000028, 7, 0, 2, 100005, 3, 0, 0, 0, 0, 0),
      is: 'no',
    },
    {
      name: 'a mark of three octets',
      dport: 2049,
      bytes: u32(0x80000003, 7, 0, 2, 100003, 4, 0, 0, 0, 0, 0),
      is: 'no',
    },
  ]);
});
