import { describe } from 'vitest';
import { hex, join, little, u8, u32, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { MONGODB } from './mongodb.ts';

const word = (value: number): Uint8Array => little(u32(value));
const bson = (...elements: (Uint8Array | string)[]): Uint8Array => {
  const body = join(...elements, u8(0));
  return join(word(body.length + 4), body);
};
const int32 = (key: string, value: number): Uint8Array => join(u8(0x10), key, u8(0), word(value));
const string = (key: string, value: string): Uint8Array =>
  join(u8(2), key, u8(0), word(value.length + 1), value, u8(0));
const message = (answerTo: number, operation: number, body: Uint8Array): Uint8Array =>
  join(word(body.length + 16), word(7), word(answerTo), word(operation), body);

describe('mongodb', () => {
  testDetector(MONGODB, [
    {
      name: 'hello',
      bytes: message(
        0,
        2013,
        join(word(0), u8(0), bson(int32('hello', 1), string('$db', 'admin'))),
      ),
      is: 'certain asks',
    },
    {
      name: 'answer to hello',
      bytes: message(
        7,
        2013,
        join(
          word(0),
          u8(0),
          bson(int32('maxWireVersion', 21), string('me', 'db1.example.org:27017')),
        ),
      ),
      fromServer: true,
      is: 'certain answers',
      facts: ['wire version = 21', 'mongodb db1.example.org of source'],
    },
    {
      name: 'older query',
      bytes: message(
        0,
        2004,
        join(word(0), 'admin.$cmd', u8(0), word(0), word(1), bson(int32('isMaster', 1))),
      ),
      is: 'certain asks',
    },
    {
      name: 'answer to it',
      bytes: message(
        7,
        1,
        join(word(8), zeros(8), word(0), word(1), bson(int32('maxWireVersion', 6))),
      ),
      fromServer: true,
      is: 'certain answers',
      facts: ['wire version = 6'],
    },
    {
      name: 'compressed',
      bytes: message(0, 2012, join(word(2013), word(100), u8(2), zeros(40))),
      is: 'certain asks',
    },
    { name: 'unknown operation', bytes: message(0, 99, zeros(40)), is: 'no' },
    {
      name: 'unknown flags',
      bytes: message(0, 2013, join(word(0x40), u8(0), bson(int32('a', 1)))),
      is: 'no',
    },
    {
      name: 'length below the payload',
      bytes: join(message(0, 2013, join(word(0), u8(0), bson())), hex('0000')),
      is: 'no',
    },
  ]);
});
