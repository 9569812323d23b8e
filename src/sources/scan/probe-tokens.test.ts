import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProbeTokens } from './probe-tokens.ts';
import { TRY_PORTS } from './raw-scan.ts';

const tokens = new ProbeTokens();
const word = fc.integer({ min: 0, max: 0xffffffff });
const port = fc.integer({ min: 0, max: 65_535 });

describe('a probe', () => {
  it('is known by its source port among the latest tries', () => {
    const tries = fc.integer({ min: 1, max: 255 });
    const back = fc.integer({ min: 0, max: TRY_PORTS - 1 });
    fc.assert(
      fc.property(tries, back, (made, ago) => {
        fc.pre(ago < made);
        const source = tokens.portOf(made - 1 - ago);
        expect(tokens.isOurs(source)).toBe(true);
        expect(tokens.attemptOf(source, made)).toBe(made - 1 - ago);
      }),
    );
  });

  it('of which none left from a port has no try there', () => {
    expect(tokens.attemptOf(tokens.portOf(3), 3)).toBeLessThan(0);
    expect(tokens.attemptOf(tokens.portOf(0), 0)).toBeLessThan(0);
    expect(tokens.isOurs(tokens.portOf(0) - 1)).toBe(false);
    expect(tokens.isOurs(tokens.portOf(0) + TRY_PORTS)).toBe(false);
  });

  it('has a token of its own for host, port and source port, which is never 0', () => {
    fc.assert(
      fc.property(word, word, port, port, (one, other, at, from) => {
        fc.pre(one !== other);
        const token = tokens.tokenOf(tokens.keyOf([one]), at, from);
        expect(token).toBeGreaterThan(0);
        expect(token).toBeLessThanOrEqual(0xffffffff);
        expect(tokens.tokenOf(tokens.keyOf([one]), at, from)).toBe(token);
        // Three chances in four billion, a thousand times.
        expect(tokens.tokenOf(tokens.keyOf([other]), at, from)).not.toBe(token);
        expect(tokens.tokenOf(tokens.keyOf([one]), at ^ 1, from)).not.toBe(token);
        expect(tokens.tokenOf(tokens.keyOf([one]), at, from ^ 1)).not.toBe(token);
      }),
    );
  });
});
