/** What servers of shells, files, mail, screens and the web answer; and what holds of all answers. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Answer, testAnswers } from '../../../../test/builders/service-answers.ts';
import { recognise } from './identify.ts';
import { QUERIES, STREAMS } from './list.ts';
import { hex, join, octetsOf } from './octets.ts';

const http = (head: string, body = ''): Uint8Array => octetsOf(`HTTP/1.1 ${head}\r\n\r\n${body}`);

const ANSWERS: readonly Answer[] = [
  [
    'OpenSSH of Debian',
    22,
    octetsOf('SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n'),
    { name: 'ssh', product: 'OpenSSH', version: '9.2p1', extra: 'Debian-2+deb12u3' },
  ],
  [
    'Dropbear',
    22,
    octetsOf('SSH-2.0-dropbear_2022.83\r\n'),
    { name: 'ssh', product: 'dropbear', version: '2022.83' },
  ],
  [
    'OpenSSH of Windows',
    22,
    octetsOf('SSH-2.0-OpenSSH_for_Windows_8.1\r\n'),
    { name: 'ssh', product: 'OpenSSH_for_Windows', version: '8.1' },
  ],
  [
    'an SSH server without a version',
    22,
    octetsOf('SSH-2.0-Go\r\n'),
    { name: 'ssh', product: 'Go' },
  ],
  [
    'Cisco SSH',
    22,
    octetsOf('SSH-2.0-Cisco-1.25\n'),
    { name: 'ssh', product: 'Cisco', version: '1.25' },
  ],
  [
    'ProFTPD',
    21,
    octetsOf('220 ProFTPD 1.3.8 Server (Debian) [::ffff:192.0.2.1]\r\n'),
    { name: 'ftp', product: 'ProFTPD', version: '1.3.8' },
  ],
  [
    'Microsoft FTP',
    21,
    octetsOf('220 Microsoft FTP Service\r\n'),
    { name: 'ftp', product: 'Microsoft FTP' },
  ],
  ['FTP of unknown make', 21, octetsOf('220 Welcome to the FTP server.\r\n'), { name: 'ftp' }],
  [
    'Postfix',
    25,
    octetsOf('220 mail.example.org ESMTP Postfix (Debian/GNU)\r\n'),
    { name: 'smtp', product: 'Postfix', extra: 'Debian/GNU' },
  ],
  [
    'Exchange',
    25,
    octetsOf('220 mx.example.org Microsoft ESMTP MAIL Service ready at Mon, 2 Mar 2026\r\n'),
    { name: 'smtp', product: 'Microsoft ESMTP MAIL Service' },
  ],
  ['mail of unknown make', 587, octetsOf('220 mx.example.org ESMTP\r\n'), { name: 'smtp' }],
  ['POP3', 110, octetsOf('+OK ready\r\n'), { name: 'pop3' }],
  ['IMAP', 143, octetsOf('* OK [CAPABILITY IMAP4rev1] ready\r\n'), { name: 'imap' }],
  ['RFB', 5900, octetsOf('RFB 003.008\n'), { name: 'vnc', version: '003.008' }],
  [
    'nginx',
    80,
    http('200 OK\r\nServer: nginx/1.22.1\r\nContent-Type: text/html'),
    { name: 'http', product: 'nginx', version: '1.22.1' },
  ],
  [
    'Apache with its modules',
    80,
    http('403 Forbidden\r\nServer: Apache/2.4.57 (Debian) OpenSSL/3.0.11'),
    { name: 'http', product: 'Apache', version: '2.4.57', extra: '(Debian) OpenSSL/3.0.11' },
  ],
  [
    'a web server that speaks UTF-8',
    80,
    http('200 OK\r\nServer: Caf\u00c3\u00a9/1.0'),
    { name: 'http', product: 'Café', version: '1.0' },
  ],
  [
    'a web server that speaks Latin-1',
    80,
    http('200 OK\r\nServer: Caf\u00e9/1.0'),
    { name: 'http', product: 'Café', version: '1.0' },
  ],
  ['a web server that hides', 8080, http('404 Not Found'), { name: 'http' }],
  [
    'CUPS',
    631,
    http('200 OK\r\nServer: CUPS/2.4 IPP/2.1'),
    { name: 'ipp', product: 'CUPS', version: '2.4', extra: 'CUPS/2.4 IPP/2.1' },
  ],
  [
    'Docker without TLS',
    2375,
    http('404 Not Found\r\nServer: Docker/24.0.7 (linux)', '{"message":"page not found"}'),
    {
      name: 'docker-api',
      product: 'Docker Engine API',
      version: '24.0.7',
      extra: 'Docker/24.0.7 (linux)',
    },
  ],
  [
    'RDP with NLA',
    3389,
    hex('03000013 0ed000001234 00 021f0800 02000000'),
    { name: 'rdp', product: 'Remote Desktop' },
  ],
  [
    'SMB 1',
    445,
    hex('00000054 ff534d42 72 00000000 98 0128'),
    { name: 'smb', extra: 'SMB 1 only' },
  ],
  ['a SOCKS proxy', 1080, hex('0500'), { name: 'socks5' }],
  ['Telnet', 23, hex('fffd18 fffd20 fffb01 6c6f67696e3a20'), { name: 'telnet', extra: 'login:' }],
  [
    'BGP that closes at once',
    179,
    join(new Uint8Array(16).fill(255), hex('0015 03 06 05')),
    { name: 'bgp' },
  ],
  [
    'an open Android debugger',
    5555,
    octetsOf('CNXN\0\0\0\x01'),
    { name: 'adb', product: 'Android Debug Bridge' },
  ],
  ['a Java debugger', 8000, octetsOf('JDWP-Handshake'), { name: 'jdwp', product: 'Java debugger' }],
  ['AJP', 8009, octetsOf('AB\0\x01\x09'), { name: 'ajp' }],
  [
    'HTTP/2',
    50051,
    hex('00000c 04 00 00000000 000300000080 000400010000'),
    { name: 'http2', extra: 'prior knowledge' },
  ],
];

describe('answers of shells, mail, screens and the web', () => testAnswers(STREAMS, ANSWERS));

describe('every recogniser', () => {
  it('knows nothing in an empty answer, and reads any octets without a fault', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 600 }),
        fc.integer({ min: 1, max: 65_535 }),
        (octets, port) => {
          recognise(STREAMS, octets, port);
          recognise(QUERIES, octets, port);
        },
      ),
      { numRuns: 3000 },
    );
    expect(recognise(STREAMS, new Uint8Array(0), 80)).toBeUndefined();
  });

  it('takes random octets for nothing', () => {
    // A linear congruential generator: the same octets in every run.
    let state = 42;
    const taken: string[] = [];
    for (let run = 0; run < 6000; run++) {
      const octets = Uint8Array.from({ length: 64 }, () => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
        return state >>> 24;
      });
      const found = recognise(STREAMS, octets, 31_337) ?? recognise(QUERIES, octets, 31_337);
      if (found !== undefined && found.confidence > 5) taken.push(found.name);
    }
    expect(taken).toEqual([]);
  });

  it.each(STREAMS.map((recogniser) => [recogniser.service, recogniser] as const))(
    '%s has ports',
    (_, { ports }) => {
      expect(ports.length).toBeGreaterThan(0);
    },
  );

  it('covers at least 60 services', () => {
    expect(
      new Set([...STREAMS, ...QUERIES].map(({ service }) => service)).size,
    ).toBeGreaterThanOrEqual(60);
  });
});
