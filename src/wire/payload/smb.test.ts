import { describe } from 'vitest';
import { hex, join, little, u8, u16, u24, u32, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { SMB } from './smb.ts';

const low16 = (...values: number[]): Uint8Array =>
  join(...values.map((value) => little(u16(value))));
const low32 = (value: number): Uint8Array => little(u32(value));
const wide = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'utf16le'));
const session = (body: Uint8Array): Uint8Array => join(u8(0), u24(body.length), body);
const smb1 = (command: number, flags: number, body: Uint8Array): Uint8Array =>
  session(join(hex('ff534d42'), u8(command), zeros(4), u8(flags), zeros(22), body));
const smb2 = (command: number, flags: number, body: Uint8Array): Uint8Array =>
  session(
    join(hex('fe534d42'), low16(64, 0), zeros(4), low16(command, 1), low32(flags), zeros(44), body),
  );

const pair = (id: number, value: Uint8Array): Uint8Array => join(low16(id, value.length), value);
const information = join(
  pair(2, wide('EXAMPLE')),
  pair(1, wide('FS1')),
  pair(4, wide('example.org')),
  pair(3, wide('fs1.example.org')),
  hex('00000000'),
);
const challenge = join(
  'NTLMSSP\0',
  low32(2),
  low16(0, 0),
  low32(56),
  low32(0x02000205),
  'challeng',
  zeros(8),
  low16(information.length, information.length),
  low32(56),
  u8(10, 0),
  low16(20_348),
  hex('0000000f'),
  information,
);
const workstation = wide('PC-7');
const authenticate = join(
  'NTLMSSP\0',
  low32(3),
  zeros(32),
  low16(workstation.length, workstation.length),
  low32(64),
  zeros(8),
  low32(0x205),
  workstation,
);

describe('smb', () => {
  testDetector(SMB, [
    {
      name: 'dialects of SMB 1',
      bytes: smb1(0x72, 0x18, join(hex('00 0c00'), '\x02NT LM 0.12\0')),
      is: 'certain asks',
    },
    {
      name: 'SMB 1 chosen',
      bytes: smb1(0x72, 0x98, hex('11 0000 0f 32000100')),
      fromServer: true,
      is: 'certain answers',
      facts: ['dialect = SMB 1'],
    },
    {
      name: 'none chosen',
      bytes: smb1(0x72, 0x98, hex('01 ffff 0000')),
      fromServer: true,
      is: 'certain answers',
    },
    {
      name: 'dialects of SMB 3',
      bytes: smb2(0, 0, join(low16(36, 3, 1, 0), zeros(28), low16(0x202, 0x210, 0x311))),
      is: 'certain asks',
    },
    {
      name: 'SMB 3.1.1 chosen',
      bytes: smb2(0, 1, join(low16(65, 3, 0x311, 1), zeros(56))),
      fromServer: true,
      is: 'certain answers',
      facts: ['dialect = SMB 3.1.1', 'signing = required'],
    },
    {
      name: 'challenge',
      bytes: smb2(1, 1, join(low16(9, 0, 72, challenge.length), challenge)),
      fromServer: true,
      is: 'certain answers',
      facts: [
        'ntlm version = 10.0.20348',
        'domain = EXAMPLE',
        'smb FS1 of source',
        'domain = example.org',
        'smb fs1.example.org of source',
      ],
    },
    {
      name: 'answer to it',
      bytes: smb2(1, 0, join(low16(25, 0), zeros(20), authenticate)),
      is: 'certain asks',
      facts: ['smb PC-7 of source'],
    },
    {
      name: 'share',
      bytes: smb2(3, 0, join(low16(9, 0, 72, 2 * 17), wide('\\\\files.lan\\share'))),
      is: 'certain asks',
      facts: ['smb files.lan of destination'],
    },
    {
      name: 'encrypted',
      bytes: session(join(hex('fd534d42'), zeros(48))),
      is: 'certain',
      facts: ['encryption = on'],
    },
    { name: 'another word', bytes: session(join(hex('ff534d43'), zeros(40))), is: 'no' },
    { name: 'zeros', bytes: zeros(80), is: 'no' },
  ]);
});
