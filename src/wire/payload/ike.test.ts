/** Fixtures from ike-scan 1.9 asking charon 5.9 (Debian 12), and composed by RFC 2408 and RFC 7296. */
import { describe } from 'vitest';
import { hex, join, u8, u32, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { IKE } from './ike.ts';

describe('ike', () => {
  testDetector(IKE, [
    {
      name: 'version 2 begins',
      bytes: hex(`
      c49aefe1ecf5f02000000000000000002120220800000000000001282200006c000000680101000b0300000c
      0100000c800e01000300000c0100000c800e0080030000080100000303000008010000020300000802000002
      0300000802000001030000080300000203000008030000010300000804000002030000080400000500000008
      0400000e2800008800020000ca477b2a3a2a24140dff74e7fadffa8cbfbd6467ffb031f3ddbcdca10363e0f7
      b67f9f3878668e8383fde5d9f930a3aefdb2dabbd8a49bc1
    `),
      transport: 17,
      sport: 500,
      dport: 500,
      length: 296,
      is: 'certain asks',
      facts: ['version = 2'],
    },
    {
      name: 'its answer',
      bytes: hex(`
      c49aefe1ecf5f020bc0a33c315231430292022200000000000000024000000080000000e
    `),
      transport: 17,
      sport: 500,
      dport: 500,
      is: 'certain answers',
      facts: ['version = 2'],
    },
    {
      name: 'version 1, main mode',
      bytes: hex(`
      7244ea995eded005000000000000000001100200000000000000015000000134000000010000000100000128
      01010008030000240101000080010005800200028003000180040002800b0001000c00040000708003000024
      0201000080010005800200018003000180040002800b0001000c000400007080030000240301000080010001
      800200028003000180040002800b0001000c0004000070800300002404010000800100018002000180030001
      80040002800b0001000c0004000070800300002405010000
    `),
      transport: 17,
      sport: 500,
      dport: 500,
      length: 336,
      is: 'certain asks',
      facts: ['version = 1'],
    },
    {
      name: 'a refusal',
      bytes: hex(`
      7244ea995eded00552852941750b3faf0b10050069dcd392000000280000000c000000010100000e
    `),
      transport: 17,
      sport: 500,
      dport: 500,
      is: 'certain',
      facts: ['version = 1'],
    },
    {
      name: 'on the port of NAT traversal',
      bytes: hex(`
      0000000036e4eef89b67ad190000000000000000011002000000000000000150000001340000000100000001
      0000012801010008030000240101000080010005800200028003000180040002800b0001000c000400007080
      030000240201000080010005800200018003000180040002800b0001000c0004000070800300002403010000
      80010001800200028003000180040002800b0001000c00040000708003000024040100008001000180020001
      8003000180040002800b0001000c00040000708003000024
    `),
      transport: 17,
      sport: 4500,
      dport: 4500,
      length: 340,
      is: 'certain asks',
      facts: ['version = 1'],
    },
    {
      name: 'encrypted, of version 2',
      transport: 17,
      sport: 4500,
      dport: 4500,
      bytes: join(
        zeros(4),
        hex('c49aefe1ecf5f020 bc0a33c315231430 2e 20 23 08 00000001'),
        u32(60),
        zeros(32),
      ),
      is: 'certain',
      facts: ['version = 2'],
    },
    {
      name: 'ESP in UDP',
      transport: 17,
      sport: 4500,
      dport: 4500,
      bytes: join(hex('c0000001 00000001'), zeros(60)),
      is: 'no',
    },
    {
      name: 'a length that does not fit',
      transport: 17,
      dport: 500,
      bytes: join(
        hex('c49aefe1ecf5f020 0000000000000000 21 20 22 08 00000000'),
        u32(61),
        zeros(32),
      ),
      is: 'no',
    },
    {
      name: 'no initiator',
      transport: 17,
      dport: 500,
      bytes: join(zeros(16), hex('21 20 22 08 00000000'), u32(60), zeros(32)),
      is: 'no',
    },
    { name: 'a keep-alive', transport: 17, dport: 4500, bytes: u8(0xff), is: 'no' },
    {
      name: 'version 3',
      transport: 17,
      dport: 500,
      bytes: join(
        hex('c49aefe1ecf5f020 0000000000000000 21 30 22 08 00000000'),
        u32(60),
        zeros(32),
      ),
      is: 'no',
    },
  ]);
});
