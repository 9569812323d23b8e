/** Fixtures from coturn 4.6 and its clients (Debian 12), and composed by RFC 3489, RFC 8445 and [MS-TURN]. */
import { describe } from 'vitest';
import { hex, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { STUN } from './stun.ts';

describe('stun', () => {
  testDetector(STUN, [
    {
      name: 'asking for one’s own address',
      bytes: hex('000100002112a442069c7187b55e9ee3006e4fda'),
      transport: 17,
      sport: 39701,
      dport: 3478,
      is: 'certain asks',
    },
    {
      name: 'the answer',
      bytes: hex(`
      0101003c2112a442069c7187b55e9ee3006e4fda002000080001ba07e1ba96400001000800019b15c0a83202
      802b000800010d96c0a8320180220014436f7475726e2d342e362e312027476f72737427
    `),
      transport: 17,
      sport: 3478,
      dport: 39701,
      fromServer: true,
      is: 'certain answers',
      facts: ["product = Coturn-4.6.1 'Gorst'"],
    },
    {
      name: 'asking for a relay',
      bytes: hex(`
      000300202112a4422968cfabe6e2de6cd090ee770019000411000000000d0004000003090018000180000000
      802800047ce41112
    `),
      transport: 17,
      sport: 56009,
      dport: 3478,
      is: 'certain asks',
      facts: ['dialect = turn'],
    },
    {
      name: 'a refusal',
      bytes: hex(`
      011300582112a4422968cfabe6e2de6cd090ee770009001000000401556e617574686f72697a656400150010
      383861386262353538626631393063650014000c6578616d706c652e7465737480220014436f7475726e2d34
      2e362e312027476f7273742780280004d80f41be
    `),
      transport: 17,
      sport: 3478,
      dport: 56009,
      fromServer: true,
      is: 'certain answers',
      facts: ['dialect = turn', "product = Coturn-4.6.1 'Gorst'"],
    },
    {
      name: 'a relay is given',
      bytes: hex(`
      010300642112a4425d4f17df3d9d4a1e79c2032d001600080001cdfae1ba9643002000080001fbdbe1ba9640
      002200080d4472f50002d7db000d00040000030980220014436f7475726e2d342e362e312027476f72737427
      000800146d3ede604c5d6e56ef6196766bdf9629508faca4802800046d133262
    `),
      transport: 17,
      sport: 3478,
      dport: 56009,
      fromServer: true,
      is: 'certain answers',
      facts: ['dialect = turn', "product = Coturn-4.6.1 'Gorst'"],
    },
    {
      name: 'peers that look for a path',
      transport: 17,
      bytes: hex('0001 0008 2112a442 000102030405060708090a0b 0024 0004 6e7f00ff'),
      is: 'certain',
    },
    {
      name: 'an indication',
      transport: 17,
      bytes: hex('0011 0000 2112a442 000102030405060708090a0b'),
      is: 'certain',
    },
    {
      name: 'the old form',
      transport: 17,
      dport: 3478,
      bytes: hex('0001 0008 b7e7a701bc34d686fa87dfae61f2c14d 0003 0004 00000006'),
      is: 'likely asks',
    },
    {
      name: 'Microsoft’s own',
      transport: 17,
      sport: 3478,
      bytes: hex(
        '0103 0010 000102030405060708090a0b0c0d0e0f 000f 0004 72c64bc6 0010 0004 00000006',
      ),
      is: 'certain answers',
      facts: ['dialect = turn'],
    },
    {
      name: 'a length that does not fit',
      transport: 17,
      bytes: hex('0001 0010 2112a442 000102030405060708090a0b'),
      is: 'no',
    },
    {
      name: 'a length of no multiple of four',
      transport: 17,
      bytes: hex('0001 0001 2112a442 000102030405060708090a0b 00'),
      is: 'no',
    },
    {
      name: 'attributes that do not fit',
      transport: 17,
      bytes: hex('0001 0008 000102030405060708090a0b0c0d0e0f 0003 0014 00000006'),
      is: 'no',
    },
    { name: 'zeros', transport: 17, bytes: zeros(20), is: 'no' },
    {
      name: 'a transaction that counts',
      transport: 17,
      dport: 3478,
      bytes: hex('0001 0008 000102030405060708090a0b0c0d0e0f 0003 0004 00000006'),
      is: 'no',
    },
  ]);
});
