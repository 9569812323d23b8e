import { describe } from 'vitest';
import { hex } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { TELNET } from './telnet.ts';

describe('telnet', () => {
  testDetector(TELNET, [
    { name: 'opening of a server', bytes: hex('fffd18 fffd20 fffd23 fffd27'), is: 'certain' },
    { name: 'answer of a client', bytes: hex('fffb18 fffc20 fffc23 fffb27 fffb1f'), is: 'certain' },
    {
      name: 'window size between others',
      bytes: hex('fffb1f fffa1f00500018fff0 fffc05'),
      is: 'certain',
    },
    {
      name: 'negotiation, then text',
      bytes: hex('fffb01 fffb03 0d0a6c6f67696e3a20'),
      is: 'certain',
    },
    { name: 'one command', bytes: hex('fffd01'), is: 'likely' },
    { name: 'an option nobody has', bytes: hex('fffd18 fffdc8'), is: 'no' },
    { name: 'the marker of BGP', bytes: hex('ffffffffffffffffffffffffffffffff001304'), is: 'no' },
    { name: 'subnegotiation without an end', bytes: hex('fffa1f005000180000'), is: 'no' },
    { name: 'Latin-1', bytes: hex('ff616263'), is: 'no' },
    { name: 'a quiet sound', bytes: hex('fffb0001fffdfffe0000fffdfffe0001'), is: 'no' },
  ]);
});
