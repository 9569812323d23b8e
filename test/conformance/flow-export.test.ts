/**
 * Datagrams of real exporters of NetFlow and IPFIX, from a codec's test suite: all are recognised but
 * the two whose count of records is damaged.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NETFLOW } from '../../src/wire/payload/netflow.ts';
import { payloadOf, saidOf } from '../builders/payload.ts';
import { corpus } from './corpora.ts';

const folder = corpus('netflow');

describe.skipIf(folder === undefined)('flow export of the NetFlow corpus', () => {
  const files = folder === undefined ? [] : readdirSync(folder).filter((f) => f.endsWith('.dat'));

  it('is told from payloads', () => {
    const missed = files.filter((file) => {
      const bytes = Uint8Array.from(readFileSync(join(folder!, file)));
      return saidOf(NETFLOW, payloadOf(bytes, { transport: 17, dport: 2055 })) === 'no';
    });
    expect(missed).toEqual(['netflow5_test_invalid01.dat', 'netflow5_test_invalid02.dat']);
    expect(files.length).toBeGreaterThan(50);
  });
});
