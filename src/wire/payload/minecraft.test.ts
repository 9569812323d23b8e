/** Composed by the protocol’s description at wiki.vg. */
import { describe } from 'vitest';
import { hex, join, u8, u16, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { MINECRAFT } from './minecraft.ts';

const STATUS = '{"version":{"name":"1.20.4","protocol":765},"players":{"max":20}}';

describe('minecraft', () => {
  testDetector(MINECRAFT, [
    {
      name: 'a client asks for the status',
      dport: 25565,
      bytes: join(u8(16, 0, 0xfb, 0x05, 9), 'play.test', u16(25565), u8(1)),
      is: 'certain asks',
      facts: ['minecraft play.test of destination'],
    },
    {
      name: 'with the request behind it',
      dport: 25565,
      bytes: join(u8(16, 0, 0xfb, 0x05, 9), 'play.test', u16(25565), u8(1, 1, 0)),
      is: 'certain asks',
      facts: ['minecraft play.test of destination'],
    },
    {
      name: 'the status',
      sport: 25565,
      bytes: join(u8(STATUS.length + 2, 0, STATUS.length), STATUS),
      is: 'certain answers',
      facts: ['version = 1.20.4'],
    },
    {
      name: 'an address in place of a name',
      dport: 25565,
      bytes: join(u8(19, 0, 0xfb, 0x05, 12), '192.168.50.9', u16(25565), u8(2)),
      is: 'certain asks',
    },
    {
      name: 'a client of old',
      dport: 25565,
      bytes: hex('fe 01 fa 000b 004d0043007c00500069006e00670048006f00730074'),
      is: 'certain asks',
    },
    {
      name: 'state 9',
      dport: 25565,
      bytes: join(u8(16, 0, 0xfb, 0x05, 9), 'play.test', u16(25565), u8(9)),
      is: 'no',
    },
    {
      name: 'a length that does not fit',
      dport: 25565,
      bytes: join(u8(17, 0, 0xfb, 0x05, 9), 'play.test', u16(25565), u8(1)),
      is: 'no',
    },
    { name: 'zeros', dport: 25565, bytes: zeros(20), is: 'no' },
    { name: 'a name of a bracket', bytes: hex('07 00 00 01 5b 000f 02'), is: 'no' },
    { name: 'a server at port 0', bytes: hex('07 00 00 01 6a 0000 01'), is: 'no' },
  ]);
});
