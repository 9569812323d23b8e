import { describe } from 'vitest';
import { hex, join } from '../../../test/builders/bytes.ts';
import { testDetector } from '../../../test/builders/payload.ts';
import { BGP } from './bgp.ts';

const MARKER = new Uint8Array(16).fill(0xff);

describe('bgp', () => {
  testDetector(BGP, [
    {
      name: 'opening',
      bytes: join(MARKER, hex('001d 01 04 fde8 00b4 c0000201 00')),
      is: 'certain',
    },
    {
      name: 'opening of a server',
      bytes: join(MARKER, hex('001d 01 04 5ba0 00b4 c0000202 00')),
      fromServer: true,
      is: 'certain',
      facts: ['autonomous system = 23456'],
    },
    { name: 'sign of life', bytes: join(MARKER, hex('0013 04')), is: 'certain' },
    { name: 'update', bytes: join(MARKER, hex('0017 02 0000 0000')), is: 'certain' },
    { name: 'version 3', bytes: join(MARKER, hex('001d 01 03 fde8 00b4 c0000201 00')), is: 'no' },
    { name: 'type that is none', bytes: join(MARKER, hex('0013 09')), is: 'no' },
    { name: 'ones', bytes: new Uint8Array(40).fill(0xff), is: 'no' },
  ]);
});
