import { describe } from 'vitest';
import { hex, join, u8, u32 } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { AMQP } from './amqp.ts';

const property = (key: string, value: string): Uint8Array =>
  join(u8(key.length), key, 'S', u32(value.length), value);
const table = join(property('product', 'RabbitMQ'), property('version', '3.10.8'));
const start = join(hex('000a000a0009'), u32(table.length), table, u32(5), 'PLAIN', u32(5), 'en_US');

describe('amqp', () => {
  testDetector(AMQP, [
    { name: 'opening of 0-9-1', bytes: join('AMQP', hex('00000901')), is: 'certain asks' },
    { name: 'opening of 1.0', bytes: join('AMQP', hex('00010000')), is: 'certain' },
    { name: 'opening of 1.0 with passwords', bytes: join('AMQP', hex('03010000')), is: 'certain' },
    {
      name: 'start of RabbitMQ',
      bytes: join(hex('010000'), u32(start.length), start, u8(206)),
      fromServer: true,
      is: 'certain answers',
      facts: ['product = RabbitMQ', 'version = 3.10.8'],
    },
    { name: 'a word', bytes: 'AMQP is a protocol', is: 'no' },
    { name: 'another method', bytes: join(hex('010000 00000006 000a 001e 0000 ce')), is: 'no' },
  ]);
});
