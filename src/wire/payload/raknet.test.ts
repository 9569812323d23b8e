/** Composed by RakNet’s published source. */
import { describe } from 'vitest';
import { hex, join, u8, u16, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { RAKNET } from './raknet.ts';

const MAGIC = hex('00ffff00 fefefefe fdfdfdfd 12345678');
const PONG = 'MCPE;Lab;589;1.20.1;0;10;123;Bedrock level;Survival;1;';

describe('raknet', () => {
  testDetector(RAKNET, [
    {
      name: 'a ping',
      transport: 17,
      dport: 19132,
      bytes: join(u8(1), zeros(8), MAGIC, zeros(8)),
      is: 'certain asks',
    },
    {
      name: 'a pong',
      transport: 17,
      sport: 19132,
      bytes: join(u8(0x1c), zeros(16), MAGIC, u16(PONG.length), PONG),
      is: 'certain answers',
      facts: ['product = MCPE', 'title = Lab', 'version = 1.20.1'],
    },
    {
      name: 'a connection is asked for',
      transport: 17,
      dport: 19132,
      bytes: join(u8(5), MAGIC, u8(11), zeros(500)),
      is: 'certain asks',
    },
    {
      name: 'and granted',
      transport: 17,
      sport: 19132,
      bytes: join(u8(6), MAGIC, zeros(11)),
      is: 'certain answers',
    },
    { name: 'other octets', transport: 17, dport: 19132, bytes: join(u8(1), zeros(32)), is: 'no' },
    {
      name: 'one octet differs',
      transport: 17,
      dport: 19132,
      bytes: join(u8(5), MAGIC.slice(0, 15), u8(0)),
      is: 'no',
    },
  ]);
});
