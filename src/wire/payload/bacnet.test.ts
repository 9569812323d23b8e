/** Composed by ANSI/ASHRAE 135, annex J and clauses 6 and 20. */
import { describe } from 'vitest';
import { hex } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { BACNET } from './bacnet.ts';

describe('bacnet', () => {
  testDetector(BACNET, [
    {
      name: 'who is there',
      transport: 17,
      sport: 47808,
      dport: 47808,
      bytes: hex('81 0b 000c 01 20 ffff 00 ff 1008'),
      is: 'certain asks',
    },
    {
      name: 'I am',
      transport: 17,
      sport: 47808,
      dport: 47808,
      bytes: hex('81 0b 0019 01 20 ffff 00 ff 1000 c4 02000fa1 2205c4 9103 2205e8'),
      is: 'certain',
      facts: ['device = 4001', 'vendor = 1512'],
    },
    {
      name: 'a property is asked for',
      transport: 17,
      dport: 47808,
      bytes: hex('81 0a 0011 01 04 00 05 01 0c 0c 02000fa1 194d'),
      is: 'certain asks',
    },
    {
      name: 'and given',
      transport: 17,
      sport: 47808,
      bytes: hex('81 0a 0014 01 00 30 01 0c 0c 02000fa1 194d 3e 2101 3f'),
      is: 'certain answers',
    },
    {
      name: 'a message passed on',
      transport: 17,
      sport: 47808,
      bytes: hex('81 04 0012 c0a83209bac0 01 20 ffff 00 ff 1008'),
      is: 'certain asks',
    },
    {
      name: 'a device registers with another network',
      transport: 17,
      dport: 47808,
      bytes: hex('81 05 0006 003c'),
      is: 'likely',
    },
    {
      name: 'a length that does not fit',
      transport: 17,
      dport: 47808,
      bytes: hex('81 0b 000d 01 20 ffff 00 ff 1008'),
      is: 'no',
    },
    {
      name: 'version 2',
      transport: 17,
      dport: 47808,
      bytes: hex('81 0b 000c 02 20 ffff 00 ff 1008'),
      is: 'no',
    },
    {
      name: 'an unknown function',
      transport: 17,
      dport: 47808,
      bytes: hex('81 2b 000c 01 20 ffff 00 ff 1008'),
      is: 'no',
    },
  ]);
});
