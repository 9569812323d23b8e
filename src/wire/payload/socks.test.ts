/** Fixtures from curl 7.88 and microsocks 1.0 (Debian 12), and composed by RFC 1928 and 1929. */
import { describe, expect, it } from 'vitest';
import { hex, zeros } from '../../../test/builders/bytes.ts';
import { factsOf, payloadOf, testDetector } from '../../../test/builders/payload.ts';
import { SOCKS } from './socks.ts';

describe('socks', () => {
  testDetector(SOCKS, [
    {
      name: 'methods of version 5',
      bytes: hex('05020001'),
      sport: 48670,
      dport: 1080,
      is: 'likely asks',
    },
    {
      name: 'the chosen one',
      bytes: hex('0500'),
      sport: 1080,
      dport: 48670,
      is: 'likely answers',
    },
    {
      name: 'a name to connect to',
      bytes: hex('05010003137365727665722e6578616d706c652e746573741f90'),
      sport: 48670,
      dport: 1080,
      is: 'certain',
    },
    {
      name: 'an address to connect to',
      bytes: hex('05010001c0a832011f90'),
      sport: 48678,
      dport: 1080,
      is: 'likely',
    },
    {
      name: 'a refusal',
      bytes: hex('05050001000000000000'),
      sport: 1080,
      dport: 48678,
      is: 'likely answers',
    },
    {
      name: 'a name with version 4a',
      bytes: hex('04011f9000000001007365727665722e6578616d706c652e7465737400'),
      sport: 48680,
      dport: 1080,
      is: 'certain asks',
    },
    {
      name: 'an address with version 4',
      bytes: hex('04011f90c0a8320100'),
      sport: 48694,
      dport: 1080,
      is: 'likely asks',
    },
    {
      name: 'version 4 grants it',
      sport: 1080,
      bytes: hex('00 5a 1f90 c0a83201'),
      is: 'likely answers',
    },
    {
      name: 'success in version 5',
      sport: 1080,
      bytes: hex('05 00 00 01 c0a83201 1f90'),
      is: 'likely answers',
    },
    { name: 'a method that is not assigned', dport: 1080, bytes: hex('05 01 41'), is: 'no' },
    {
      name: 'a name that does not fill its length',
      dport: 1080,
      bytes: hex('05 01 00 03 09 6162632e74657374 1f'),
      is: 'no',
    },
    {
      name: 'version 4 without an end',
      dport: 1080,
      bytes: hex('04 01 1f90 c0a83201 41'),
      is: 'no',
    },
    { name: 'zeros', dport: 1080, bytes: zeros(8), is: 'no' },
    {
      name: 'a name and a password',
      bytes: hex('01 04 75736572 06 736563726574'),
      sport: 48670,
      dport: 1080,
      is: 'likely asks',
    },
    { name: 'a login without a name', bytes: hex('01 00 06 736563726574'), is: 'no' },
    { name: 'a login that goes on', bytes: hex('01 04 75736572 06 736563726574 00'), is: 'no' },
    { name: 'a name that is none', bytes: hex('01 04 00010203 02 7365'), is: 'no' },
  ]);

  it.each([
    ['is one where the server asked for it', ['>050100', '<0502', '>01 02 6f6b 02 7077'], true],
    ['is one where only the client was captured', ['>050102', '>01 02 6f6b 02 7077'], true],
    [
      'is none in what was sent through',
      ['>050100', '<0500', '>05010001c0a832011f90', '>01 02 6f6b 02 7077'],
      false,
    ],
    ['is none without a greeting', ['>01 02 6f6b 02 7077'], false],
    ['is none behind version 4', ['>04011f90c0a8320100', '>01 02 6f6b 02 7077'], false],
  ])('a login %s', (_, sent, expected) => {
    let memory = 0;
    const facts: string[] = [];
    for (const each of sent) {
      const payload = payloadOf(hex(each.slice(1)), { dport: 1080, fromServer: each[0] === '<' });
      payload.memory = memory;
      if (SOCKS.detect(payload) !== 0) facts.push(...factsOf(SOCKS, payload));
      memory = payload.memory;
    }
    expect(facts).toEqual(expected ? ['login = in clear'] : []);
  });
});
