import { describe } from 'vitest';
import { testDetector } from '../../../test/builders/payload.ts';
import { RSYNC } from './rsync.ts';

describe('rsync', () => {
  testDetector(RSYNC, [
    {
      name: 'greeting of a server',
      bytes: '@RSYNCD: 31.0 sha512 sha256 sha1 md5 md4\n',
      fromServer: true,
      is: 'certain',
      facts: ['version = 31.0'],
    },
    { name: 'greeting of a client', bytes: '@RSYNCD: 31.0\n', is: 'certain' },
    { name: 'end of a list', bytes: '@RSYNCD: EXIT\n', fromServer: true, is: 'certain' },
    { name: 'another word', bytes: '@rsync is a program\n', is: 'no' },
  ]);
});
