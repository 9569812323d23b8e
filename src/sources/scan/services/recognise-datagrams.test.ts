/** What services over UDP answer. */
import { describe } from 'vitest';
import { type Answer, testAnswers } from '../../../../test/builders/service-answers.ts';
import { QUERIES } from './list.ts';
import { hex, join, octetsOf } from './octets.ts';

const ANSWERS: readonly Answer[] = [
  [
    'BIND',
    53,
    join(
      hex('7072 8500 0001 0001 0000 0000 07'),
      octetsOf('version\x04bind\0'),
      hex('0010 0003 c00c 0010 0003 00000000 000a 09'),
      octetsOf('9.18.24-1'),
    ),
    { name: 'domain', product: 'BIND', version: '9.18.24-1' },
  ],
  ['a name server that refuses', 53, hex('7072 8185 0001 0000 0000 0000 00'), { name: 'domain' }],
  [
    'SQL Server Browser',
    1434,
    join(
      hex('05 5500'),
      octetsOf(
        'ServerName;SQL1;InstanceName;MSSQLSERVER;IsClustered;No;Version;15.0.2000.5;tcp;1433;;',
      ),
    ),
    {
      name: 'ms-sql-browser',
      product: 'Microsoft SQL Server Browser',
      version: '15.0.2000.5',
    },
  ],
  [
    'a UPnP router',
    1900,
    octetsOf(
      'HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nSERVER: Linux/4.4 UPnP/1.1 MiniUPnPd/2.1\r\n\r\n',
    ),
    { name: 'ssdp', product: 'Linux/4.4 UPnP/1.1 MiniUPnPd/2.1' },
  ],
  [
    'QUIC',
    443,
    hex('80 00000000 08 7072747265657665 08 7072747265657665 00000001 6b3343cf'),
    { name: 'quic' },
  ],
  [
    'IKEv2',
    500,
    join(
      octetsOf('prtreeve'),
      hex('0102030405060708 21 20 22 20 00000000 00000024'),
      new Uint8Array(8),
    ),
    {
      name: 'ike',
      extra: 'version 2',
    },
  ],
  ['TFTP', 69, octetsOf('\0\x05\0\x01File not found\0'), { name: 'tftp' }],
  [
    'an OpenVPN server',
    1194,
    hex('40 0102030405060708 01 00000000 7072747265657665 00000000'),
    { name: 'openvpn', product: 'OpenVPN' },
  ],
  [
    'IPMI',
    623,
    hex('0600ff07 00 00000000 00000000 10 8118 63 2000 38 00 01 80 04 03 00 00'),
    { name: 'ipmi', product: 'IPMI over LAN' },
  ],
];

describe('answers of datagrams', () => testAnswers(QUERIES, ANSWERS));
