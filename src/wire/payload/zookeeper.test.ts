/** Composed by ZooKeeper’s administrator’s guide and zookeeper.jute. */
import { describe } from 'vitest';
import { join, u32, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { ZOOKEEPER } from './zookeeper.ts';

describe('zookeeper', () => {
  testDetector(ZOOKEEPER, [
    { name: 'are you well', dport: 2181, bytes: 'ruok', is: 'likely asks' },
    { name: 'I am', sport: 2181, bytes: 'imok', is: 'likely answers' },
    { name: 'a word typed by hand', dport: 2181, bytes: 'stat\r\n', is: 'likely asks' },
    {
      name: 'statistics',
      sport: 2181,
      bytes: 'Zookeeper version: 3.8.0-5a02a05, built on 2022\nClients:\n',
      is: 'certain answers',
      facts: ['version = 3.8.0-5a02a05'],
    },
    {
      name: 'figures to be collected',
      sport: 2181,
      bytes: 'zk_version\t3.8.0-5a02a05, built on 2022\nzk_avg_latency\t0\n',
      is: 'certain answers',
      facts: ['version = 3.8.0-5a02a05'],
    },
    {
      name: 'a client connects',
      dport: 2181,
      bytes: join(u32(45, 0, 0, 0, 30000, 0, 0, 16), zeros(17)),
      is: 'certain asks',
    },
    {
      name: 'its session',
      sport: 2181,
      bytes: join(u32(37, 0, 30000, 0x1000, 1, 16), zeros(17)),
      is: 'certain answers',
    },
    { name: 'a word of four other letters', dport: 2181, bytes: 'quit', is: 'no' },
    { name: 'a word within a text', dport: 2181, bytes: 'status report', is: 'no' },
    {
      name: 'a password of 15 octets',
      dport: 2181,
      bytes: join(u32(45, 0, 0, 0, 30000, 0, 0, 15), zeros(17)),
      is: 'no',
    },
  ]);
});
