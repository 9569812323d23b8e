/** Composed by RFC 1058, RFC 2453 and RFC 2080. */
import { describe } from 'vitest';
import { hex, ip4, ip6, join, u8, u16, u32, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { RIP } from './rip.ts';

const route = (metric: number) =>
  join(u16(2, 0), ip4('192.0.2.0'), ip4('255.255.255.0'), u32(0, metric));

describe('rip', () => {
  testDetector(RIP, [
    {
      name: 'the whole table is asked for',
      transport: 17,
      sport: 520,
      dport: 520,
      bytes: join(hex('01 02 0000'), zeros(16), u32(16)),
      is: 'certain asks',
      facts: ['version = 2'],
    },
    {
      name: 'two routes',
      transport: 17,
      sport: 520,
      dport: 520,
      bytes: join(hex('02 02 0000'), route(1), route(16)),
      is: 'certain',
      facts: ['version = 2'],
    },
    {
      name: 'routes with a password',
      transport: 17,
      sport: 520,
      dport: 520,
      bytes: join(hex('02 02 0000 ffff 0002'), zeros(16), route(2)),
      is: 'certain',
      facts: ['version = 2'],
    },
    {
      name: 'version 1',
      transport: 17,
      sport: 520,
      dport: 520,
      bytes: join(hex('02 01 0000 0002 0000'), ip4('192.0.2.0'), zeros(8), u32(3)),
      is: 'certain',
      facts: ['version = 1'],
    },
    {
      name: 'routes of IPv6',
      transport: 17,
      sport: 521,
      dport: 521,
      bytes: join(hex('02 01 0000'), ip6('2001:db8::'), u16(0), u8(32, 1)),
      is: 'certain',
      facts: ['version = RIPng'],
    },
    {
      name: 'a metric of 17',
      transport: 17,
      sport: 520,
      dport: 520,
      bytes: join(hex('02 02 0000'), route(17)),
      is: 'no',
    },
    {
      name: 'half a route',
      transport: 17,
      sport: 520,
      dport: 520,
      bytes: join(hex('02 02 0000'), route(1), zeros(10)),
      is: 'no',
    },
    {
      name: 'version 1 with a mask',
      transport: 17,
      sport: 520,
      dport: 520,
      bytes: join(hex('02 01 0000'), route(1)),
      is: 'no',
    },
  ]);
});
