import { describe } from 'vitest';
import { hex, join, u16, u32 } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { POSTGRESQL } from './postgresql.ts';

const startup = (parameters: string): Uint8Array =>
  join(u32(8 + parameters.length), u16(3, 0), parameters);
const message = (type: string, body: Uint8Array | string): Uint8Array =>
  join(type, u32(4 + (body as string).length), body);

describe('postgresql', () => {
  testDetector(POSTGRESQL, [
    { name: 'start', bytes: startup('user\0app\0database\0shop\0\0'), is: 'certain asks' },
    { name: 'encryption wanted', bytes: hex('00000008 04d2162f'), is: 'certain asks' },
    { name: 'GSS encryption wanted', bytes: hex('00000008 04d21630'), is: 'certain asks' },
    { name: 'cancellation', bytes: hex('00000010 04d2162e 00001234 89abcdef'), is: 'certain asks' },
    {
      name: 'methods of authentication',
      bytes: message('R', join(u32(10), 'SCRAM-SHA-256\0\0')),
      fromServer: true,
      is: 'certain answers',
    },
    {
      name: 'password in clear',
      bytes: message('R', u32(3)),
      fromServer: true,
      is: 'likely answers',
      facts: ['login = in clear'],
    },
    {
      name: 'accepted, with parameters',
      bytes: join(
        message('R', u32(0)),
        message('S', 'application_name\0psql\0'),
        message('S', 'server_version\0' + '15.6 (Debian 15.6-0+deb12u1)\0'),
      ),
      fromServer: true,
      is: 'certain answers',
      facts: ['version = 15.6 (Debian 15.6-0+deb12u1)'],
    },
    {
      name: 'error',
      bytes: message('E', 'SFATAL\0VFATAL\0C28000\0Mno entry\0\0'),
      fromServer: true,
      is: 'certain answers',
    },
    { name: 'query', bytes: message('Q', 'SELECT 1;\0'), is: 'likely asks' },
    {
      name: 'length that does not fit',
      bytes: join(u32(100), u16(3, 0), 'user\0app\0\0'),
      is: 'no',
    },
    { name: 'a sentence', bytes: 'Questions and more', is: 'no' },
    { name: 'zeros', bytes: new Uint8Array(8), is: 'no' },
  ]);
});
