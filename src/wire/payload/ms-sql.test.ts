import { describe } from 'vitest';
import { hex, join, little, u8, u16, u32, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { MS_SQL } from './ms-sql.ts';

const packet = (type: number, body: Uint8Array): Uint8Array =>
  join(u8(type, 1), u16(body.length + 8), hex('00000100'), body);
const prelogin = hex(
  '00001a0006 0100200001 0200210001 0300220004 0400260001 ff 0f00 0fa0 0000 00 00 00001234 00',
);
const answer = hex('00000b0006 0100110001 ff 1000 03e8 0000 03');
const wide = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'utf16le'));
const login = (() => {
  const [client, server] = [wide('PC-7'), wide('sql01')];
  const fixed = 94;
  const texts = join(
    little(u16(fixed)),
    little(u16(4)),
    zeros(12),
    little(u16(fixed + client.length)),
    little(u16(5)),
    zeros(fixed - 56),
  );
  const rest = join(hex('04000074'), zeros(28), texts, client, server);
  return join(little(u32(4 + rest.length)), rest);
})();

describe('ms-sql', () => {
  testDetector(MS_SQL, [
    { name: 'opening of a client', bytes: packet(18, prelogin), is: 'certain asks' },
    {
      name: 'opening of SQL Server 2022',
      bytes: packet(4, answer),
      fromServer: true,
      is: 'certain answers',
      facts: ['version = 16.0.1000', 'encryption = required'],
    },
    {
      name: 'login',
      bytes: packet(16, login),
      is: 'certain asks',
      facts: ['tds PC-7 of source', 'tds sql01 of destination'],
    },
    {
      name: 'statement',
      bytes: packet(
        1,
        join(hex('16000000 12000000 0200 0000000000000000 01000000'), wide('select 1')),
      ),
      is: 'certain asks',
    },
    { name: 'TLS inside', bytes: packet(18, hex('160301002f0100002b0303')), is: 'likely' },
    {
      name: 'options out of order',
      bytes: packet(18, hex('0000200006 01001a0001 ff 00')),
      is: 'no',
    },
    { name: 'first option is another', bytes: packet(18, hex('0100060001 ff 00 00 00')), is: 'no' },
    { name: 'zeros', bytes: zeros(40), is: 'no' },
  ]);
});
