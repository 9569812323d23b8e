import { describe } from 'vitest';
import { hex, join, u8, u16, u24, u32 } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { HTTP2 } from './http2.ts';

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const setting = (identifier: number, value: number): Uint8Array =>
  join(u16(identifier), u32(value));
const settings = (...list: Uint8Array[]): Uint8Array =>
  join(u24(6 * list.length), u8(4, 0), u32(0), ...list);

describe('http2', () => {
  testDetector(HTTP2, [
    { name: 'preface', bytes: PREFACE, is: 'certain asks' },
    {
      name: 'preface and settings',
      bytes: join(PREFACE, settings(setting(3, 100))),
      is: 'certain asks',
    },
    {
      name: 'settings of a server',
      bytes: settings(setting(3, 128), setting(4, 65_536), setting(5, 0xffffff)),
      is: 'certain answers',
    },
    {
      name: 'settings and more (nginx)',
      bytes: hex(
        '000012 04 00 00000000 000300000080 000400010000 000500ffffff 000004 08 00 00000000 7fff0000',
      ),
      is: 'certain answers',
    },
    { name: 'unknown setting', bytes: settings(setting(99, 1)), is: 'no' },
    { name: 'settings of a stream', bytes: hex('000006 04 00 00000001 000300000080'), is: 'no' },
    { name: 'zeros', bytes: new Uint8Array(64), is: 'no' },
    { name: 'a method like it', bytes: 'PRINT HTTP/2.0\r\n', is: 'no' },
  ]);
});
