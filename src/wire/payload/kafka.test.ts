import { describe } from 'vitest';
import { hex, join, u16, u32 } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { KAFKA } from './kafka.ts';

const request = (
  kind: number,
  version: number,
  client: string | null,
  rest = hex('00'),
): Uint8Array => {
  const name = client === null ? u16(0xffff) : join(u16(client.length), client);
  const body = join(u16(kind, version), u32(1), name, rest);
  return join(u32(body.length), body);
};

describe('kafka', () => {
  testDetector(KAFKA, [
    { name: 'versions wanted', bytes: request(18, 3, 'rdkafka'), is: 'certain asks' },
    { name: 'metadata wanted', bytes: request(3, 9, 'consumer-orders-1'), is: 'certain asks' },
    {
      name: 'records',
      bytes: request(0, 9, 'producer-1', new Uint8Array(200)),
      is: 'certain asks',
    },
    { name: 'client without a name', bytes: request(18, 0, null), is: 'likely asks' },
    { name: 'kind that is none', bytes: request(400, 0, 'rdkafka'), is: 'no' },
    { name: 'name that is none', bytes: request(18, 0, 'a\0bc'), is: 'no' },
    { name: 'length that does not fit', bytes: join(request(18, 3, 'rdkafka'), 'x'), is: 'no' },
    { name: 'start of PostgreSQL', bytes: hex('0000001000030000757365720061000000'), is: 'no' },
  ]);
});
