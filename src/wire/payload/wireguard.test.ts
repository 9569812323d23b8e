/** Composed by the paper on WireGuard, section 5.4. */
import { describe } from 'vitest';
import { hex, join, u8, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { WIREGUARD } from './wireguard.ts';

/** Octets as even as those of keys. */
const KEY = Uint8Array.from({ length: 144 }, (_, index) => (index * 167 + 13) & 255);

describe('wireguard', () => {
  testDetector(WIREGUARD, [
    {
      name: 'the first message',
      transport: 17,
      sport: 51820,
      dport: 51820,
      bytes: join(u8(1, 0, 0, 0), KEY.slice(0, 128), zeros(16)),
      is: 'certain asks',
    },
    {
      name: 'the second',
      transport: 17,
      sport: 51820,
      dport: 51820,
      bytes: join(u8(2, 0, 0, 0), KEY.slice(0, 72), zeros(16)),
      is: 'certain answers',
    },
    {
      name: 'the first message to a server under load',
      transport: 17,
      bytes: join(u8(1, 0, 0, 0), KEY.slice(0, 144)),
      is: 'likely asks',
    },
    {
      name: 'a cookie',
      transport: 17,
      bytes: join(u8(3, 0, 0, 0), KEY.slice(0, 60)),
      is: 'likely',
    },
    {
      name: 'a keep-alive',
      transport: 17,
      bytes: join(u8(4, 0, 0, 0), KEY.slice(0, 4), u8(9), zeros(7), KEY.slice(0, 16)),
      is: 'likely',
    },
    {
      name: 'a first message of 147 octets',
      transport: 17,
      bytes: join(u8(1, 0, 0, 0), KEY.slice(0, 127), zeros(16)),
      is: 'no',
    },
    {
      name: 'reserved octets in use',
      transport: 17,
      bytes: join(u8(1, 0, 0, 7), KEY.slice(0, 128), zeros(16)),
      is: 'no',
    },
    {
      name: 'data of no multiple of 16',
      transport: 17,
      bytes: join(u8(4, 0, 0, 0), KEY.slice(0, 4), u8(9), zeros(7), KEY.slice(0, 17)),
      is: 'no',
    },
    {
      name: 'data with a counter beyond belief',
      transport: 17,
      bytes: join(u8(4, 0, 0, 0), KEY.slice(0, 44)),
      is: 'no',
    },
    {
      name: 'numbers of the same length',
      transport: 17,
      bytes: join(hex('02000000'), zeros(88)),
      is: 'no',
    },
  ]);
});
