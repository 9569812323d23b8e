/** Fixtures from chrony 4.3 and ntpq 1.2.2 (Debian 12), and composed by RFC 5905 and RFC 9327. */
import { describe } from 'vitest';
import { hex, join, padTo, u8, u16, u32, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { NTP } from './ntp.ts';

/** Seconds since 1900. */
const NOW = 0xeead7677;
const VARIABLES = 'version="ntpd 4.2.8p15", processor="x86_64", system="Linux/5.10"  ';

describe('ntp', () => {
  testDetector(NTP, [
    {
      name: 'a request that says nothing but a random number',
      bytes: hex(`
      23000620000000000000000000000000000000000000000000000000000000000000000000000000a27fe9b2
      c30ff76b
    `),
      transport: 17,
      sport: 37018,
      dport: 123,
      is: 'certain asks',
    },
    {
      name: 'the answer of a server with its own clock',
      bytes: hex(`
      240806e600000000000000007f7f0101eead767789e2aadaa27fe9b2c30ff76beead767952a8d3c5eead7679
      52b437d0
    `),
      transport: 17,
      sport: 123,
      dport: 37018,
      is: 'certain answers',
      facts: ['version = 4', 'stratum = 8'],
    },
    {
      name: 'a question for variables',
      bytes: hex('d60200010000000000000000'),
      transport: 17,
      sport: 40217,
      dport: 123,
      is: 'likely asks',
    },
    {
      name: 'a request with times',
      transport: 17,
      sport: 123,
      dport: 123,
      bytes: join(
        u8(0xdb, 0, 6, 0xe9),
        u32(0x100, 0x200, 0xc0000201, NOW - 600, 1, 0, 0, 0, 0, NOW, 9),
      ),
      is: 'certain asks',
    },
    {
      name: 'symmetric peers',
      transport: 17,
      sport: 123,
      dport: 123,
      bytes: join(
        u8(0x21, 2, 6, 0xe9),
        u32(0x100, 0x200, 0xc0000201, NOW - 600, 1, NOW - 64, 0, NOW - 64, 0, NOW, 9),
      ),
      is: 'certain',
    },
    {
      name: 'a broadcast with a digest',
      transport: 17,
      sport: 123,
      dport: 123,
      bytes: join(
        u8(0x25, 2, 6, 0xe9),
        u32(0x100, 0x200, 0xc0000201, NOW - 600, 1, 0, 0, 0, 0, NOW, 9, 1),
        zeros(16),
      ),
      is: 'likely answers',
      facts: ['version = 4', 'stratum = 2'],
    },
    {
      name: 'a kiss of death',
      transport: 17,
      sport: 123,
      bytes: join(u8(0xe4, 0, 6, 0xe9), u32(0, 0), 'RATE', u32(0, 0, NOW, 1, NOW, 2, NOW, 3)),
      is: 'certain answers',
      facts: ['version = 4', 'stratum = 0'],
    },
    {
      name: 'variables with a version',
      transport: 17,
      sport: 123,
      bytes: padTo(4, join(u8(0x16, 0x82), u16(2, 0x0615, 0, 0, VARIABLES.length), VARIABLES)),
      is: 'certain answers',
      facts: ['product = ntpd 4.2.8p15'],
    },
    {
      name: 'a question for the list of monitored hosts',
      transport: 17,
      dport: 123,
      bytes: hex('17 00 03 2a 00000000'),
      is: 'likely asks',
    },
    {
      name: 'its answer',
      transport: 17,
      sport: 123,
      bytes: join(hex('97 00 03 2a 0006 0048'), zeros(432)),
      is: 'likely answers',
    },
    {
      name: 'an answer whose times are years apart',
      transport: 17,
      sport: 123,
      bytes: join(
        u8(0x24, 2, 6, 0xe9),
        u32(0x100, 0x200, 0xc0000201, 5, 1, 0, 0, 0xd0000000, 0, 0xe0000000, 9),
      ),
      is: 'no',
    },
    {
      name: 'version 7',
      transport: 17,
      dport: 123,
      bytes: join(u8(0x3b), zeros(39), u32(NOW, 9)),
      is: 'no',
    },
    {
      name: 'a root distance of hours',
      transport: 17,
      dport: 123,
      bytes: join(u8(0x1b, 2, 6, 0xe9), u32(0x7fffffff, 0x200, 1, NOW, 1, 0, 0, 0, 0, NOW, 9)),
      is: 'no',
    },
    { name: '47 octets', transport: 17, dport: 123, bytes: join(u8(0x23), zeros(46)), is: 'no' },
    {
      name: 'a private request of no implementation',
      transport: 17,
      bytes: join(hex('17000000 73000000'), zeros(563)),
      is: 'no',
    },
    {
      name: 'a request with octets that are no extension',
      transport: 17,
      dport: 123,
      bytes: join(hex('23000000'), zeros(36), hex('e1b2c3d4e5f60718'), zeros(28)),
      is: 'no',
    },
    {
      name: 'a broadcast of a time before 1968',
      transport: 17,
      bytes: hex(
        '0d000300 0000836b 00002c00 00000f00 0000426f 0800f901 00007116 0000fa00 00001102 00001000 00abb808 00020000',
      ),
      is: 'likely answers',
      facts: ['version = 1', 'stratum = 0'],
    },
  ]);
});
