/** Fixtures from nmbd and nmblookup 4.17 (Debian 12), and composed by RFC 1002 section 4.2. */
import { describe } from 'vitest';
import { hex, join, u8, u16, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { NETBIOS_NAME } from './netbios-ns.ts';

/** FILESRV, padded with blanks, of suffix 20. */
const NAME = hex('20 4547454a454d45464644464346474341434143414341434143414341434143 41 00');

describe('netbios-ns', () => {
  testDetector(NETBIOS_NAME, [
    {
      name: 'a host registers its name',
      bytes: hex(`
      4e0d29100001000000000001204547454a454d45464644464346474341434143414341434143414341434143
      410000200001c00c002000010000000000060000c0a83201
    `),
      transport: 17,
      sport: 137,
      dport: 137,
      is: 'certain asks',
      facts: ['netbios FILESRV<20> of 192.168.50.1'],
    },
    {
      name: 'a host joins a group',
      bytes: hex(`
      4e102910000100000000000120455045474547454a4544454643414341434143414341434143414341434141
      410000200001c00c002000010000000000068000c0a83201
    `),
      transport: 17,
      sport: 137,
      dport: 137,
      is: 'certain asks',
      facts: ['netbios-group OFFICE<00> of 192.168.50.1'],
    },
    {
      name: 'looking for the master browser',
      bytes: hex(`
      4e130110000100000000000020455045474547454a4544454643414341434143414341434143414341434142
      4e0000200001
    `),
      transport: 17,
      sport: 137,
      dport: 137,
      is: 'certain asks',
    },
    {
      name: 'the answer to a look-up',
      bytes: hex(`
      3de385800000000100000000204547454a454d45464644464346474341434143414341434143414341434141
      4100002000010003f48000060000c0a83201
    `),
      transport: 17,
      sport: 137,
      dport: 37006,
      is: 'certain answers',
      facts: ['netbios FILESRV<00> of 192.168.50.1'],
    },
    {
      name: 'asking for node status',
      bytes: hex(`
      04eb0000000100000000000020434b4141414141414141414141414141414141414141414141414141414141
      410000210001
    `),
      transport: 17,
      sport: 46483,
      dport: 137,
      is: 'certain asks',
    },
    {
      name: 'node status',
      bytes: hex(`
      04eb8400000000010000000020434b4141414141414141414141414141414141414141414141414141414141
      4100002100010000000000890546494c45535256202020202020202000040046494c45535256202020202020
      202003040046494c4553525620202020202020202004004f46464943452020202020202020200084004f4646
      4943452020202020202020201e84000000000000000000000000000000000000000000000000000000000000
      0000000000000000000000000000000000
    `),
      transport: 17,
      sport: 137,
      dport: 46483,
      is: 'certain answers',
      facts: [
        'netbios FILESRV<00> of source',
        'netbios FILESRV<03> of source',
        'netbios FILESRV<20> of source',
        'netbios-group OFFICE<00> of source',
        'netbios-group OFFICE<1e> of source',
      ],
    },
    {
      name: 'looking for a host',
      bytes: hex(`
      70cd0110000100000000000020454f4550464446464544454943414341434143414341434143414341434141
      410000200001
    `),
      transport: 17,
      sport: 58746,
      dport: 137,
      is: 'certain asks',
    },
    {
      name: 'a negative answer',
      transport: 17,
      sport: 137,
      bytes: join(u16(0x70cd, 0x8583, 0, 1, 0, 0), NAME, u16(10, 1, 0, 0, 0)),
      is: 'certain answers',
    },
    {
      name: 'a name with a letter beyond P',
      transport: 17,
      dport: 137,
      bytes: join(u16(0x70cd, 0x0110, 1, 0, 0, 0), u8(32), 'Z'.repeat(32), u8(0), u16(0x20, 1)),
      is: 'no',
    },
    {
      name: 'a name of DNS',
      transport: 17,
      dport: 137,
      bytes: join(u16(0x70cd, 0x0100, 1, 0, 0, 0), u8(32), 'a'.repeat(32), u8(0), u16(1, 1)),
      is: 'no',
    },
    {
      name: 'two questions',
      transport: 17,
      dport: 137,
      bytes: join(u16(0x70cd, 0x0110, 2, 0, 0, 0), NAME, u16(0x20, 1), NAME, u16(0x20, 1)),
      is: 'no',
    },
    { name: 'zeros', transport: 17, dport: 137, bytes: zeros(50), is: 'no' },
  ]);
});
