import { describe } from 'vitest';
import { hex, join, little, u8, u16, u32, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { DCE_RPC } from './dce-rpc.ts';

const low16 = (...values: number[]): Uint8Array =>
  join(...values.map((value) => little(u16(value))));
const low32 = (value: number): Uint8Array => little(u32(value));
const rpc = (type: number, body: Uint8Array, order = 0x10): Uint8Array =>
  join(u8(5, 0, type, 3, order, 0, 0, 0), low16(16 + body.length, 0), low32(1), body);
const EPM = hex('0883afe1 1f5d c911 91a4 08002b14a0fa 0300 0000');
const NDR = hex('045d888a eb1c c911 9fe8 08002b104860 0200 0000');
const bind = (interface_: Uint8Array): Uint8Array =>
  rpc(11, join(low16(5840, 5840), low32(0), u8(1, 0, 0, 0), low16(0), u8(1, 0), interface_, NDR));
const floor = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  join(low16(left.length), left, low16(right.length), right);
const tower = (port: number): Uint8Array =>
  join(
    low16(5),
    floor(join(u8(13), EPM.subarray(0, 18)), low16(0)),
    floor(join(u8(13), NDR.subarray(0, 18)), low16(0)),
    floor(u8(11), low16(0)),
    floor(u8(7), u16(port)),
    floor(u8(9), hex('00000000')),
  );

describe('dce-rpc', () => {
  testDetector(DCE_RPC, [
    {
      name: 'binding to the endpoint mapper',
      bytes: bind(EPM),
      is: 'certain asks',
      facts: ['interface = endpoint mapper'],
    },
    {
      name: 'binding to something',
      bytes: bind(hex('00112233 4455 6677 8899 aabbccddeeff 0100 0000')),
      is: 'certain asks',
      facts: ['interface = 33221100-5544-7766-8899-aabbccddeeff'],
    },
    {
      name: 'bound',
      bytes: rpc(12, join(low16(5840, 5840), low32(1), low16(4), '135\0', zeros(2), zeros(28))),
      fromServer: true,
      is: 'certain answers',
    },
    {
      name: 'request',
      bytes: rpc(0, join(low32(120), low16(0, 3), zeros(120))),
      is: 'certain asks',
    },
    {
      name: 'answer of the endpoint mapper',
      bytes: rpc(
        2,
        join(
          low32(200),
          low16(0, 0),
          zeros(36),
          low32(75),
          low32(75),
          tower(49_664),
          u8(0),
          low32(75),
          low32(75),
          tower(49_665),
          zeros(5),
        ),
      ),
      sport: 135,
      fromServer: true,
      is: 'certain answers',
      facts: ['expect dce-rpc at source 49664', 'expect dce-rpc at source 49665'],
    },
    {
      name: 'fault',
      bytes: rpc(3, join(low32(32), low16(0, 0), hex('0500 0000'), zeros(4))),
      fromServer: true,
      is: 'certain answers',
    },
    {
      name: 'first part of a long answer',
      bytes: rpc(2, zeros(60)),
      length: 60,
      fromServer: true,
      is: 'certain answers',
    },
    { name: 'octets in no order', bytes: rpc(0, zeros(40), 0x77), is: 'no' },
    { name: 'type that is none', bytes: rpc(99, zeros(40)), is: 'no' },
    { name: 'zeros', bytes: join(u8(5), zeros(40)), is: 'no' },
  ]);
});
