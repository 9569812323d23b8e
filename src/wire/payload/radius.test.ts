/** Fixtures from FreeRADIUS 3.2 and radclient (Debian 12), and composed by RFC 2865. */
import { describe } from 'vitest';
import { hex, join, noise, u8, u16, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { RADIUS } from './radius.ts';

describe('radius', () => {
  testDetector(RADIUS, [
    {
      name: 'a request',
      bytes: hex(`
      0179004457fb1a29c45e7757f528ab85b3185bca0108776f726b6572021227d18f01e537e35a2c2456a9d465
      5828200a7377697463682d330406c0a83202050600000007
    `),
      transport: 17,
      sport: 46314,
      dport: 1812,
      is: 'certain asks',
      facts: ['radius switch-3 of 192.168.50.2'],
    },
    {
      name: 'an acceptance without attributes',
      bytes: hex('027900144d24eb6ad3ce5d8a384fddc0cd4dbfb9'),
      transport: 17,
      sport: 1812,
      dport: 46314,
      fromServer: true,
      is: 'likely answers',
    },
    {
      name: 'a rejection',
      bytes: hex('030e0014bea8c0468fa3fe6461ba503471fc69b0'),
      transport: 17,
      sport: 1812,
      dport: 46102,
      fromServer: true,
      is: 'likely answers',
    },
    {
      name: 'accounting',
      bytes: hex(`
      0456002f778e7fc1c4a2262a09b632cd456983310108776f726b65722806000000012c0331200a7377697463
      682d33
    `),
      transport: 17,
      sport: 58085,
      dport: 1813,
      is: 'certain asks',
      facts: ['radius switch-3 of source'],
    },
    {
      name: 'its answer',
      bytes: hex('05560014b90194ddb3e1fbab9af3a8102f07a455'),
      transport: 17,
      sport: 1813,
      dport: 58085,
      fromServer: true,
      is: 'likely answers',
    },
    {
      name: 'a challenge',
      transport: 17,
      sport: 1812,
      bytes: join(u8(11, 7), u16(32), noise(16), hex('1806 01020304 1b06 0000001e')),
      is: 'certain answers',
    },
    {
      name: 'an attribute of one octet',
      transport: 17,
      dport: 1812,
      bytes: join(u8(1, 7), u16(24), zeros(16), hex('01 01 02 02')),
      is: 'no',
    },
    {
      name: 'an attribute beyond the packet',
      transport: 17,
      dport: 1812,
      bytes: join(u8(1, 7), u16(24), zeros(16), hex('01 09 0202')),
      is: 'no',
    },
    {
      name: 'a length that does not fit',
      transport: 17,
      dport: 1812,
      bytes: join(u8(1, 7), u16(40), zeros(16), hex('0104 4142')),
      is: 'no',
    },
    {
      name: 'code 9',
      transport: 17,
      dport: 1812,
      bytes: join(u8(9, 7), u16(24), zeros(16), hex('0104 4142')),
      is: 'no',
    },
  ]);
});
