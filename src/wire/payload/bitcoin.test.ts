/** Composed by Bitcoin’s developer documentation, “Message Headers”. */
import { describe } from 'vitest';
import { hex, join, little, u32, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { BITCOIN } from './bitcoin.ts';

describe('bitcoin', () => {
  testDetector(BITCOIN, [
    {
      name: 'a version',
      dport: 8333,
      bytes: join(hex('f9beb4d9 76657273696f6e0000000000'), little(u32(40)), zeros(44)),
      is: 'certain',
      facts: ['network = main'],
    },
    {
      name: 'a short one, acknowledged',
      sport: 18333,
      bytes: join(hex('0b110907 76657261636b000000000000'), little(u32(0)), hex('5df6e0e2')),
      is: 'certain',
      facts: ['network = test'],
    },
    {
      name: 'a name with a digit',
      dport: 8333,
      bytes: join(hex('f9beb4d9 73656e646164647276320000'), little(u32(0)), hex('5df6e0e2')),
      is: 'certain',
      facts: ['network = main'],
    },
    { name: 'no name', dport: 8333, bytes: join(hex('f9beb4d9'), zeros(20)), is: 'no' },
    {
      name: 'letters after the zeros',
      dport: 8333,
      bytes: join(hex('f9beb4d9 76657200696f6e0000000000'), zeros(8)),
      is: 'no',
    },
    {
      name: 'five megabytes',
      dport: 8333,
      bytes: join(hex('f9beb4d9 76657273696f6e0000000000'), little(u32(5000000)), zeros(44)),
      is: 'no',
    },
    {
      name: 'another network',
      dport: 8333,
      bytes: join(hex('f9beb4da 76657273696f6e0000000000'), zeros(8)),
      is: 'no',
    },
  ]);
});
