/** Composed by BEP 3, 5, 14, 15 and 29. */
import { describe } from 'vitest';
import { hex, join, u8, u16, u32, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { BITTORRENT } from './bittorrent.ts';

describe('bittorrent', () => {
  testDetector(BITTORRENT, [
    {
      name: 'the handshake of peers',
      dport: 6881,
      bytes: join(u8(19), 'BitTorrent protocol', zeros(8), 'i'.repeat(20), '-TR3000-abcdefghijkl'),
      is: 'certain',
    },
    {
      name: 'a ping of the hash table',
      transport: 17,
      bytes: 'd1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe',
      is: 'certain asks',
    },
    {
      name: 'its answer',
      transport: 17,
      bytes: 'd1:rd2:id20:mnopqrstuvwxyz123456e1:t2:aa1:y1:re',
      is: 'certain answers',
    },
    {
      name: 'an answer that begins with an address',
      transport: 17,
      bytes: join('d2:ip6:', hex('c00002071ae1'), '1:rd2:id20:mnopqrstuvwxyz123456e1:t2:aa1:y1:re'),
      is: 'certain answers',
    },
    {
      name: 'a tracker is called',
      transport: 17,
      bytes: hex('0000041727101980 00000000 12345678'),
      is: 'certain asks',
    },
    {
      name: 'uTP begins',
      transport: 17,
      bytes: join(hex('41 00 5301'), u32(0x12345678, 0, 0xf000), u16(1, 0)),
      is: 'certain',
    },
    {
      name: 'uTP goes on',
      transport: 17,
      bytes: join(hex('21 00 5302'), u32(0x12345678, 0x123, 0xf000), u16(7, 6)),
      is: 'likely',
    },
    {
      name: 'local discovery',
      transport: 17,
      dport: 6771,
      bytes: 'BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771\r\n',
      is: 'certain',
    },
    {
      name: 'another dictionary',
      transport: 17,
      bytes: 'd4:name5:value3:numi7e5:otheri8ee',
      is: 'no',
    },
    {
      name: 'a dictionary with no end',
      transport: 17,
      bytes: 'd1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:q',
      is: 'no',
    },
    {
      name: 'a text of that letter',
      transport: 17,
      bytes: 'd4c0ffee is a number in hexadecimal, more or less',
      is: 'no',
    },
    {
      name: 'a tracker of another protocol number',
      transport: 17,
      bytes: hex('0000041727101981 00000000 12345678'),
      is: 'no',
    },
    { name: 'half of the handshake', dport: 6881, bytes: join(u8(19), 'BitTorrent'), is: 'no' },
  ]);
});
