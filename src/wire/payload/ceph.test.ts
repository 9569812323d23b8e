/** Composed by Ceph’s documentation of its messengers. */
import { describe } from 'vitest';
import { hex, join, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { CEPH } from './ceph.ts';

describe('ceph', () => {
  testDetector(CEPH, [
    {
      name: 'version 1',
      sport: 6789,
      bytes: join('ceph v027', zeros(136)),
      is: 'certain',
      facts: ['version = 1'],
    },
    {
      name: 'version 2',
      dport: 3300,
      bytes: join('ceph v2\n', hex('1000 0100000000000000 0100000000000000')),
      is: 'certain',
      facts: ['version = 2'],
    },
    {
      name: 'an older banner',
      dport: 6789,
      bytes: 'ceph v026',
      is: 'certain',
      facts: ['version = 1'],
    },
    { name: 'a sentence', dport: 6789, bytes: 'ceph version 17.2 is here', is: 'no' },
    { name: 'half a banner', dport: 3300, bytes: 'ceph v', is: 'no' },
  ]);
});
