/** Composed in the form that Dropbox’s clients broadcast. */
import { describe } from 'vitest';
import { testDetector } from '../../../test/builders/payload.ts';
import { DROPBOX } from './dropbox.ts';

describe('dropbox', () => {
  testDetector(DROPBOX, [
    {
      name: 'an announcement',
      transport: 17,
      sport: 17500,
      dport: 17500,
      bytes:
        '{"host_int": 13562, "version": [2, 0], "displayname": "", "port": 17500, "namespaces": [1, 2]}',
      is: 'certain',
      facts: ['expect dropbox at source 17500'],
    },
    {
      name: 'another order and another port',
      transport: 17,
      sport: 17500,
      dport: 17500,
      bytes: '{"version":[2,0],"port":17600,"host_int":1,"namespaces":[7]}',
      is: 'certain',
      facts: ['expect dropbox at source 17600'],
    },
    {
      name: 'no port',
      transport: 17,
      dport: 17500,
      bytes: '{"host_int": 13562, "version": [2, 0], "namespaces": []}',
      is: 'certain',
    },
    {
      name: 'another object',
      transport: 17,
      dport: 17500,
      bytes: '{"host": "pc-1", "version": [2, 0], "names": []}',
      is: 'no',
    },
    {
      name: 'an array',
      transport: 17,
      dport: 17500,
      bytes: '["host_int", "namespaces", "port", 17500]',
      is: 'no',
    },
  ]);
});
