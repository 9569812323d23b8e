/** Fixtures from zabbix-agent 6.0 (Debian 12), and composed by its manual. */
import { describe } from 'vitest';
import { hex, join, u8, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { ZABBIX } from './zabbix.ts';

describe('zabbix', () => {
  testDetector(ZABBIX, [
    {
      name: 'an agent is asked',
      bytes: hex('5a425844010a000000000000006167656e742e70696e67'),
      sport: 51330,
      dport: 10050,
      is: 'certain',
    },
    {
      name: 'and answers',
      bytes: hex('5a42584401010000000000000031'),
      sport: 10050,
      dport: 51330,
      is: 'certain',
    },
    {
      name: 'an agent calls its server',
      dport: 10051,
      bytes: join('ZBXD', u8(1), hex('1e00000000000000'), '{"request":"active checks"}    '),
      is: 'certain asks',
    },
    {
      name: 'the server answers',
      sport: 10051,
      bytes: join('ZBXD', u8(1), hex('1400000000000000'), '{"response":"failed"}'),
      is: 'certain answers',
    },
    {
      name: 'compressed',
      dport: 10051,
      bytes: join('ZBXD', u8(3), hex('1400000000000000 789c')),
      is: 'certain',
    },
    { name: 'flag 0', dport: 10051, bytes: join('ZBXD', u8(0), zeros(8)), is: 'no' },
    { name: 'three letters of it', dport: 10051, bytes: 'ZBX is not enough', is: 'no' },
  ]);
});
