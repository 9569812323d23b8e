/**
 * Every fixture of flow export against its `.json` twin: datagrams as they are sent, in a capture;
 * and the same damaged, from which nothing may come that is not in them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  captureOf,
  parseDatagrams,
  readExports,
  type SentDatagram,
} from '../../../test/builders/flow-exports.ts';
import { formatAddress, parseAddress } from '../../net/address.ts';

const FOLDER = fileURLToPath(new URL('fixtures/', import.meta.url));
const FEWEST = 12;
const DAMAGED = 100;

const protocols = readdirSync(FOLDER).sort();

function datagramsOf(protocol: string, file: string): SentDatagram[] {
  return parseDatagrams(readFileSync(join(FOLDER, protocol, file), 'utf8'));
}

describe.each(protocols)('%s', (protocol) => {
  const files = readdirSync(join(FOLDER, protocol)).filter((file) => file.endsWith('.hex'));

  it('has enough fixtures', () => {
    expect(files.length).toBeGreaterThanOrEqual(FEWEST);
  });

  it.each(files)('%s reads as its twin says', async (file) => {
    const twin = join(FOLDER, protocol, file.replace(/hex$/, 'json'));
    const reading = await readExports(captureOf(datagramsOf(protocol, file)));
    expect(reading).toEqual(JSON.parse(readFileSync(twin, 'utf8')));
  });

  it('says nothing that damaged datagrams do not hold', async () => {
    const change = fc.record({ at: fc.nat(4000), put: fc.uint8Array({ maxLength: 4 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.array(change, { minLength: 1, maxLength: 4 }),
        fc.nat(500),
        async (file, changes, cut) => {
          const datagrams = datagramsOf(protocol, file).map((each) => ({
            ...each,
            bytes: damaged(each.bytes, changes, cut),
          }));
          const { verdicts } = await readExports(captureOf(datagrams));
          const octets = datagrams.map(({ bytes }) => Buffer.from(bytes).toString('hex')).join(' ');
          for (const { source, destination } of verdicts) {
            expect(octets).toContain(hexOf(source));
            expect(octets).toContain(hexOf(destination));
          }
        },
      ),
      { numRuns: DAMAGED },
    );
  });
});

function damaged(
  bytes: Uint8Array,
  changes: readonly { at: number; put: Uint8Array }[],
  cut: number,
): Uint8Array {
  const copy = bytes.slice();
  for (const { at, put } of changes) {
    if (copy.length > put.length) copy.set(put, at % (copy.length - put.length));
  }
  return cut < 200 ? copy.subarray(0, cut) : copy;
}

/** The octets of an address; of an absent one those of a fixture's unset field: none. */
function hexOf(text: string | null | undefined): string {
  if (text === null || text === undefined || text === '0.0.0.0' || text === '::') return '';
  const address = parseAddress(text)!;
  expect(formatAddress(address)).toBe(text);
  return Buffer.from(octetsOf(text)).toString('hex');
}

function octetsOf(text: string): number[] {
  if (!text.includes(':')) return text.split('.').map(Number);
  const [head = '', tail] = text.split('::');
  const words = (part: string) =>
    part === '' ? [] : part.split(':').flatMap((word) => wordsOf(word));
  const [left, right] = [words(head), words(tail ?? '')];
  const gap = tail === undefined ? 0 : 8 - left.length - right.length;
  const all = [...left, ...Array.from({ length: gap }, () => 0), ...right];
  return all.flatMap((word) => [word >> 8, word & 255]);
}

/** A group of an IPv6 address; the dotted form of the last four octets is two. */
function wordsOf(word: string): number[] {
  if (!word.includes('.')) return [Number.parseInt(word, 16)];
  const [a, b, c, d] = word.split('.').map(Number);
  return [(a! << 8) | b!, (c! << 8) | d!];
}
