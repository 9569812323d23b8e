/** Fixtures from OpenVPN 2.6 (Debian 12), both sides, in its forms over UDP and TCP. */
import { describe } from 'vitest';
import { hex, join, u8, u32, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { OPENVPN } from './openvpn.ts';

describe('openvpn', () => {
  testDetector(OPENVPN, [
    {
      name: 'a client begins',
      bytes: hex('3831a2d2c74d0739b50000000000'),
      transport: 17,
      sport: 43058,
      dport: 1194,
      is: 'certain asks',
    },
    {
      name: 'the server answers',
      bytes: hex('40a40e31ad1bf24af0010000000031a2d2c74d0739b500000000'),
      transport: 17,
      sport: 1194,
      dport: 43058,
      is: 'certain answers',
    },
    {
      name: 'a client that signs',
      bytes: hex(`
      3852082d0fd6d117247bddd1e75c1835d172e795eedc1fcf29b091263697701a61a93e532e7be2cad7000000
      016b02f9b20000000000
    `),
      transport: 17,
      sport: 54176,
      dport: 1194,
      is: 'certain asks',
    },
    {
      name: 'a server that signs',
      bytes: hex(`
      4009ec56ab77d20761380fad41ea56fd602d230962517c8d29d92d1099ea35c3dc675cf85b59eb5acf000000
      016b02f9b2010000000052082d0fd6d1172400000000
    `),
      transport: 17,
      sport: 1194,
      dport: 54176,
      is: 'certain answers',
    },
    {
      name: 'a client that encrypts',
      bytes: hex(`
      3864a3b76cf3e43d1b000000016b02f9b85b7b3b6b5495915c2c9843014a549f662a7ed8cc3179e60b4dc5ab
      02566fe952eaee270bfb
    `),
      transport: 17,
      sport: 53101,
      dport: 1194,
      is: 'certain asks',
    },
    {
      name: 'a server that encrypts',
      bytes: hex(`
      405732856f73f02d32000000016b02f9b8a7bf16416543e77a38b9f9e56fbebf63c332d8aa240ac7e60ca99b
      69ecb544dc1954d57843e5a85a09d23f0ad02a7fae31
    `),
      transport: 17,
      sport: 1194,
      dport: 53101,
      is: 'certain answers',
    },
    {
      name: 'a client over TCP',
      bytes: hex('000e3868b6c4552e616b5d0000000000'),
      sport: 46670,
      dport: 1194,
      is: 'certain asks',
    },
    {
      name: 'the server over TCP',
      bytes: hex('001a4097e89f8360b5dd46010000000068b6c4552e616b5d00000000'),
      sport: 1194,
      dport: 46670,
      is: 'certain answers',
    },
    {
      name: 'a client with a key of its own',
      transport: 17,
      dport: 1194,
      length: 400,
      bytes: join(u8(0x50), hex('31a2d2c74d0739b5'), u32(0x0f000001, 0x6b02f9b2), zeros(60)),
      is: 'certain asks',
    },
    {
      name: 'packet number 1 in a reset',
      transport: 17,
      dport: 1194,
      bytes: join(u8(0x38), hex('31a2d2c74d0739b5'), u8(0), u32(1)),
      is: 'no',
    },
    {
      name: 'a replay number without a time',
      transport: 17,
      dport: 1194,
      bytes: join(u8(0x38), hex('31a2d2c74d0739b5'), u32(1, 0), zeros(40)),
      is: 'no',
    },
    {
      name: 'a text that begins with an eight',
      transport: 17,
      dport: 1194,
      bytes: '8 o’clock, and all is well in the harbour town tonight',
      is: 'no',
    },
    {
      name: 'a length over TCP that does not fit',
      dport: 1194,
      bytes: join(hex('000f 38 31a2d2c74d0739b5 00 00000000')),
      is: 'no',
    },
  ]);
});
