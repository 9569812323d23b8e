/** Documents of records into lines: whatever the pieces they come in, the lines are the same. */
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openStandardInput } from '../pcap/byte-source.ts';
import { JsonRecords, recordDepth } from './json-records.ts';

async function linesOf(text: string, pieces: number, room: number): Promise<string> {
  const depth = recordDepth(new TextEncoder().encode(text));
  const octets = Buffer.from(text);
  const parts: Buffer[] = [];
  for (let at = 0; at < octets.length; at += pieces) parts.push(octets.subarray(at, at + pieces));
  const source = new JsonRecords(await openStandardInput(Readable.from(parts)), depth);
  const target = new Uint8Array(room + 2);
  const decoder = new TextDecoder();
  let out = '';
  for (;;) {
    const count = await source.read(target, 1, room);
    if (count === 0) break;
    expect(count).toBeLessThanOrEqual(room);
    expect(target[room + 1]).toBe(0);
    out += decoder.decode(target.subarray(1, 1 + count), { stream: true });
  }
  await source.close();
  return out;
}

describe('recordDepth', () => {
  it.each([
    ['[{"a":1}]', 1],
    [' [\n {', 1],
    ['{"records":[{}]}', 2],
    ['{\n  "records" : [', 2],
    ['{\r\n "a": 1', 0],
    ['{"a":1}\n{"a":2}\n', -1],
    ['[12.345] IN=eth0', -1],
    ['', -1],
    ['{', -1],
  ])('of %j is %d', (text, depth) => {
    expect(recordDepth(new TextEncoder().encode(text))).toBe(depth);
  });
});

describe('JsonRecords', () => {
  it.each([
    ['[{"a":1},{"b":[1,{"c":2}]}]', '{"a":1}\n{"b":[1,{"c":2}]}\n'],
    ['{"records":[{"a":1},\n{"b":2}]}', '{"a":1}\n{"b":2}\n'],
    ['{\n"a":1\n}\n{\n"b":2}', '{ "a":1 }\n{ "b":2}\n'],
    ['[{"a":"}]{[,\\""},{"b":2}]', '{"a":"}]{[,\\""}\n{"b":2}\n'],
    ['[{"a":1}, 7, {"b":2}]', '{"a":1}\n7\n{"b":2}\n'],
    ['[{"a":1},{"b":', '{"a":1}\n{"b":'],
    ['[{"a":"never\n},{"b":2}]', '{"a":"never }\n{"b":2}\n'],
    ['{"records":[]}\n{"records":[{"a":1}]}', '{"a":1}\n'],
    ['[{}]', '{}\n'],
  ])('makes lines of %j', async (text, lines) => {
    expect(await linesOf(text, 4096, 4096)).toBe(lines);
  });

  it('gives the same for any size of pieces and of room', async () => {
    const value = fc.array(fc.dictionary(fc.string({ maxLength: 4 }), fc.jsonValue()), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(
        value,
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 0, max: 2 }),
        async (records, pieces, room, space) => {
          const expected = records.map((record) => `${JSON.stringify(record)}\n`).join('');
          const lines = await linesOf(JSON.stringify(records, null, space), pieces, room);
          const compact = lines
            .split('\n')
            .filter((line) => line !== '')
            .map((line) => `${JSON.stringify(JSON.parse(line))}\n`);
          expect(compact.join('')).toBe(expected);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('passes on what is no JSON without an end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 60 }), async (rest) => {
        const lines = await linesOf(`[{"a":1},${rest}`, 7, 5);
        expect(lines.startsWith('{"a":1}\n')).toBe(true);
        expect(lines.length).toBeLessThanOrEqual(2 * rest.length + 9);
      }),
    );
  });
});
