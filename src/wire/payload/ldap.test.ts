import { describe } from 'vitest';
import { u8 } from '../../../test/builders/bytes.ts';
import { der, int, longDer } from '../../../test/builders/der.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { LDAP } from './ldap.ts';

const result = (tag: number): Uint8Array =>
  der(0x30, int(1), der(tag, der(10, u8(0)), der(4, ''), der(4, '')));
const entry = (dn: string): Uint8Array =>
  der(
    0x30,
    int(2),
    der(
      0x64,
      der(4, dn),
      der(0x30, der(0x30, der(4, 'dnsHostName'), der(0x31, der(4, 'dc1.example.org')))),
    ),
  );

describe('ldap', () => {
  testDetector(LDAP, [
    {
      name: 'login with a password',
      bytes: der(
        0x30,
        int(1),
        der(0x60, int(3), der(4, 'cn=admin,dc=example,dc=org'), der(0x80, 'secret')),
      ),
      is: 'certain asks',
      facts: ['login = in clear'],
    },
    {
      name: 'login without',
      bytes: der(0x30, int(1), der(0x60, int(3), der(4, ''), der(0x80, ''))),
      is: 'certain asks',
    },
    {
      name: 'search as Windows writes it',
      bytes: longDer(
        0x30,
        int(1),
        longDer(
          0x63,
          der(4, ''),
          der(10, u8(0)),
          der(10, u8(0)),
          int(0),
          int(0),
          der(1, u8(0)),
          der(0x87, 'objectclass'),
          longDer(0x30),
        ),
      ),
      is: 'certain asks',
    },
    {
      name: 'root entry',
      bytes: entry(''),
      fromServer: true,
      is: 'certain answers',
      facts: ['ldap dc1.example.org of source'],
    },
    {
      name: 'entry of another host',
      bytes: entry('cn=pc7,dc=example'),
      fromServer: true,
      is: 'certain answers',
    },
    { name: 'logged in', bytes: result(0x61), fromServer: true, is: 'certain answers' },
    { name: 'found', bytes: result(0x65), fromServer: true, is: 'certain answers' },
    {
      name: 'encryption',
      bytes: der(0x30, int(1), der(0x77, der(0x80, '1.3.6.1.4.1.1466.20037'))),
      is: 'certain asks',
    },
    { name: 'end', bytes: der(0x30, int(3), der(0x42)), is: 'likely asks' },
    { name: 'SNMP', bytes: der(0x30, int(1), der(4, 'public'), der(0xa0, int(1))), is: 'no' },
    {
      name: 'result that is none',
      bytes: der(0x30, int(1), der(0x61, der(10, u8(200)), der(4, ''))),
      is: 'no',
    },
    { name: 'digits', bytes: '0123456789', is: 'no' },
  ]);
});
