/** Composed by the CIP Networks Library, volume 2, chapter 2. */
import { describe } from 'vitest';
import { hex, join, little, u8, u16, u32, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { ETHERNET_IP } from './ethernet-ip.ts';

/** Command and length, session; status, context and options zero. */
const header = (command: number, length: number, session = 0) =>
  join(little(u16(command)), little(u16(length)), u32(session), zeros(16));
const NAME = '1756-L61/B LOGIX5561';
const IDENTITY = join(
  hex('0100 0c00 3a00 0100 0002 af12 c0a83209 0000000000000000 0100 0e00 3600 140b 6031 13e44500'),
  u8(NAME.length),
  NAME,
  u8(0xff),
);

describe('ethernet-ip', () => {
  testDetector(ETHERNET_IP, [
    {
      name: 'who is there',
      transport: 17,
      dport: 44818,
      bytes: header(0x63, 0),
      is: 'likely asks',
    },
    {
      name: 'an identity',
      transport: 17,
      sport: 44818,
      bytes: join(header(0x63, IDENTITY.length), IDENTITY),
      is: 'certain answers',
      facts: ['vendor = 1', 'version = 20.11', 'product = 1756-L61/B LOGIX5561'],
    },
    {
      name: 'a session is asked for',
      dport: 44818,
      bytes: join(header(0x65, 4), hex('0100 0000')),
      is: 'certain asks',
    },
    {
      name: 'and given',
      sport: 44818,
      bytes: join(header(0x65, 4, 0x12345678), hex('0100 0000')),
      is: 'certain answers',
    },
    {
      name: 'a request of CIP',
      dport: 44818,
      bytes: join(header(0x6f, 16, 0x12345678), hex('00000000 0a00 0200 0000 0000 b200 0000')),
      is: 'certain',
    },
    {
      name: 'the session ends',
      dport: 44818,
      bytes: header(0x66, 0, 0x12345678),
      is: 'likely asks',
    },
    {
      name: 'options in use',
      dport: 44818,
      bytes: join(header(0x65, 4).slice(0, 20), u32(1), hex('0100 0000')),
      is: 'no',
    },
    { name: 'version 2', dport: 44818, bytes: join(header(0x65, 4), hex('0200 0000')), is: 'no' },
    {
      name: 'a request without a session',
      dport: 44818,
      bytes: join(header(0x6f, 16), zeros(16)),
      is: 'no',
    },
    {
      name: 'an unknown status',
      dport: 44818,
      bytes: join(hex('6500 0400 00000000 77000000'), zeros(12), hex('0100 0000')),
      is: 'no',
    },
  ]);
});
