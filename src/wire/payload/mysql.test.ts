import { describe } from 'vitest';
import { hex, join, little, u8, u32, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { MYSQL } from './mysql.ts';

const packet = (sequence: number, body: Uint8Array): Uint8Array =>
  join(little(u32(body.length)).subarray(0, 3), u8(sequence), body);
const greeting = (version: string): Uint8Array =>
  join(
    u8(10),
    version,
    u8(0),
    little(u32(31)),
    'saltsalt',
    u8(0),
    hex('fff7 2d 0200 ff81 15'),
    zeros(10),
    'saltsaltsalt',
    u8(0),
    'mysql_native_password',
    u8(0),
  );

describe('mysql', () => {
  testDetector(MYSQL, [
    {
      name: 'greeting of MariaDB',
      bytes: packet(0, greeting('5.5.5-10.11.6-MariaDB-0+deb12u1')),
      fromServer: true,
      is: 'certain answers',
      facts: ['version = 10.11.6-MariaDB-0+deb12u1'],
    },
    {
      name: 'greeting of MySQL',
      bytes: packet(0, greeting('8.0.36')),
      fromServer: true,
      is: 'certain answers',
      facts: ['version = 8.0.36'],
    },
    {
      name: 'answer of a client',
      bytes: packet(1, join(hex('85a6ff19 00000001 2d'), zeros(23), 'root', u8(0, 0))),
      is: 'certain asks',
    },
    {
      name: 'a client that wants encryption',
      bytes: packet(1, join(hex('85aeff19 00000001 2d'), zeros(23))),
      is: 'certain asks',
    },
    {
      name: 'refusal',
      bytes: packet(
        0,
        join(hex('ff6a04'), "Host '192.0.2.9' is not allowed to connect to this MariaDB server"),
      ),
      fromServer: true,
      is: 'certain answers',
    },
    { name: 'length that does not fit', bytes: join(packet(0, greeting('8.0.36')), 'x'), is: 'no' },
    { name: 'version that is none', bytes: packet(0, greeting('eight')), is: 'no' },
    {
      name: 'no filler',
      bytes: packet(1, join(hex('85a6ff19 00000001 2d'), zeros(10), u8(1), zeros(22))),
      is: 'no',
    },
  ]);
});
