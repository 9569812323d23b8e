/** Fixtures from dnsmasq 2.90 asked by dig 9.18 (Debian 12), and composed by RFC 1035. */
import { describe } from 'vitest';
import { hex, ip4, join, u8, u16, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { DNS } from './dns.ts';

/** Transaction, flags, and the counts of questions, answers, authorities and additional records. */
const header = (flags: number, ...counts: number[]) => u16(0x1234, flags, ...counts);
const name = (...labels: string[]) =>
  join(...labels.flatMap((label) => [u8(label.length), label]), u8(0));

describe('dns', () => {
  testDetector(DNS, [
    {
      name: 'a question with EDNS',
      bytes: hex(`
      264c0120000100000000000106736572766572076578616d706c650474657374000001000100002904d00000
      0000000c000a0008a6551d1eb28b3823
    `),
      transport: 17,
      sport: 58210,
      dport: 53,
      is: 'certain asks',
    },
    {
      name: 'its answer names an address',
      bytes: hex(`
      264c8580000100010000000106736572766572076578616d706c6504746573740000010001c00c0001000100
      0000000004c000020a00002904d0000000000000
    `),
      transport: 17,
      sport: 53,
      dport: 58210,
      is: 'certain answers',
      facts: ['dns server.example.test of 192.0.2.10'],
    },
    {
      name: 'an answer over TCP whose length came in a segment of its own',
      bytes: hex(`
      264c8580000100010000000106736572766572076578616d706c6504746573740000010001c00c0001000100
      0000000004c000020a00002904d0000000000000
    `),
      transport: 6,
      sport: 53,
      dport: 58210,
      is: 'certain answers',
      facts: ['dns server.example.test of 192.0.2.10'],
    },
    {
      name: 'the same on another port',
      bytes: hex(`
      264c8580000100010000000106736572766572076578616d706c6504746573740000010001c00c0001000100
      0000000004c000020a00002904d0000000000000
    `),
      transport: 6,
      sport: 5300,
      dport: 58210,
      is: 'no',
    },
    {
      name: 'an IPv6 address',
      bytes: hex(`
      43b3858000010001000000010566696c6573076578616d706c65047465737400001c0001c00c001c00010000
      0000001020010db800000000000000000000002000002904d0000000000000
    `),
      transport: 17,
      sport: 53,
      dport: 36480,
      is: 'certain answers',
      facts: ['dns files.example.test of 32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.32'],
    },
    {
      name: 'an alias and its target',
      bytes: hex(`
      95a88580000100020000000103777777076578616d706c6504746573740000010001c00c0005000100000000
      00140566696c6573076578616d706c65047465737400c02e00010001000000000004c000021400002904d000
      0000000000
    `),
      transport: 17,
      sport: 53,
      dport: 44563,
      is: 'certain answers',
      facts: ['dns files.example.test of 192.0.2.20', 'dns www.example.test of 192.0.2.20'],
    },
    {
      name: 'no such name',
      bytes: hex(`
      9f8081830001000000000001076e6f7468696e67076578616d706c650474657374000001000100002904d000
      0000000000
    `),
      transport: 17,
      sport: 53,
      dport: 59847,
      is: 'certain answers',
    },
    {
      name: 'a reverse look-up',
      bytes: hex(`
      31dd85800001000100000001023130013201300331393207696e2d61646472046172706100000c0001c00c00
      0c000100000000001506736572766572076578616d706c6504746573740000002904d0000000000000
    `),
      transport: 17,
      sport: 53,
      dport: 32988,
      is: 'certain answers',
      facts: ['dns server.example.test of 192.0.2.10'],
    },
    {
      name: 'a question over TCP',
      bytes: hex(`
      0022979c0120000100000000000003777777076578616d706c6504746573740000010001
    `),
      sport: 44311,
      dport: 53,
      is: 'certain asks',
    },
    {
      name: 'its answer over TCP',
      bytes: hex(`
      0052979c8580000100020000000003777777076578616d706c6504746573740000010001c00c000500010000
      000000140566696c6573076578616d706c65047465737400c02e00010001000000000004c0000214
    `),
      sport: 53,
      dport: 44311,
      is: 'certain answers',
      facts: ['dns files.example.test of 192.0.2.20', 'dns www.example.test of 192.0.2.20'],
    },
    {
      name: 'an update with a signature',
      transport: 17,
      dport: 53,
      bytes: join(
        header(0x2800, 1, 0, 1, 1),
        name('example', 'test'),
        u16(6, 1),
        name('pc', 'example', 'test'),
        u16(1, 1, 0, 60, 4),
        ip4('192.0.2.7'),
        name('key'),
        u16(250, 255, 0, 0, 0),
      ),
      is: 'certain asks',
    },
    {
      name: 'a refusal without the question',
      transport: 17,
      sport: 53,
      bytes: header(0x8005, 0, 0, 0, 0),
      is: 'likely answers',
    },
    {
      name: 'an answer cut by the snap length',
      transport: 17,
      sport: 53,
      length: 90,
      bytes: join(
        header(0x8180, 1, 2, 0, 0),
        name('www', 'example', 'test'),
        u16(1, 1),
        u16(0xc00c, 1, 1, 0, 60, 4),
        ip4('192.0.2.7'),
        u16(0xc00c),
      ),
      is: 'likely answers',
      facts: ['dns www.example.test of 192.0.2.7'],
    },
    {
      name: 'a name that points to itself',
      transport: 17,
      sport: 53,
      bytes: join(header(0x8180, 0, 1, 0, 0), u16(0xc00c, 1, 1, 0, 60, 4), ip4('192.0.2.7')),
      is: 'certain answers',
    },
    {
      name: 'names that point to each other',
      transport: 17,
      sport: 53,
      bytes: join(
        header(0x8180, 0, 2, 0, 0),
        u16(0xc01c, 1, 1, 0, 60, 4),
        ip4('192.0.2.7'),
        u16(0xc00c, 1, 1, 0, 60, 4),
        ip4('192.0.2.8'),
      ),
      is: 'certain answers',
    },
    {
      name: 'a pointer beyond the message',
      transport: 17,
      sport: 53,
      bytes: join(header(0x8180, 0, 1, 0, 0), u16(0xffff, 1, 1, 0, 60, 4), ip4('192.0.2.7')),
      is: 'certain answers',
    },
    {
      name: 'labels with dots and control octets',
      transport: 17,
      sport: 53,
      bytes: join(
        header(0x8180, 0, 1, 0, 0),
        name('a.b', '\x1b[31m'),
        u16(1, 1, 0, 60, 4),
        ip4('192.0.2.7'),
      ),
      is: 'certain answers',
      facts: ['dns a\\.b.\x1b[31m of 192.0.2.7'],
    },
    {
      name: 'an unknown class',
      transport: 17,
      dport: 53,
      bytes: join(header(0x0100, 1, 0, 0, 0), name('example', 'test'), u16(1, 9)),
      is: 'no',
    },
    {
      name: 'a label of 64 octets',
      transport: 17,
      dport: 53,
      bytes: join(header(0x0100, 1, 0, 0, 0), u8(64), zeros(64), u8(0), u16(1, 1)),
      is: 'no',
    },
    {
      name: 'a query with answers',
      transport: 17,
      dport: 53,
      bytes: join(
        header(0x0100, 1, 1, 0, 0),
        name('example'),
        u16(1, 1),
        name('x'),
        u16(1, 1, 0, 60, 4),
        ip4('192.0.2.7'),
      ),
      is: 'no',
    },
    {
      name: 'more records than there is room for',
      transport: 17,
      dport: 53,
      bytes: join(header(0x8180, 1, 9000, 0, 0), name('example'), u16(1, 1)),
      is: 'no',
    },
    {
      name: 'a question followed by something',
      transport: 17,
      dport: 53,
      bytes: join(header(0x0100, 1, 0, 0, 0), name('example'), u16(1, 1), zeros(7)),
      is: 'likely asks',
    },
    {
      name: 'the flags of multicast DNS on its port',
      transport: 17,
      sport: 5353,
      dport: 5353,
      bytes: join(header(0x0000, 1, 0, 0, 0), name('example', 'local'), u16(1, 1)),
      is: 'no',
    },
    {
      name: 'a recursive question to port 5353',
      transport: 17,
      dport: 5353,
      bytes: join(header(0x0100, 1, 0, 0, 0), name('example', 'test'), u16(1, 1)),
      is: 'certain asks',
    },
    { name: 'all zero', transport: 17, dport: 53, bytes: zeros(60), is: 'no' },
    {
      name: 'a root that is asked for in no class',
      transport: 17,
      bytes: hex('0005 0000 0001 0000 0000 0000 00 0004 0003'),
      is: 'no',
    },
  ]);
});
