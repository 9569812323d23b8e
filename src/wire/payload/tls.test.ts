import { describe } from 'vitest';
import { hex, join, noise, u8, u16, u24, zeros } from '../../../test/builders/bytes.ts';
import { der, oid } from '../../../test/builders/der.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { TLS } from './tls.ts';

const record = (type: number, version: number, body: Uint8Array): Uint8Array =>
  join(u8(type), u16(version, body.length), body);
const message = (type: number, body: Uint8Array): Uint8Array =>
  join(u8(type), u24(body.length), body);
const extension = (type: number, body: Uint8Array): Uint8Array =>
  join(u16(type, body.length), body);
const serverName = (name: string): Uint8Array =>
  extension(0, join(u16(name.length + 3), u8(0), u16(name.length), name));
const protocols = (...names: string[]): Uint8Array => {
  const list = join(...names.map((name) => join(u8(name.length), name)));
  return extension(16, join(u16(list.length), list));
};
const extensions = (...list: Uint8Array[]): Uint8Array => {
  const body = join(...list);
  return join(u16(body.length), body);
};
const clientHello = (...list: Uint8Array[]): Uint8Array =>
  message(
    1,
    join(u16(0x303), zeros(32), u8(0), u16(4, 0x1301, 0xc02f), u8(1, 0), extensions(...list)),
  );
const serverHello = (version: number, ...list: Uint8Array[]): Uint8Array =>
  message(2, join(u16(version), zeros(32), u8(0), u16(0xc02f), u8(0), extensions(...list)));

const name = (text: string): Uint8Array =>
  der(0x30, der(0x31, der(0x30, oid('2.5.4.3'), der(0x0c, text))));
const certificate = (subject: string, ...dns: string[]): Uint8Array =>
  der(
    0x30,
    der(
      0x30,
      der(0xa0, der(2, u8(2))),
      der(2, u8(1)),
      der(0x30, oid('1.2.840.113549.1.1.11')),
      name('Example CA'),
      der(0x30, der(0x17, '260101000000Z'), der(0x17, '270101000000Z')),
      name(subject),
      der(0x30, der(3, zeros(90))),
      der(
        0xa3,
        der(
          0x30,
          der(0x30, oid('2.5.29.19'), der(1, u8(255)), der(4, der(0x30, zeros(0)))),
          der(0x30, oid('2.5.29.17'), der(4, der(0x30, ...dns.map((each) => der(0x82, each))))),
        ),
      ),
    ),
  );
const certificates = (first: Uint8Array): Uint8Array =>
  message(11, join(u24(first.length + 3), u24(first.length), first));

describe('tls', () => {
  testDetector(TLS, [
    {
      name: 'client hello with a name and protocols',
      bytes: record(
        22,
        0x301,
        clientHello(serverName('www.example.org'), protocols('h2', 'http/1.1')),
      ),
      is: 'certain asks',
      facts: ['sni www.example.org of destination', 'offered = h2', 'offered = http/1.1'],
    },
    {
      name: 'client hello without extensions',
      bytes: record(22, 0x301, clientHello()),
      is: 'certain asks',
    },
    {
      name: 'server hello of TLS 1.3',
      bytes: join(
        record(22, 0x303, serverHello(0x303, extension(43, u16(0x304)))),
        hex('140303000101 1703030020'),
        zeros(32),
      ),
      fromServer: true,
      is: 'certain answers',
      facts: ['version = TLS 1.3'],
    },
    {
      name: 'server hello of TLS 1.2 with its certificate in the same record',
      bytes: record(
        22,
        0x303,
        join(
          serverHello(0x303, protocols('h2')),
          certificates(certificate('www.example.org', 'example.org', '*.example.net')),
        ),
      ),
      fromServer: true,
      is: 'certain answers',
      facts: [
        'alpn = h2',
        'version = TLS 1.2',
        'certificate = www.example.org',
        'certificate example.org of source',
        'certificate *.example.net of source',
      ],
    },
    {
      name: 'server hello of TLS 1.0, certificate in a record of its own and without alternative names',
      bytes: join(
        record(22, 0x301, serverHello(0x301)),
        record(22, 0x301, certificates(certificate('host.example.org'))),
      ),
      fromServer: true,
      is: 'certain answers',
      facts: [
        'version = TLS 1.0',
        'certificate = host.example.org',
        'certificate host.example.org of source',
      ],
    },
    {
      name: 'server hello of SSL 3.0',
      bytes: record(22, 0x300, serverHello(0x300)),
      fromServer: true,
      is: 'certain answers',
      facts: ['version = SSL 3.0'],
    },
    {
      name: 'server hello of TLS 1.3 whose version was not captured',
      bytes: record(
        22,
        0x303,
        serverHello(0x303, extension(51, zeros(36)), extension(43, u16(0x304))),
      ).slice(0, -6),
      length: 200,
      fromServer: true,
      is: 'certain answers',
      facts: [],
    },
    {
      name: 'server hello of TLS 1.1 whose end was not captured',
      bytes: record(22, 0x302, serverHello(0x302, extension(51, zeros(36)))).slice(0, -40),
      length: 200,
      fromServer: true,
      is: 'certain answers',
      facts: ['version = TLS 1.1'],
    },
    { name: 'encrypted data', bytes: join(hex('1703030040'), noise(64)), is: 'likely' },
    { name: 'data in clear', bytes: join(hex('1703030040'), zeros(64)), is: 'no' },
    { name: 'alert', bytes: hex('15030300020228'), is: 'likely' },
    { name: 'alert of no level', bytes: hex('15030300020928'), is: 'no' },
    {
      name: 'version that is none',
      bytes: join(hex('1603090040 0100003c 0303'), zeros(60)),
      is: 'no',
    },
    {
      name: 'hello that is too short',
      bytes: join(hex('1603010040 01000002 0303'), zeros(60)),
      is: 'no',
    },
    { name: 'record of no length', bytes: hex('1603010000 01000002'), is: 'no' },
    {
      name: 'session number of no length',
      bytes: join(hex('1603010080 0100007c 0303'), zeros(32), u8(77), zeros(80)),
      is: 'no',
    },
    {
      name: 'a request for a hello that is not empty',
      bytes: hex('1603000028 000001a6 94770000'),
      is: 'no',
    },
  ]);
});
