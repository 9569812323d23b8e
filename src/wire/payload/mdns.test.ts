/** Fixtures from avahi 0.8 on Debian 12, one of them asked by dig, and composed by RFC 6762. */
import { describe } from 'vitest';
import { hex, join, u16, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { MDNS } from './mdns.ts';

describe('mdns', () => {
  testDetector(MDNS, [
    {
      name: 'probing for names',
      bytes: hex(`
      0000000000030000000400000131013001300130013001300130013001300130013001300130013001300130
      01300130013001300130013501300130013801620164013001310130013001320369703604617270610000ff
      0001097072696e7465722d32056c6f63616c0000ff00010131023530033136380331393207696e2d61646472
      c05000ff0001c05a00010001000000780004c0a83201c06f000c0001000000780002c05ac05a001c00010000
      0078001020010db8005000000000000000000001c00c000c0001000000780002c05a
    `),
      transport: 17,
      sport: 5353,
      dport: 5353,
      is: 'certain asks',
    },
    {
      name: 'announcing addresses',
      bytes: hex(`
      0000840000000004000000000131013001300130013001300130013001300130013001300130013001300130
      013001300130013001300135013001300138016201640130013101300130013203697036046172706100000c
      8001000000780011097072696e7465722d32056c6f63616c00c06000018001000000780004c0a83201013102
      3530033136380331393207696e2d61646472c050000c8001000000780002c060c060001c8001000000780010
      20010db8005000000000000000000001
    `),
      transport: 17,
      sport: 5353,
      dport: 5353,
      is: 'certain answers',
      facts: [
        'mdns printer-2.local of 32.1.13.184.0.80.0.0.0.0.0.0.0.0.0.1',
        'mdns printer-2.local of 192.168.50.1',
        'mdns printer-2.local of 192.168.50.1',
        'mdns printer-2.local of 32.1.13.184.0.80.0.0.0.0.0.0.0.0.0.1',
      ],
    },
    {
      name: 'announcing a service',
      bytes: hex(`
      0000840000000006000000001d7072696e7465722d32205b65363a35353a35313a66323a63653a64315d0c5f
      776f726b73746174696f6e045f746370056c6f63616c000010800100001194000100c02a000c000100001194
      0002c00cc00c00218001000000780012000000000009097072696e7465722d32c03cc06e001c800100000078
      001020010db8005000000000000000000001c06e00018001000000780004c0a83201095f7365727669636573
      075f646e732d7364045f756470c03c000c0001000011940002c02a
    `),
      transport: 17,
      sport: 5353,
      dport: 5353,
      is: 'certain answers',
      facts: [
        'mdns printer-2.local of 32.1.13.184.0.80.0.0.0.0.0.0.0.0.0.1',
        'mdns printer-2.local of 192.168.50.1',
      ],
    },
    {
      name: 'a question from another port',
      bytes: hex(`
      d1fe00200001000000000001097072696e7465722d32056c6f63616c000001000100002904d000000000000c
      000a00081b1dd768bb97fa4f
    `),
      transport: 17,
      sport: 34608,
      dport: 5353,
      is: 'certain asks',
    },
    {
      name: 'its answer',
      bytes: hex(`
      d1fe84000001000100000000097072696e7465722d32056c6f63616c0000010001c00c000100010000000a00
      04c0a83201
    `),
      transport: 17,
      sport: 5353,
      dport: 34608,
      is: 'certain answers',
      facts: ['mdns printer-2.local of 192.168.50.1'],
    },
    {
      name: 'several questions in one packet',
      transport: 17,
      sport: 5353,
      dport: 5353,
      bytes: join(
        u16(0, 0, 2, 0, 0, 0),
        hex('04 5f697070 04 5f746370 05 6c6f63616c 00'),
        u16(12, 0x8001),
        hex('04 5f736d62 c011'),
        u16(12, 1),
      ),
      is: 'certain asks',
    },
    {
      name: 'the same on another port',
      transport: 17,
      dport: 53,
      bytes: join(u16(0, 0, 1, 0, 0, 0), hex('05 6c6f63616c 00'), u16(12, 1)),
      is: 'no',
    },
    {
      name: 'a recursive question',
      transport: 17,
      dport: 5353,
      bytes: join(u16(7, 0x100, 1, 0, 0, 0), hex('05 6c6f63616c 00'), u16(12, 1)),
      is: 'no',
    },
    {
      name: 'an empty message',
      transport: 17,
      sport: 5353,
      dport: 5353,
      bytes: zeros(12),
      is: 'no',
    },
  ]);
});
