/** Composed by the fields that open readers of this protocol print. */
import { describe } from 'vitest';
import { hex, join } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { UBIQUITI } from './ubiquiti.ts';

describe('ubiquiti', () => {
  testDetector(UBIQUITI, [
    {
      name: 'who is there',
      transport: 17,
      dport: 10001,
      bytes: hex('01000000'),
      is: 'likely asks',
    },
    {
      name: 'an access point',
      transport: 17,
      sport: 10001,
      bytes: join(
        hex('01000028 02 000a 020000000001c0a83209 0b 0006'),
        'roof-1',
        hex('0c 0003'),
        'LM5',
        hex('03 0009'),
        'XM.v6.1.7',
      ),
      is: 'certain answers',
      facts: ['ubiquiti roof-1 of source', 'product = LM5', 'version = XM.v6.1.7'],
    },
    {
      name: 'version 2',
      transport: 17,
      sport: 10001,
      bytes: join(hex('02060010 01 0006 020000000001 0b 0004'), 'sw-2'),
      is: 'certain answers',
      facts: ['ubiquiti sw-2 of source'],
    },
    {
      name: 'a length that does not fit',
      transport: 17,
      sport: 10001,
      bytes: hex('01000020 02 000a 020000000001c0a83209'),
      is: 'no',
    },
    {
      name: 'a hardware address of 4 octets',
      transport: 17,
      sport: 10001,
      bytes: hex('01000007 01 0004 02000000'),
      is: 'no',
    },
    {
      name: 'no hardware address',
      transport: 17,
      sport: 10001,
      bytes: join(hex('01000009 0b 0006'), 'roof-1'),
      is: 'no',
    },
  ]);
});
