/** Composed by HP’s PJL Technical Reference Manual. */
import { describe } from 'vitest';
import { testDetector } from '../../../test/builders/payload.ts';
import { JETDIRECT } from './jetdirect.ts';

describe('jetdirect', () => {
  testDetector(JETDIRECT, [
    {
      name: 'a job with its language',
      dport: 9100,
      bytes: '\u001b%-12345X@PJL JOB NAME="letter"\r\n',
      is: 'certain asks',
    },
    { name: 'which printer', dport: 9100, bytes: '@PJL INFO ID\r\n', is: 'certain' },
    {
      name: 'this printer',
      sport: 9100,
      bytes: '@PJL INFO ID\r\n"LASERJET 4000 SERIES"\r\n\f',
      is: 'certain answers',
      facts: ['product = LASERJET 4000 SERIES'],
    },
    { name: 'PostScript', dport: 9100, bytes: '%!PS-Adobe-3.0\n%%Pages: 1\n', is: 'likely asks' },
    { name: 'PCL', dport: 9100, bytes: '\u001bE\u001b&l1X', is: 'likely asks' },
    { name: 'colours of a terminal', dport: 9100, bytes: '\u001b[31mred\u001b[0m', is: 'no' },
    { name: 'a PDF', dport: 9100, bytes: '%PDF-1.7\n', is: 'no' },
  ]);
});
