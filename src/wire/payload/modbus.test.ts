/** Composed by the Modbus Application Protocol V1.1b3, sections 6 and 7. */
import { describe } from 'vitest';
import { hex, zeros } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { MODBUS } from './modbus.ts';

describe('modbus', () => {
  testDetector(MODBUS, [
    {
      name: 'reading registers',
      dport: 502,
      bytes: hex('0001 0000 0006 01 03 0000 0004'),
      is: 'certain asks',
    },
    {
      name: 'their values',
      sport: 502,
      bytes: hex('0001 0000 000b 01 03 08 0001000200030004'),
      is: 'certain answers',
    },
    {
      name: 'writing several registers',
      dport: 502,
      bytes: hex('0002 0000 000b 01 10 0001 0002 04 00050006'),
      is: 'certain asks',
    },
    {
      name: 'written',
      sport: 502,
      bytes: hex('0002 0000 0006 01 10 0001 0002'),
      is: 'certain answers',
    },
    {
      name: 'writing one coil, or its copy',
      dport: 502,
      bytes: hex('0003 0000 0006 01 05 0001 ff00'),
      is: 'certain',
    },
    {
      name: 'an exception',
      sport: 502,
      bytes: hex('0004 0000 0003 01 83 02'),
      is: 'likely answers',
    },
    {
      name: 'asking for the device',
      dport: 502,
      bytes: hex('0005 0000 0005 01 2b 0e 01 00'),
      is: 'certain asks',
    },
    {
      name: 'the device',
      sport: 502,
      bytes: hex('0005 0000 0017 01 2b 0e 01 81 00 00 03 00 03 4c6162 01 03 4c4d31 02 03 312e32'),
      is: 'certain',
      facts: ['vendor = Lab', 'product-code = LM1', 'version = 1.2'],
    },
    {
      name: 'two questions in one segment',
      dport: 502,
      bytes: hex('0001 0000 0006 01 03 0000 0004 0002 0000 0006 01 03 0004 0004'),
      is: 'certain asks',
    },
    {
      name: 'a transaction of the same number',
      dport: 502,
      bytes: hex('3084 0000 0006 02 02 01a1 4200'),
      is: 'likely',
    },
    {
      name: 'the beginning of a message of LDAP',
      dport: 389,
      bytes: hex('3084 0000 0006 02 02 01a1 4200'),
      is: 'no',
    },
    {
      name: 'another protocol number',
      dport: 502,
      bytes: hex('0001 0001 0006 01 03 0000 0004'),
      is: 'no',
    },
    {
      name: 'a length that does not fit the function',
      dport: 502,
      bytes: hex('0001 0000 0007 01 03 0000 0004 00'),
      is: 'no',
    },
    { name: 'function 0', dport: 502, bytes: hex('0001 0000 0006 01 00 0000 0004'), is: 'no' },
    { name: 'zeros', dport: 502, bytes: zeros(12), is: 'no' },
    { name: 'a function without its data', bytes: hex('00be 0000 0002 01 17'), is: 'no' },
    { name: 'a read of nothing', bytes: hex('0001 0000 0006 01 03 0000 0000'), is: 'no' },
    {
      name: 'a read beyond the last register',
      bytes: hex('0001 0000 0006 01 03 ffff 0002'),
      is: 'no',
    },
    { name: 'a coil neither on nor off', bytes: hex('0001 0000 0006 01 05 0000 0001'), is: 'no' },
    { name: 'a reserved unit', bytes: hex('0001 0000 0006 f9 03 0000 0001'), is: 'no' },
    { name: 'unit 0 is read', bytes: hex('0001 0000 0006 00 03 0000 0001'), is: 'likely asks' },
  ]);
});
