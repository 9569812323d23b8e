import { describe } from 'vitest';
import { join, u32, zeros } from '../../../test/builders/bytes.ts';
import { der, int } from '../../../test/builders/der.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { KERBEROS } from './kerberos.ts';

const text = (value: string): Uint8Array => der(0x1b, value);
const principal = (...parts: string[]): Uint8Array =>
  der(0x30, der(0xa0, int(1)), der(0xa1, der(0x30, ...parts.map(text))));
const overTcp = (message: Uint8Array): Uint8Array => join(u32(message.length), message);
const request = (client: string): Uint8Array =>
  der(
    0x6a,
    der(
      0x30,
      der(0xa1, int(5)),
      der(0xa2, int(10)),
      der(0xa3, der(0x30, zeros(10))),
      der(
        0xa4,
        der(
          0x30,
          der(0xa0, der(3, zeros(5))),
          der(0xa1, principal(client)),
          der(0xa2, text('EXAMPLE.ORG')),
          der(0xa3, principal('krbtgt', 'EXAMPLE.ORG')),
        ),
      ),
    ),
  );
const answer = der(
  0x6b,
  der(
    0x30,
    der(0xa0, int(5)),
    der(0xa1, int(11)),
    der(0xa3, text('EXAMPLE.ORG')),
    der(0xa4, principal('PC-7$')),
    der(0xa5, zeros(20)),
  ),
);
const error = der(
  0x7e,
  der(
    0x30,
    der(0xa0, int(5)),
    der(0xa1, int(30)),
    der(0xa4, der(0x18, '20261122130000Z')),
    der(0xa5, int(1)),
    der(0xa6, int(25)),
    der(0xa9, text('EXAMPLE.ORG')),
    der(0xaa, principal('krbtgt')),
  ),
);

describe('kerberos', () => {
  testDetector(KERBEROS, [
    {
      name: 'request of a machine',
      bytes: overTcp(request('PC-7$')),
      is: 'certain asks',
      facts: ['kerberos PC-7 of source', 'realm = EXAMPLE.ORG'],
    },
    {
      name: 'request of a person over UDP',
      bytes: request('ann'),
      transport: 17,
      is: 'certain asks',
      facts: ['realm = EXAMPLE.ORG'],
    },
    {
      name: 'answer',
      bytes: overTcp(answer),
      fromServer: true,
      is: 'certain answers',
      facts: ['realm = EXAMPLE.ORG', 'kerberos PC-7 of destination'],
    },
    {
      name: 'error over UDP',
      bytes: error,
      transport: 17,
      fromServer: true,
      is: 'certain answers',
      facts: ['realm = EXAMPLE.ORG'],
    },
    { name: 'UDP form over TCP', bytes: error, is: 'no' },
    {
      name: 'version 4',
      bytes: der(0x6a, der(0x30, der(0xa1, int(4)), der(0xa2, int(10)))),
      transport: 17,
      is: 'no',
    },
    {
      name: 'type that differs from the tag',
      bytes: der(0x6a, der(0x30, der(0xa1, int(5)), der(0xa2, int(12)))),
      transport: 17,
      is: 'no',
    },
    { name: 'a word', bytes: 'just text', transport: 17, is: 'no' },
  ]);
});
