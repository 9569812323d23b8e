/** Composed by RFC 1006, RFC 905 and the fields that Wireshark’s reader documents. */
import { describe } from 'vitest';
import { hex } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { S7COMM } from './s7comm.ts';

describe('s7comm', () => {
  testDetector(S7COMM, [
    {
      name: 'a connection is asked for',
      dport: 102,
      bytes: hex('03000016 11 e0 0000 0001 00 c0 01 0a c1 02 0100 c2 02 0102'),
      is: 'likely asks',
    },
    {
      name: 'it is confirmed',
      sport: 102,
      bytes: hex('03000016 11 d0 0001 0002 00 c0 01 0a c1 02 0100 c2 02 0102'),
      is: 'likely answers',
    },
    {
      name: 'communication is set up',
      dport: 102,
      bytes: hex('03000019 02f080 32 01 0000 0400 0008 0000 f0 00 0001 0001 01e0'),
      is: 'certain asks',
    },
    {
      name: 'the answer',
      sport: 102,
      bytes: hex('0300001b 02f080 32 03 0000 0400 0008 0000 0000 f0 00 0001 0001 00f0'),
      is: 'certain answers',
    },
    {
      name: 'user data',
      dport: 102,
      bytes: hex('03000021 02f080 32 07 0000 0500 0008 0008 000112041144010 0ff09000400110000'),
      is: 'certain',
    },
    {
      name: 'the newer form',
      dport: 102,
      bytes: hex('0300001c 02f080 72 01 0010 31 0000 04ca 0000 0002 00000120 36 000000'),
      is: 'certain',
    },
    {
      name: 'a connection of a remote desktop',
      dport: 3389,
      bytes: hex('03000013 0e e0 0000 0000 00 01 00 0800 03000000'),
      is: 'no',
    },
    {
      name: 'a connection of MMS',
      dport: 102,
      bytes: hex('03000016 11 e0 0000 0001 00 c0 01 0a c1 02 0000 c2 02 0001'),
      is: 'no',
    },
    {
      name: 'a length beyond the segment',
      dport: 102,
      bytes: hex('03000099 02f080 32 01 0000 0400 0008 0000'),
      is: 'no',
    },
  ]);
});
