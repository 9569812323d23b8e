/** Fixtures from tftpd-hpa 5.2, its client and curl 7.88 (Debian 12), and composed by RFC 1350. */
import { describe } from 'vitest';
import { hex, join, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { TFTP } from './tftp.ts';

describe('tftp', () => {
  testDetector(TFTP, [
    {
      name: 'a request',
      bytes: hex('0001626f6f742e696d67006f6374657400'),
      transport: 17,
      sport: 36752,
      dport: 69,
      is: 'certain asks',
      facts: ['expect tftp at source 36752'],
    },
    {
      name: 'a request with options',
      bytes: hex(`
      0001626f6f742e696d67006f63746574007473697a65003000626c6b73697a65003531320074696d656f7574
      003600
    `),
      transport: 17,
      sport: 49431,
      dport: 69,
      is: 'certain asks',
      facts: ['expect tftp at source 49431'],
    },
    {
      name: 'options acknowledged',
      bytes: hex(`
      00067473697a65003132303000626c6b73697a65003531320074696d656f7574003600
    `),
      transport: 17,
      sport: 52552,
      dport: 49431,
      is: 'certain answers',
    },
    {
      name: 'the first block',
      bytes: hex('00030001b7f291a54ff653ee6152d663cee5e72a337df1eef0e7a6f1045bf6d2'),
      transport: 17,
      sport: 51566,
      dport: 36752,
      length: 516,
      is: 'likely',
    },
    {
      name: 'its acknowledgement',
      bytes: hex('00040001'),
      transport: 17,
      sport: 36752,
      dport: 51566,
      is: 'likely',
    },
    {
      name: 'an error',
      bytes: hex('0005000146696c65206e6f7420666f756e6400'),
      transport: 17,
      sport: 41564,
      dport: 40683,
      is: 'likely',
    },
    {
      name: 'a write request in lower and upper case',
      transport: 17,
      dport: 69,
      bytes: hex('0002 612e747874 00 4e65744153434949 00'),
      is: 'certain asks',
      facts: ['expect tftp at source 40000'],
    },
    {
      name: 'an unknown mode',
      transport: 17,
      dport: 69,
      bytes: hex('0001 612e747874 00 62696e617279 00'),
      is: 'no',
    },
    {
      name: 'no file name',
      transport: 17,
      dport: 69,
      bytes: hex('0001 00 6f63746574 00'),
      is: 'no',
    },
    {
      name: 'a block late in a transfer',
      transport: 17,
      bytes: join(hex('0003 4242'), zeros(512)),
      is: 'no',
    },
    {
      name: 'an acknowledgement with more behind it',
      transport: 17,
      bytes: hex('0004 0001 00'),
      is: 'no',
    },
    { name: 'an error without a text', transport: 17, bytes: hex('0005 0001 8081'), is: 'no' },
    { name: 'zeros', transport: 17, dport: 69, bytes: zeros(64), is: 'no' },
  ]);
});
