/**
 * What holds for every platform: what is rendered and read back lets through exactly what was
 * meant, nothing a person or a capture writes becomes syntax, and no text makes the parser crash or
 * hang. One fixed policy is kept as a golden file per platform.
 */
import { describe, expect, it } from 'vitest';
import { diceOf, randomPolicy } from '../../test/builders/policy.ts';
import { compareFilters } from '../policy/compare.ts';
import { acceptedBy, verdictSpaces } from '../policy/evaluate.ts';
import type { Policy } from '../policy/intent.ts';
import { planFor } from '../policy/plan.ts';
import { PLATFORMS, platformNamed } from './platforms.ts';

/** Policies by platform; many more were tried by hand (docs/policy.md says how many). */
const POLICIES = Number(process.env.PORTREEVE_POLICIES ?? 150);
const MUTATIONS = Number(process.env.PORTREEVE_MUTATIONS ?? 1500);

const sample = (seed: number): Policy => randomPolicy(diceOf(seed));

describe('platformNamed', () => {
  it('knows every name and alias once, whatever the case', () => {
    const names = PLATFORMS.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(platformNamed(name.toUpperCase())).toBeDefined();
    expect(platformNamed('abacus')).toBeUndefined();
  });
});

describe.each(PLATFORMS)('$name', ({ name, render, parse, capabilities }) => {
  const { stateful } = capabilities;

  it('reads back what it writes as exactly what was meant', () => {
    let rendered = 0;
    for (let seed = 0; seed < POLICIES; seed++) {
      const plan = planFor(sample(seed), { stateful, nowMs: 0 });
      const { text, refusals } = render(plan);
      if (text === undefined) {
        for (const { what } of refusals) expect(what, `seed ${seed}`).toMatch(/^[A-Z].*\.$/s);
        expect(refusals.length).toBeGreaterThan(0);
        continue;
      }
      rendered++;
      const { filter, faults } = parse(text);
      expect(faults, `seed ${seed}\n${text}`).toEqual([]);
      const differences = compareFilters(verdictSpaces(), plan.filter, filter, plan.zones);
      expect(differences, `seed ${seed}\n${text}`).toEqual([]);
    }
    // A platform that refuses nearly everything would pass otherwise.
    expect(rendered).toBeGreaterThan(POLICIES / 10);
  });

  it('says who can still manage the machine that filters', () => {
    const texts = [1, 2, 3, 4, 5].flatMap((seed) => {
      return render(planFor(sample(seed), { stateful, nowMs: 0 })).text ?? [];
    });
    expect(texts.length).toBeGreaterThan(0);
    for (const text of texts) expect(text).toMatch(/^(?:[#!] | *")Manage: +\S.{40}/m);
    for (const line of capabilities.management) expect(line.length).toBeLessThanOrEqual(90);
  });

  it('writes the same text for the same plan', () => {
    const write = () => render(planFor(sample(7), { stateful, nowMs: 0 }));
    expect(write()).toEqual(write());
  });

  it('survives mutated texts, and says so when it did not understand', () => {
    const dice = diceOf(99);
    const texts = Array.from({ length: 12 }, (_, seed) => {
      return render(planFor(sample(seed + 500), { stateful, nowMs: 0 })).text ?? '';
    }).filter((text) => text !== '');
    for (let round = 0; round < MUTATIONS && texts.length > 0; round++) {
      const text = mutated(texts[round % texts.length]!, dice);
      const { filter, faults } = parse(text);
      for (const { line, what } of faults) {
        expect(line, what).toBeGreaterThan(0);
        expect(what).toMatch(/^[A-Z“].*\.$/s);
      }
      if (round % 10 === 0 && faults.length === 0) {
        acceptedBy(verdictSpaces(), filter, { hook: 'forward' });
      }
    }
  });

  it('finds an unknown word wherever it stands', () => {
    const text = render(planFor(sample(3), { stateful, nowMs: 0 })).text;
    if (text === undefined) return;
    const lines = text.split('\n');
    const comment = /^\s*(#|!|;|\/\/|:|rem )/i;
    for (const [index, line] of lines.entries()) {
      if (line.trim() === '' || comment.test(line)) continue;
      const broken = [...lines];
      broken.splice(index + 1, 0, 'xyzzy-unknown plugh');
      expect(parse(broken.join('\n')).faults, `after line ${index + 1}: ${line}`).not.toEqual([]);
    }
  });

  it('writes the example as in the golden file', async () => {
    // Where the platform cannot express this example, the longest of some others.
    const texts = Array.from({ length: 40 }, (_, index) => index + 11).map(
      (seed) => render(planFor(sample(seed), { stateful, nowMs: 0 })).text,
    );
    const longest = texts.reduce((one = '', two = '') => (two.length > one.length ? two : one));
    const shown = texts[0] ?? longest;
    await expect(shown ?? '').toMatchFileSnapshot(`../../test/golden/acl/${name}.txt`);
  });
});

function mutated(text: string, dice: (below: number) => number): string {
  let result = text;
  for (let count = 1 + dice(3); count > 0; count--) {
    const at = dice(result.length);
    const end = Math.min(result.length, at + dice(12));
    switch (dice(5)) {
      case 0:
        result = result.slice(0, at) + result.slice(end);
        break;
      case 1:
        result = result.slice(0, at) + String.fromCharCode(dice(256)) + result.slice(at + 1);
        break;
      case 2:
        result = result.slice(0, at) + result.slice(dice(result.length), dice(result.length) + 20);
        break;
      case 3:
        result = result.slice(0, end) + result.slice(at);
        break;
      default: {
        const words = result.split(' ');
        words[dice(words.length)] = words[dice(words.length)]!;
        result = words.join(' ');
      }
    }
    if (result.length === 0) return '\n';
  }
  return result;
}
