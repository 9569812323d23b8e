import { describe } from 'vitest';
import { hex, join, u8, u16, u32 } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { CASSANDRA } from './cassandra.ts';

const frame = (version: number, operation: number, body: Uint8Array): Uint8Array =>
  join(u8(version, 0), u16(1), u8(operation), u32(body.length), body);
const text = (value: string): Uint8Array => join(u16(value.length), value);

describe('cassandra', () => {
  testDetector(CASSANDRA, [
    {
      name: 'start',
      bytes: frame(4, 1, join(u16(1), text('CQL_VERSION'), text('3.4.5'))),
      is: 'certain asks',
    },
    { name: 'options wanted', bytes: frame(5, 5, hex('')), is: 'likely asks' },
    {
      name: 'options',
      bytes: frame(0x84, 6, join(u16(1), text('CQL_VERSION'), u16(1), text('3.4.5'))),
      fromServer: true,
      is: 'certain answers',
      facts: ['version = protocol 4'],
    },
    {
      name: 'password wanted',
      bytes: frame(0x84, 3, text('org.apache.cassandra.auth.PasswordAuthenticator')),
      fromServer: true,
      is: 'certain answers',
      facts: ['version = protocol 4'],
    },
    {
      name: 'ready',
      bytes: frame(0x83, 2, hex('')),
      fromServer: true,
      is: 'likely answers',
      facts: ['version = protocol 3'],
    },
    { name: 'length that does not fit', bytes: join(frame(4, 5, hex('')), 'x'), is: 'no' },
    {
      name: 'version that is none',
      bytes: frame(9, 1, join(u16(1), text('CQL_VERSION'))),
      is: 'no',
    },
  ]);
});
