/** Composed by the X Protocol pages and protobuf definitions of MySQL's source documentation. */
import { describe } from 'vitest';
import { hex, join, type Payload, u8, u16 } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { MYSQL_X } from './mysql-x.ts';

const message = (type: number, body: Payload = ''): Uint8Array => {
  const content = join(body);
  return join(u8((content.length + 1) & 0xff, (content.length + 1) >>> 8), u16(0), u8(type), body);
};
/** A field of a variable length, of any number. */
const field = (number: number, content: Payload): Uint8Array => {
  const { length } = join(content);
  const size = length < 0x80 ? u8(length) : u8((length & 0x7f) | 0x80, length >>> 7);
  return join(u8((number << 3) | 2), size, content);
};
/** A capability that is a scalar of type bool. */
const capability = (name: string): Uint8Array =>
  field(1, join(field(1, name), field(2, hex('0801 1204 0807 4001'))));
const text = (name: string, value: string): Uint8Array =>
  field(1, join(field(1, name), field(2, join(hex('0801'), field(2, field(9, value))))));

describe('mysql-x', () => {
  testDetector(MYSQL_X, [
    {
      name: 'the greeting of a server',
      bytes: hex('05000000 0b 0805 1a00'),
      fromServer: true,
      is: 'certain answers',
    },
    { name: 'a question for capabilities', bytes: message(1), is: 'likely asks' },
    {
      name: 'capabilities',
      bytes: message(2, join(capability('tls'), text('node_type', 'mysql'))),
      fromServer: true,
      is: 'certain answers',
    },
    {
      name: 'a client that wants encryption',
      bytes: message(2, field(1, capability('tls'))),
      is: 'certain asks',
    },
    {
      name: 'a client that says much about itself',
      bytes: message(2, field(1, text('session_connect_attrs', 'x'.repeat(200)))),
      is: 'certain asks',
    },
    {
      name: 'a login by challenge',
      bytes: message(4, field(1, 'MYSQL41')),
      is: 'certain asks',
    },
    {
      name: 'a login in clear',
      bytes: message(4, join(field(1, 'PLAIN'), field(2, 'shop\0user\0secret'))),
      is: 'certain asks',
      facts: ['login = in clear'],
    },
    { name: 'another notice', bytes: message(11, hex('0801 1002')), is: 'no' },
    { name: 'an unknown mechanism', bytes: message(4, field(1, 'KERBEROS')), is: 'no' },
    {
      name: 'a length beyond the payload',
      bytes: message(4, field(1, 'PLAIN')).slice(0, -1),
      is: 'no',
    },
    { name: 'a name that is none', bytes: message(2, field(1, field(1, hex('0001')))), is: 'no' },
  ]);
});
