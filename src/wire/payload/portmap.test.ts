/** Fixtures from rpcbind 1.2.6 and rpcinfo (Debian 12), and composed by RFC 1833. */
import { describe } from 'vitest';
import { hex, join, u32, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { PORTMAP } from './portmap.ts';

describe('portmap', () => {
  testDetector(PORTMAP, [
    {
      name: 'asking for an address over TCP',
      bytes: hex(`
      8000005c35b8ef000000000000000002000186a0000000040000000300000000000000000000000000000000
      000186a0000000020000000374637000000000123139322e3136382e35302e312e302e313131000000000008
      6c69627469727063
    `),
      sport: 890,
      dport: 111,
      is: 'certain asks',
      facts: ['version = 4'],
    },
    {
      name: 'its own address is no news',
      bytes: hex(`
      8000003035b8ef000000000100000000000000000000000000000000000000123139322e3136382e35302e31
      2e302e3131310000
    `),
      sport: 111,
      dport: 890,
      fromServer: true,
      is: 'likely answers',
    },
    {
      name: 'asking for the list',
      bytes: hex(`
      8000002835b8e39e0000000000000002000186a0000000020000000400000000000000000000000000000000
    `),
      sport: 891,
      dport: 111,
      is: 'certain asks',
      facts: ['version = 2'],
    },
    {
      name: 'a list of itself',
      bytes: hex(`
      8000009435b8e39e000000010000000000000000000000000000000000000001000186a00000000400000006
      0000006f00000001000186a000000003000000060000006f00000001000186a000000002000000060000006f
      00000001000186a000000004000000110000006f00000001000186a000000003000000110000006f00000001
      000186a000000002000000110000006f00000000
    `),
      sport: 111,
      dport: 891,
      fromServer: true,
      is: 'likely answers',
    },
    {
      name: 'asking for a program over UDP',
      bytes: hex(`
      6b0e97300000000000000002000186a0000000040000000300000000000000000000000000000000000186a5
      000000030000000375647000000000123139322e3136382e35302e312e302e3131310000000000086c696274
      69727063
    `),
      transport: 17,
      sport: 897,
      dport: 111,
      is: 'certain asks',
      facts: ['version = 4'],
    },
    {
      name: 'which is not registered',
      bytes: hex('6b0e9730000000010000000000000000000000000000000000000000'),
      transport: 17,
      sport: 111,
      dport: 897,
      fromServer: true,
      is: 'likely answers',
    },
    {
      name: 'the port of a program',
      transport: 17,
      sport: 111,
      bytes: join(u32(7, 1, 0, 0, 0, 0, 635)),
      is: 'likely answers',
      facts: ['expect onc-rpc at source 635'],
    },
    {
      name: 'an address in text',
      transport: 17,
      sport: 111,
      bytes: join(u32(7, 1, 0, 0, 0, 0, 17), '192.168.50.1.8.1 ', zeros(3)),
      is: 'likely answers',
    },
    {
      name: 'an address in text that ends in a port',
      transport: 17,
      sport: 111,
      bytes: join(u32(7, 1, 0, 0, 0, 0, 16), '192.168.50.1.8.1'),
      is: 'likely answers',
      facts: ['expect onc-rpc at source 2049'],
    },
    {
      name: 'a list with NFS and mount',
      transport: 17,
      sport: 111,
      bytes: u32(7, 1, 0, 0, 0, 0, 1, 100003, 3, 6, 2049, 1, 100005, 3, 17, 892, 0),
      is: 'likely answers',
      facts: [
        'expect nfs at source 2049',
        'expect onc-rpc at source 892',
        'program = mountd on 892',
      ],
    },
    {
      name: 'a list that goes on behind the capture',
      transport: 17,
      sport: 111,
      length: 400,
      bytes: u32(7, 1, 0, 0, 0, 0, 1, 100005, 3, 17, 892, 1, 100021),
      is: 'likely answers',
      facts: ['expect onc-rpc at source 892', 'program = mountd on 892'],
    },
    {
      name: 'a reply from another port',
      transport: 17,
      sport: 892,
      bytes: u32(7, 1, 0, 0, 0, 0),
      is: 'no',
    },
    {
      name: 'a call of another program',
      transport: 17,
      dport: 111,
      bytes: u32(7, 0, 2, 100005, 3, 0, 0, 0, 0, 0),
      is: 'no',
    },
    {
      name: 'a call of another version of RPC',
      transport: 17,
      dport: 111,
      bytes: u32(7, 0, 3, 100000, 2, 3, 0, 0, 0, 0),
      is: 'no',
    },
  ]);
});
