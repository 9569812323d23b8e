/** Fixtures from libcoap 4.3 (Debian 12), both sides, and composed by RFC 7252. */
import { describe } from 'vitest';
import { hex } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { COAP } from './coap.ts';

describe('coap', () => {
  testDetector(COAP, [
    {
      name: 'what is there',
      bytes: hex('4101c63401bb2e77656c6c2d6b6e6f776e04636f7265'),
      transport: 17,
      sport: 43617,
      dport: 5683,
      is: 'certain asks',
    },
    {
      name: 'what there is',
      bytes: hex(`
      6145c63401c128ff3c2f3e3b7469746c653d2247656e6572616c20496e666f223b63743d302c3c2f74696d65
      3e3b69663d22636c6f636b223b72743d227469636b73223b7469746c653d22496e7465726e616c20436c6f63
      6b223b63743d303b6f62732c3c2f6173796e633e3b63743d302c3c2f6578616d706c655f646174613e3b7469
      746c653d224578616d706c652044617461223b63743d303b6f6273
    `),
      transport: 17,
      sport: 5683,
      dport: 43617,
      is: 'likely answers',
    },
    {
      name: 'a time is asked for',
      bytes: hex('41014c7a01b474696d65'),
      transport: 17,
      sport: 58826,
      dport: 5683,
      is: 'likely asks',
    },
    {
      name: 'a change',
      bytes: hex('4103c80e01b76e6f7468696e670468657265ff68656c6c6f'),
      transport: 17,
      sport: 57293,
      dport: 5683,
      is: 'likely asks',
    },
    {
      name: 'not found',
      bytes: hex('6184c80e01ff4e6f7420466f756e64'),
      transport: 17,
      sport: 5683,
      dport: 57293,
      is: 'likely answers',
    },
    { name: 'a reset', transport: 17, sport: 5683, bytes: hex('7000 1234'), is: 'likely' },
    {
      name: 'a token of 9 octets',
      transport: 17,
      dport: 5683,
      bytes: hex('4901 1234 010203040506070809 b474696d65'),
      is: 'no',
    },
    {
      name: 'an option of the reserved length',
      transport: 17,
      dport: 5683,
      bytes: hex('4001 1234 bf 74696d65'),
      is: 'no',
    },
    {
      name: 'a mark and no payload',
      transport: 17,
      dport: 5683,
      bytes: hex('4001 1234 b474696d65 ff'),
      is: 'no',
    },
    { name: 'code 3.01', transport: 17, dport: 5683, bytes: hex('4061 1234'), is: 'no' },
    {
      name: 'a text',
      transport: 17,
      dport: 5683,
      bytes: 'All quiet in the harbour tonight.',
      is: 'no',
    },
    { name: 'a text like an answer', transport: 17, bytes: 'BEGIN\n', is: 'no' },
    {
      name: 'an instruction',
      transport: 17,
      bytes: hex('488b5df831d28b30c9e99afaffff66'),
      is: 'no',
    },
  ]);
});
