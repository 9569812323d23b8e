/** Composed by RFC 2608 sections 8 to 10. */
import { describe } from 'vitest';
import { hex, join, u8, u16, u24, u32 } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { SLP } from './slp.ts';

const text = (value: string) => join(u16(value.length), value);
const message = (purpose: number, content: Uint8Array) =>
  join(u8(2, purpose), u24(16 + content.length), u16(0), u24(0), u16(7, 2), 'en', content);

describe('slp', () => {
  testDetector(SLP, [
    {
      name: 'a service is looked for',
      transport: 17,
      dport: 427,
      bytes: message(1, join(u16(0), text('service:printer'), text('DEFAULT'), u16(0, 0))),
      is: 'certain asks',
    },
    {
      name: 'what was found',
      transport: 17,
      sport: 427,
      bytes: message(
        2,
        join(u16(0, 1), u8(0), u16(300), text('service:printer:lpr://192.168.50.9'), u8(0)),
      ),
      is: 'certain answers',
      facts: ['service = service:printer:lpr://192.168.50.9'],
    },
    {
      name: 'an error',
      transport: 17,
      sport: 427,
      bytes: message(2, u16(2, 0)),
      is: 'certain answers',
    },
    {
      name: 'an agent announces itself',
      transport: 17,
      sport: 427,
      bytes: message(8, join(u16(0), u32(9), text('service:directory-agent://192.168.50.9'))),
      is: 'certain',
    },
    {
      name: 'version 1',
      transport: 17,
      dport: 427,
      bytes: join(u8(1), message(1, u16(0, 0)).slice(1)),
      is: 'no',
    },
    {
      name: 'a length that does not fit',
      transport: 17,
      dport: 427,
      bytes: join(message(1, u16(0, 0)), u8(0)),
      is: 'no',
    },
    {
      name: 'reserved flags',
      transport: 17,
      dport: 427,
      bytes: join(hex('02 01 000014 1fff 000000 0001 0002'), 'en', u16(0, 0)),
      is: 'no',
    },
  ]);
});
