/** Composed by RFC 8907 section 4. */
import { describe } from 'vitest';
import { hex, join, u32, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { TACACS } from './tacacs.ts';

describe('tacacs', () => {
  testDetector(TACACS, [
    {
      name: 'a login begins',
      dport: 49,
      bytes: join(hex('c0 01 01 00 12345678'), u32(20), zeros(20)),
      is: 'certain asks',
    },
    {
      name: 'the password is asked for',
      sport: 49,
      bytes: join(hex('c0 01 02 00 12345678'), u32(16), zeros(16)),
      is: 'certain answers',
    },
    {
      name: 'a command in clear',
      dport: 49,
      bytes: join(hex('c0 02 01 01 12345678'), u32(30), zeros(30)),
      is: 'certain asks',
      facts: ['security = unencrypted'],
    },
    {
      name: 'minor version 1, one connection for all',
      dport: 49,
      bytes: join(hex('c1 01 01 04 12345678'), u32(20), zeros(20)),
      is: 'certain asks',
    },
    {
      name: 'a length that does not fit',
      dport: 49,
      bytes: join(hex('c0 01 01 00 12345678'), u32(21), zeros(20)),
      is: 'no',
    },
    {
      name: 'sequence number zero',
      dport: 49,
      bytes: join(hex('c0 01 00 00 12345678'), u32(20), zeros(20)),
      is: 'no',
    },
    {
      name: 'kind 4',
      dport: 49,
      bytes: join(hex('c0 04 01 00 12345678'), u32(20), zeros(20)),
      is: 'no',
    },
  ]);
});
