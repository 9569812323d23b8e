/** Answers of services under test: who gave them, on which port, and what should be found in them. */
import { expect, it } from 'vitest';
import { recognise } from '../../src/sources/scan/services/identify.ts';
import type { Recogniser } from '../../src/sources/scan/services/recogniser.ts';

type Expected = Readonly<{ name: string; product?: string; version?: string; extra?: string }>;

/** An answer as a server gives it; further fields of what is found must be absent. */
export type Answer = readonly [who: string, port: number, octets: Uint8Array, expected: Expected];

/** Tests that each answer tells what it should, there and on another port, whole and cut anywhere. */
export function testAnswers(recognisers: readonly Recogniser[], answers: readonly Answer[]): void {
  it.each(answers)('%s (port %i)', (_, port, octets, expected) => {
    const {
      details: _details,
      confidence: _confidence,
      ...found
    } = recognise(recognisers, octets, port) ?? {};
    expect(found).toEqual(expected);
    expect(recognise(recognisers, octets, 31_337)?.name).toBe(expected.name);
  });

  it.each(answers)('%s (port %i) is read at every length without a fault', (_, port, octets) => {
    for (let length = 0; length <= octets.length; length++) {
      expect(() => recognise(recognisers, octets.slice(0, length), port)).not.toThrow();
    }
  });
}
