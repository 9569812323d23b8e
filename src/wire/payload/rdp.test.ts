import { describe } from 'vitest';
import { hex, join, u8, u16 } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { RDP } from './rdp.ts';

const tpkt = (kind: number, reference: number, rest: Uint8Array | string): Uint8Array => {
  const size = 11 + (rest as string).length;
  return join(u8(3, 0), u16(size), u8(size - 5, kind), u16(reference, 0), u8(0), rest);
};

describe('rdp', () => {
  testDetector(RDP, [
    {
      name: 'request with a cookie',
      bytes: tpkt(0xe0, 0, join('Cookie: mstshash=ann\r\n', hex('01 00 0800 03000000'))),
      is: 'certain asks',
    },
    {
      name: 'request without',
      bytes: tpkt(0xe0, 0, hex('01 00 0800 0b000000')),
      is: 'certain asks',
    },
    {
      name: 'agreement on CredSSP',
      bytes: tpkt(0xd0, 0, hex('02 1f 0800 02000000')),
      fromServer: true,
      is: 'certain answers',
      facts: ['security = CredSSP'],
    },
    {
      name: 'agreement on none',
      bytes: tpkt(0xd0, 0x1234, hex('02 00 0800 00000000')),
      fromServer: true,
      is: 'certain answers',
      facts: ['security = RDP'],
    },
    {
      name: 'refusal',
      bytes: tpkt(0xd0, 0, hex('03 00 0800 05000000')),
      fromServer: true,
      is: 'certain answers',
    },
    {
      name: 'agreement of old servers',
      bytes: tpkt(0xd0, 0x1234, hex('')),
      fromServer: true,
      is: 'likely answers',
    },
    {
      name: 'request of a programmable controller',
      bytes: hex('03000016 11 e0 0000 0001 00 c1020100 c2020102 c0010a'),
      is: 'no',
    },
    {
      name: 'its answer',
      bytes: hex('03000016 11 d0 0001 0003 00 c0010a c1020100 c2020102'),
      is: 'no',
    },
    {
      name: 'length that does not fit',
      bytes: join(tpkt(0xe0, 0, hex('01 00 0800 03000000')), 'x'),
      is: 'no',
    },
  ]);
});
