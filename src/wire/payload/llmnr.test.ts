/** Composed by RFC 4795 section 2.1. */
import { describe } from 'vitest';
import { hex, ip4, ip6, join, u16 } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { LLMNR } from './llmnr.ts';

const HOST = hex('05 574b532d37 00');

describe('llmnr', () => {
  testDetector(LLMNR, [
    {
      name: 'a question for a host',
      transport: 17,
      sport: 50000,
      dport: 5355,
      bytes: join(u16(0x4a1c, 0, 1, 0, 0, 0), HOST, u16(1, 1)),
      is: 'certain asks',
    },
    {
      name: 'its answer',
      transport: 17,
      sport: 5355,
      dport: 50000,
      bytes: join(
        u16(0x4a1c, 0x8000, 1, 1, 0, 0),
        HOST,
        u16(1, 1),
        HOST,
        u16(1, 1, 0, 30, 4),
        ip4('192.168.50.7'),
      ),
      is: 'certain answers',
      facts: ['llmnr WKS-7 of 192.168.50.7'],
    },
    {
      name: 'an answer of a host with IPv6',
      transport: 17,
      sport: 5355,
      dport: 50000,
      bytes: join(
        u16(0x4a1d, 0x8000, 1, 1, 0, 0),
        HOST,
        u16(28, 1),
        u16(0xc00c, 28, 1, 0, 30, 16),
        ip6('fe80::7'),
      ),
      is: 'certain answers',
      facts: ['llmnr WKS-7 of 254.128.0.0.0.0.0.0.0.0.0.0.0.0.0.7'],
    },
    {
      name: 'a tentative answer of a host that may not be alone',
      transport: 17,
      sport: 5355,
      dport: 50000,
      bytes: join(
        u16(0x4a1c, 0x8500, 1, 1, 0, 0),
        HOST,
        u16(1, 1),
        HOST,
        u16(1, 1, 0, 30, 4),
        ip4('192.168.50.8'),
      ),
      is: 'certain answers',
      facts: ['llmnr WKS-7 of 192.168.50.8'],
    },
    {
      name: 'a question on the port of DNS',
      transport: 17,
      dport: 53,
      bytes: join(u16(0x4a1c, 0, 1, 0, 0, 0), HOST, u16(1, 1)),
      is: 'no',
    },
    {
      name: 'two questions',
      transport: 17,
      dport: 5355,
      bytes: join(u16(0x4a1c, 0, 2, 0, 0, 0), HOST, u16(1, 1), HOST, u16(28, 1)),
      is: 'no',
    },
  ]);
});
