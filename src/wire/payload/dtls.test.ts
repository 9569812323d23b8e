/** Fixtures from OpenSSL 3.0 and GnuTLS 3.7 (Debian 12), and composed by RFC 6347 and RFC 9147. */
import { describe } from 'vitest';
import { hex, join, u8, u16, u24, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { DTLS } from './dtls.ts';

const record = (type: number, epoch: number, body: Uint8Array, version = 0xfefd): Uint8Array =>
  join(u8(type), u16(version, epoch), zeros(6), u16(body.length), body);
/** A message, or a fragment of it that begins at `offset`. */
const message = (type: number, body: Uint8Array, offset = 0, whole = body.length): Uint8Array =>
  join(u8(type), u24(whole), u16(0), u24(offset), u24(body.length), body);
const hello13 = join(u16(0xfefd), zeros(32), hex('00 1301 00 0006'), hex('002b 0002 fefc'));

describe('dtls', () => {
  testDetector(DTLS, [
    {
      name: 'a client hello with a name',
      bytes: hex(`
        16feff000000000000000000d8010000cc00000000000000ccfefda155a7165d0131e547a1665e18b701
        9343e69b74e5f0cde78d654e41b17fa65500000038c02cc030009fcca9cca8ccaac02bc02f009ec024c0
        28006bc023c0270067c00ac0140039c009c0130033009d009c003d003c0035002f00ff0100006a000000
        14001200000f76706e2e6578616d706c652e6f7267000b000403000102000a000c000a001d0017001e00
        190018002300000016000000170000000d002a0028040305030603080708080809080a080b0804080508
        06040105010601030303010302040205020602
      `),
      transport: 17,
      sport: 40_000,
      dport: 4433,
      is: 'certain asks',
      facts: ['sni vpn.example.org of destination'],
    },
    {
      name: 'a cookie',
      bytes: hex(`
        16feff00000000000000000023030000170000000000000017feff14338ead828a53fd83a0d9c852c015
        bd577312049e
      `),
      transport: 17,
      sport: 4433,
      dport: 40_000,
      fromServer: true,
      is: 'certain answers',
    },
    {
      name: 'a client hello with a cookie',
      bytes: hex(`
        16feff000000000000000100ec010000e000010000000000e0fefda155a7165d0131e547a1665e18b701
        9343e69b74e5f0cde78d654e41b17fa6550014338ead828a53fd83a0d9c852c015bd577312049e0038c0
        2cc030009fcca9cca8ccaac02bc02f009ec024c028006bc023c0270067c00ac0140039c009c013003300
        9d009c003d003c0035002f00ff0100006a00000014001200000f76706e2e6578616d706c652e6f726700
        0b000403000102000a000c000a001d0017001e00190018002300000016000000170000000d002a002804
        0305030603080708080809080a080b080408050806040105010601030303010302040205020602
      `),
      transport: 17,
      sport: 40_000,
      dport: 4433,
      is: 'certain asks',
      facts: ['sni vpn.example.org of destination'],
    },
    {
      name: 'a server hello, and the first fragment of a certificate',
      bytes: hex(`
        16fefd000000000000000100490200003d000100000000003dfefd0e84f424baced1aff98520bc75464a
        92d3dc0073cf2c6c8a62e99f0f9caf145900c030000015ff01000100000b000403000102002300000017
        000016fefd000000000000000200810b00033b00020000000000750003380003353082033130820219a0
        03020102021416f5611fbc5f647836056e5fa5a021bd658f64f8300d06092a864886f70d01010b050030
        1a3118301606035504030c0f76706e2e6578616d706c652e6f7267301e170d3236313132333038323330
        345a170d3236313232333038323330345a30
      `),
      transport: 17,
      sport: 4433,
      dport: 40_000,
      fromServer: true,
      is: 'certain answers',
      facts: ['version = DTLS 1.2'],
    },
    {
      name: 'a server hello of DTLS 1.0',
      bytes: hex(`
        16feff0000000000000001004d020000410001000000000041feff94617c431cf57ddef2bf7f30b8b908
        fee416cceccdf78258f14b8a4850b61ce300c014000019ff01000100000b000403000102002300000016
        00000017000016feff0000000000000002007d0b00033b00020000000000710003380003353082033130
        820219a003020102021416f5611fbc5f647836056e5fa5a021bd658f64f8300d06092a864886f70d0101
        0b0500301a3118301606035504030c0f76706e2e6578616d706c652e6f7267301e170d32363131323330
        38323330345a170d32363132323330383233
      `),
      transport: 17,
      sport: 7777,
      dport: 40_000,
      fromServer: true,
      is: 'certain answers',
      facts: ['version = DTLS 1.0'],
    },
    {
      name: 'a server hello of GnuTLS',
      bytes: hex(`
        16fefd0000000000000001006d020000610001000000000061fefd82ca087a7c63b5cc9420fbd5fda5e5
        b25f9502b20f6a78179e3b65caea46bcfa2032c25e4206acc44c2e0959e30d387ee8c6c37e36756caef2
        cc59a4aa589030c9c030000019000b000201000017000000230000ff01000100001c00024000
      `),
      transport: 17,
      sport: 5684,
      dport: 40_000,
      fromServer: true,
      is: 'certain answers',
      facts: ['version = DTLS 1.2'],
    },
    {
      name: 'encrypted data',
      bytes: hex(`
        17fefd0001000000000001001e0001000000000001ea95090029ee1ddb7bfc03d978e8e66dcd661e6f34
        ec
      `),
      transport: 17,
      sport: 40_000,
      dport: 5684,
      is: 'certain',
    },
    {
      name: 'an encrypted alert',
      bytes: hex(`
        15fefd0001000000000001001a10324ce6cc2790983a23d9ad921194d582b46a75b7e89544461a
      `),
      transport: 17,
      sport: 4433,
      dport: 40_000,
      fromServer: true,
      is: 'certain',
    },
    {
      name: 'a server hello of DTLS 1.3',
      bytes: record(22, 0, message(2, hello13)),
      transport: 17,
      fromServer: true,
      is: 'certain answers',
      facts: ['version = DTLS 1.3'],
    },
    {
      name: 'the first fragment of a server hello of DTLS 1.3',
      bytes: record(22, 0, message(2, hello13.slice(0, -6), 0, hello13.length)),
      transport: 17,
      fromServer: true,
      is: 'certain answers',
      facts: [],
    },
    {
      name: 'a later fragment of a hello',
      bytes: record(22, 0, message(1, zeros(80), 120, 200)),
      transport: 17,
      is: 'certain asks',
    },
    { name: 'an alert in clear', bytes: record(21, 0, u8(2, 40)), transport: 17, is: 'likely' },
    {
      name: 'octets behind the last record',
      bytes: join(record(23, 1, zeros(40)), zeros(20)),
      transport: 17,
      is: 'no',
    },
    {
      name: 'a record longer than its datagram',
      bytes: record(23, 1, zeros(40)).slice(0, -1),
      transport: 17,
      is: 'no',
    },
    { name: 'data without keys', bytes: record(23, 0, zeros(40)), transport: 17, is: 'no' },
    {
      name: 'a version of TLS',
      bytes: record(22, 0, message(2, hello13), 0x0303),
      transport: 17,
      is: 'no',
    },
    {
      name: 'a fragment beyond its message',
      bytes: record(22, 0, message(11, zeros(80), 121, 200)),
      transport: 17,
      is: 'no',
    },
  ]);
});
