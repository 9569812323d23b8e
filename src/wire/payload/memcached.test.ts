import { describe } from 'vitest';
import { hex, join, u16 } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { MEMCACHED } from './memcached.ts';

describe('memcached', () => {
  testDetector(MEMCACHED, [
    { name: 'store', bytes: 'set key 0 60 5\r\nvalue\r\n', is: 'certain asks' },
    { name: 'fetch', bytes: 'get key other\r\n', is: 'likely asks' },
    { name: 'statistics wanted', bytes: 'stats\r\n', is: 'likely asks' },
    {
      name: 'version',
      bytes: 'VERSION 1.6.18\r\n',
      fromServer: true,
      is: 'certain answers',
      facts: ['version = 1.6.18'],
    },
    {
      name: 'statistics',
      bytes: 'STAT pid 4711\r\nSTAT uptime 5\r\n',
      fromServer: true,
      is: 'certain answers',
    },
    {
      name: 'value',
      bytes: 'VALUE key 0 5\r\nvalue\r\nEND\r\n',
      fromServer: true,
      is: 'certain answers',
    },
    { name: 'stored', bytes: 'STORED\r\n', fromServer: true, is: 'likely answers' },
    {
      name: 'request of the binary protocol',
      bytes: hex('80 00 0003 00 00 0000 00000003 00000000 0000000000000000 6b6579'),
      is: 'certain asks',
    },
    {
      name: 'answer of it',
      bytes: hex('81 0b 0000 00 00 0000 00000006 00000000 0000000000000000 312e362e3138'),
      fromServer: true,
      is: 'certain answers',
    },
    {
      name: 'over UDP',
      bytes: join(u16(1, 0, 1, 0), 'VERSION 1.6.18\r\n'),
      transport: 17,
      fromServer: true,
      is: 'certain answers',
      facts: ['version = 1.6.18'],
    },
    { name: 'over UDP without its header', bytes: 'stats\r\n', transport: 17, is: 'no' },
    { name: 'a sentence', bytes: 'set the table for 5\r\n', is: 'no' },
    { name: 'a heading', bytes: 'VERSION two\r\n', is: 'no' },
    {
      name: 'lengths that do not add up',
      bytes: hex('80 00 0003 00 00 0000 00000009 00000000 0000000000000000 6b6579'),
      is: 'no',
    },
  ]);
});
