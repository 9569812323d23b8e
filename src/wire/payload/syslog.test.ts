/** Fixtures from logger 2.38 (Debian 12), and composed by RFC 3164, RFC 5424 and RFC 6587. */
import { describe } from 'vitest';
import { hex, join, u8 } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { SYSLOG } from './syslog.ts';

describe('syslog', () => {
  testDetector(SYSLOG, [
    {
      name: 'the old form',
      bytes: hex(`
      3c33363e4e6f762032322031343a31313a333420766d20737368643a204661696c65642070617373776f7264
      20666f7220696e76616c69642075736572
    `),
      transport: 17,
      sport: 46062,
      dport: 514,
      is: 'certain asks',
      facts: ['format = RFC 3164', 'syslog vm of source'],
    },
    {
      name: 'the new form',
      bytes: hex(`
      3c33303e3120323032362d31312d32325431343a31313a33342e3536303939302b30303a303020766d206372
      6f6e202d202d205b74696d655175616c69747920747a4b6e6f776e3d22312220697353796e6365643d223122
      2073796e6341636375726163793d22323230353136225d206a6f6220646f6e65
    `),
      transport: 17,
      sport: 40419,
      dport: 514,
      is: 'certain asks',
      facts: ['format = RFC 5424', 'syslog vm of source'],
    },
    {
      name: 'a counted message over TCP',
      bytes: hex(`
      313230203c33303e3120323032362d31312d32325431343a31313a33342e3538353938392b30303a30302076
      6d20726f6f74202d202d205b74696d655175616c69747920747a4b6e6f776e3d22312220697353796e636564
      3d2231222073796e6341636375726163793d22323230353136225d206f76657220746370
    `),
      sport: 49524,
      dport: 514,
      is: 'certain asks',
      facts: ['format = RFC 5424', 'syslog vm of source'],
    },
    {
      name: 'a line over TCP',
      bytes: hex(`
      3c33303e4e6f762032322031343a31313a333420766d20726f6f743a206f76657220746370206f6c640a
    `),
      sport: 49534,
      dport: 514,
      is: 'certain asks',
      facts: ['format = RFC 3164', 'syslog vm of source'],
    },
    {
      name: 'a router without a host in it',
      transport: 17,
      dport: 514,
      bytes: '<189>29: *Mar  1 01:11:12.123: %SYS-5-CONFIG_I: Configured from console',
      is: 'likely asks',
    },
    {
      name: 'a program without a host in it',
      transport: 17,
      dport: 514,
      bytes: '<13>Oct  9 22:14:15 cron[17]: job',
      is: 'certain asks',
      facts: ['format = RFC 3164'],
    },
    {
      name: 'no host known',
      transport: 17,
      dport: 514,
      bytes: '<13>1 - - - - - -',
      is: 'certain asks',
      facts: ['format = RFC 5424'],
    },
    {
      name: 'a priority of 192',
      transport: 17,
      dport: 514,
      bytes: '<192>Oct  9 22:14:15 host su: no',
      is: 'no',
    },
    {
      name: 'a priority that begins with zero',
      transport: 17,
      dport: 514,
      bytes: '<013>Oct  9 22:14:15 host su: no',
      is: 'no',
    },
    { name: 'a tag of HTML', dport: 514, bytes: '<h1>Oct  9 22:14:15 host su: no', is: 'no' },
    {
      name: 'octets that are no text',
      transport: 17,
      dport: 514,
      bytes: join('<13>', u8(0, 1, 2, 3, 4)),
      is: 'no',
    },
  ]);
});
