/** Composed by the fields that Wireshark’s reader of this protocol documents. */
import { describe } from 'vitest';
import { hex, join, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { MNDP } from './mndp.ts';

describe('mndp', () => {
  testDetector(MNDP, [
    {
      name: 'who is there',
      transport: 17,
      sport: 5678,
      dport: 5678,
      bytes: zeros(4),
      is: 'likely',
    },
    {
      name: 'a router',
      transport: 17,
      sport: 5678,
      dport: 5678,
      bytes: join(
        hex('00002a00 0001 0006 020000000001 0005 0004'),
        'gw-1',
        hex('0007 0006'),
        '7.11.2',
        hex('0008 0008'),
        'MikroTik',
        hex('000c 0005'),
        'RB750',
      ),
      is: 'certain',
      facts: ['mndp gw-1 of source', 'version = 7.11.2', 'product = MikroTik', 'board = RB750'],
    },
    {
      name: 'two fields alone',
      transport: 17,
      sport: 5678,
      dport: 5678,
      bytes: join(hex('00002a00 0001 0006 020000000001 0005 0004'), 'gw-1'),
      is: 'likely',
      facts: ['mndp gw-1 of source'],
    },
    { name: 'zeros on another port', transport: 17, bytes: zeros(4), is: 'no' },
    {
      name: 'another first field',
      transport: 17,
      sport: 5678,
      dport: 5678,
      bytes: join(hex('00002a00 0005 0004'), 'gw-1', zeros(10)),
      is: 'no',
    },
    {
      name: 'a field beyond the datagram',
      transport: 17,
      sport: 5678,
      dport: 5678,
      bytes: hex('00002a00 0001 0006 020000000001 0005 0400 41'),
      is: 'no',
    },
  ]);
});
