import { describe } from 'vitest';
import { hex, join, u8 } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { MQTT } from './mqtt.ts';

const connect = (body: Uint8Array): Uint8Array => join(u8(0x10, body.length), body);

describe('mqtt', () => {
  testDetector(MQTT, [
    {
      name: 'connection of 3.1.1',
      bytes: connect(join(hex('0004'), 'MQTT', hex('04 02 003c 0002'), 'c1')),
      is: 'certain asks',
      facts: ['version = 3.1.1'],
    },
    {
      name: 'connection of 3.1',
      bytes: connect(join(hex('0006'), 'MQIsdp', hex('03 02 003c 0002'), 'c1')),
      is: 'certain asks',
      facts: ['version = 3.1'],
    },
    {
      name: 'connection of 5 with a password',
      bytes: connect(
        join(
          hex('0004'),
          'MQTT',
          hex('05 c2 003c 00 0002'),
          'c1',
          hex('0001'),
          'u',
          hex('0001'),
          'p',
        ),
      ),
      is: 'certain asks',
      facts: ['version = 5', 'login = in clear'],
    },
    { name: 'accepted', bytes: hex('20020000'), fromServer: true, is: 'likely answers' },
    {
      name: 'accepted by 5',
      bytes: hex('2006 00 00 03 22 000a'),
      fromServer: true,
      is: 'likely answers',
    },
    {
      name: 'another name',
      bytes: connect(join(hex('0004'), 'QQTT', hex('04 02 003c'))),
      is: 'no',
    },
    {
      name: 'level that is none',
      bytes: connect(join(hex('0004'), 'MQTT', hex('09 02 003c 0000'))),
      is: 'no',
    },
    { name: 'blanks', bytes: '    ', is: 'no' },
  ]);
});
