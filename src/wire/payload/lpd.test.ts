/** Composed by RFC 1179 section 5. */
import { describe } from 'vitest';
import { testDetector } from '../../../test/builders/payload.ts';
import { LPD } from './lpd.ts';

describe('lpd', () => {
  testDetector(LPD, [
    { name: 'a job', dport: 515, bytes: '\u0002laser-2\n', is: 'likely asks' },
    { name: 'the queue', dport: 515, bytes: '\u0003laser-2 all\n', is: 'likely asks' },
    { name: 'the queue at length', dport: 515, bytes: '\u0004laser-2\n', is: 'likely asks' },
    { name: 'command 6', dport: 515, bytes: '\u0006laser-2\n', is: 'no' },
    { name: 'no line end', dport: 515, bytes: '\u0002laser-2', is: 'no' },
    { name: 'two lines', dport: 515, bytes: '\u0002laser-2\n\u0002x\n', is: 'no' },
    { name: 'a blank in the name of a queue', dport: 515, bytes: '\u0002laser 2\n', is: 'no' },
  ]);
});
