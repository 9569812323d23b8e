/** Fixtures from nmbd 4.17 (Debian 12), and composed by RFC 1002 section 4.4. */
import { describe } from 'vitest';
import { hex, ip4, join, u8, u16, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { NETBIOS_DATAGRAM } from './netbios-dgm.ts';

const NAME = hex('20 4547454a454d45464644464346474341434143414341434143414341434143 41 00');

describe('netbios-dgm', () => {
  testDetector(NETBIOS_DATAGRAM, [
    {
      name: 'a host announces itself',
      bytes: hex(`
      110a4e12c0a83201008a00ca0000204547454a454d4546464446434647434143414341434143414341434143
      4141410020455045474547454a45444546434143414341434143414341434143414341424e00ff534d422500
      0000000000000000000000000000000000000000000000000000110000300000000000000000000000000000
      000000000030005600030001000100020041005c4d41494c534c4f545c42524f57534500010060ea00004649
      4c455352560000000000000000000601039a81000f0155aa6c61622066696c652073657276657200
    `),
      transport: 17,
      sport: 138,
      dport: 138,
      is: 'certain',
      facts: ['netbios FILESRV<00> of 192.168.50.1', 'version = 6.1'],
    },
    {
      name: 'an election',
      bytes: hex(`
      110a4e14c0a83201008a00b00000204547454a454d4546464446434647434143414341434143414341434143
      4141410020455045474547454a45444546434143414341434143414341434143414341424f00ff534d422500
      0000000000000000000000000000000000000000000000000000110000160000000000000000000000000000
      000000000016005600030001000100020027005c4d41494c534c4f545c42524f5753450008010a0f01147017
      00000000000046494c4553525600
    `),
      transport: 17,
      sport: 138,
      dport: 138,
      is: 'certain',
      facts: ['netbios FILESRV<00> of 192.168.50.1'],
    },
    {
      name: 'a broadcast with nothing in it',
      transport: 17,
      sport: 138,
      dport: 138,
      bytes: join(u8(0x12, 0x0a), u16(7), ip4('192.168.50.1'), u16(138, 68, 0), NAME, NAME),
      is: 'certain',
      facts: ['netbios FILESRV<20> of 192.168.50.1'],
    },
    {
      name: 'an error',
      transport: 17,
      sport: 138,
      dport: 138,
      bytes: join(u8(0x13, 0x02), u16(7), ip4('192.168.50.1'), u16(138), u8(0x82)),
      is: 'likely',
    },
    {
      name: 'a query of a distribution server',
      transport: 17,
      sport: 138,
      dport: 138,
      bytes: join(u8(0x14, 0x02), u16(7), ip4('192.168.50.1'), u16(138), NAME),
      is: 'certain',
    },
    {
      name: 'reserved flags',
      transport: 17,
      dport: 138,
      bytes: join(u8(0x11, 0xf0), u16(7), ip4('192.168.50.1'), u16(138, 68, 0), NAME, NAME),
      is: 'no',
    },
    {
      name: 'a length that does not fit',
      transport: 17,
      dport: 138,
      bytes: join(u8(0x11, 0x0a), u16(7), ip4('192.168.50.1'), u16(138, 500, 0), NAME, NAME),
      is: 'no',
    },
    {
      name: 'no names',
      transport: 17,
      dport: 138,
      bytes: join(u8(0x11, 0x0a), u16(7), ip4('192.168.50.1'), u16(138, 68, 0), zeros(68)),
      is: 'no',
    },
  ]);
});
