/** A fixture of our own that tgt 1.0 (Debian 12) was sent, the others composed by RFC 7143. */
import { describe } from 'vitest';
import { hex, join, padTo, u8, u32, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { ISCSI } from './iscsi.ts';

const pdu = (opcode: number, stages: number, text: string) =>
  padTo(4, join(u8(opcode, stages, 0, 0), u32(text.length), zeros(40), text));

describe('iscsi', () => {
  testDetector(ISCSI, [
    {
      name: 'a login for discovery',
      bytes: hex(`
      438700000000005400023d000000000000000001000100000000000100000000000000000000000000000000
      00000000496e69746961746f724e616d653d69716e2e323032362d31312e746573742e6578616d706c653a63
      6c69656e740053657373696f6e547970653d446973636f7665727900417574684d6574686f643d4e6f6e6500
    `),
      sport: 43940,
      dport: 3260,
      is: 'certain asks',
    },
    {
      name: 'a login to a target',
      dport: 3260,
      bytes: pdu(
        0x43,
        0x87,
        'InitiatorName=iqn.2026-11.test:a\0TargetName=iqn.2026-11.test:disk\0',
      ),
      is: 'certain asks',
      facts: ['target = iqn.2026-11.test:disk'],
    },
    {
      name: 'accepted',
      sport: 3260,
      bytes: pdu(0x23, 0x87, 'TargetPortalGroupTag=1\0'),
      is: 'certain answers',
    },
    { name: 'refused', sport: 3260, bytes: pdu(0x23, 0x00, ''), is: 'likely answers' },
    {
      name: 'a stage that is not assigned',
      dport: 3260,
      bytes: pdu(0x43, 0x8a, 'InitiatorName=iqn.2026-11.test:a\0'),
      is: 'no',
    },
    {
      name: 'a text longer than the segment',
      dport: 3260,
      bytes: join(hex('43 87 0000 00 001000'), zeros(60)),
      is: 'no',
    },
    {
      name: 'a text of that letter',
      dport: 3260,
      bytes: 'C is a language, and so is D, as everybody knows by now.',
      is: 'no',
    },
  ]);
});
