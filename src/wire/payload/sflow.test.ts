/** Composed by “sFlow Version 5”, section 5. */
import { describe } from 'vitest';
import { hex, u32 } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { SFLOW } from './sflow.ts';

describe('sflow', () => {
  testDetector(SFLOW, [
    {
      name: 'a sample of a packet',
      transport: 17,
      dport: 6343,
      bytes: u32(5, 1, 0xc0a83209, 0, 7, 1000, 1, 1, 12, 1, 2, 3),
      is: 'certain asks',
      facts: ['version = 5', 'agent = 192.168.50.9'],
    },
    {
      name: 'counters and a maker’s own',
      transport: 17,
      dport: 6343,
      bytes: u32(5, 1, 0xc0a83209, 0, 7, 1000, 2, 2, 4, 1, 0x1234001, 8, 1, 2),
      is: 'certain asks',
      facts: ['version = 5', 'agent = 192.168.50.9'],
    },
    {
      name: 'an agent with IPv6',
      transport: 17,
      dport: 6343,
      bytes: u32(5, 2, 0x20010db8, 0, 0, 9, 0, 7, 1000, 1, 2, 4, 1),
      is: 'certain asks',
      facts: ['version = 5'],
    },
    {
      name: 'cut by the snap length',
      transport: 17,
      dport: 6343,
      length: 200,
      bytes: u32(5, 1, 0xc0a83209, 0, 7, 1000, 1, 1, 164, 1),
      is: 'certain asks',
      facts: ['version = 5', 'agent = 192.168.50.9'],
    },
    {
      name: 'an unknown format',
      transport: 17,
      dport: 6343,
      bytes: u32(5, 1, 0xc0a83209, 0, 7, 1000, 1, 77, 4, 1),
      is: 'no',
    },
    {
      name: 'a sample larger than the datagram',
      transport: 17,
      dport: 6343,
      bytes: u32(5, 1, 0xc0a83209, 0, 7, 1000, 1, 1, 4000, 1),
      is: 'no',
    },
    {
      name: 'a thousand samples',
      transport: 17,
      dport: 6343,
      bytes: u32(5, 1, 0xc0a83209, 0, 7, 1000, 1000, 1, 4, 1),
      is: 'no',
    },
    {
      name: 'small numbers',
      transport: 17,
      bytes: hex('00000005 00000001 0000000a 0000000d 00000004 0000000a 00000001'),
      is: 'no',
    },
  ]);
});
