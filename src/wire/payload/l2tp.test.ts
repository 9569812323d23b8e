/** Fixtures from xl2tpd 1.3 (Debian 12), both sides, and composed by RFC 2661 and RFC 3931. */
import { describe } from 'vitest';
import { hex } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { L2TP } from './l2tp.ts';

describe('l2tp', () => {
  testDetector(L2TP, [
    {
      name: 'a tunnel is asked for',
      bytes: hex(`
      c8020069000000000000000080080000000000018008000000020100800a0000000300000003800a00000004
      000000000008000000060690800e000000076c6170746f702d3700130000000878656c6572616e63652e636f
      6d800800000009a33e80080000000a0004
    `),
      transport: 17,
      sport: 1701,
      dport: 1701,
      is: 'certain asks',
      facts: ['version = 2', 'l2tp laptop-7 of source'],
    },
    {
      name: 'and granted',
      bytes: hex(`
      c8020066a33e00000000000180080000000000028008000000020100800a0000000300000003800a00000004
      000000000008000000060690800b000000076c6e732d3100130000000878656c6572616e63652e636f6d8008
      000000091f1080080000000a0004
    `),
      transport: 17,
      sport: 1701,
      dport: 1701,
      is: 'certain answers',
      facts: ['version = 2', 'firmware = 690', 'l2tp lns-1 of source', 'product = xelerance.com'],
    },
    {
      name: 'a call',
      bytes: hex(`
      c80200301f10000000020001800800000000000a80080000000e2d1a800a0000000f00000001800a00000012
      00000000
    `),
      transport: 17,
      sport: 1701,
      dport: 1701,
      is: 'certain',
      facts: ['version = 2'],
    },
    {
      name: 'an acknowledgement',
      bytes: hex('c802000ca33e000000010002'),
      transport: 17,
      sport: 1701,
      dport: 1701,
      is: 'likely',
      facts: ['version = 2'],
    },
    {
      name: 'version 3',
      transport: 17,
      dport: 1701,
      bytes: hex('c803 0014 00000000 0000 0000 8008 0000 0000 0001'),
      is: 'certain asks',
      facts: ['version = 3'],
    },
    {
      name: 'a length that does not fit',
      transport: 17,
      dport: 1701,
      bytes: hex('c802 0015 0000 0000 0000 0000 8008 0000 0000 0001'),
      is: 'no',
    },
    {
      name: 'another first attribute',
      transport: 17,
      dport: 1701,
      bytes: hex('c802 0014 0000 0000 0000 0000 8008 0000 0001 0001'),
      is: 'no',
    },
    {
      name: 'data',
      transport: 17,
      dport: 1701,
      bytes: hex('4002 000c 0001 0001 ff03 c021'),
      is: 'no',
    },
  ]);
});
