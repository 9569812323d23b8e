import { describe, expect, it } from 'vitest';
import { AttemptCounts, type ClosureFacts, closureOf } from './closure.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const CYCLES = [
  { name: 'day', ms: DAY },
  { name: 'week', ms: 7 * DAY },
];

/** Attempts as `key@hour`. */
function counted(...attempts: readonly string[]): AttemptCounts {
  const counts = new AttemptCounts(CYCLES);
  for (const attempt of attempts) {
    const [key, hour] = attempt.split('@');
    counts.add(key!, Number(hour) * HOUR);
  }
  return counts;
}

const SOUND: ClosureFacts = {
  ...{ open: 0, stillDenied: 0, noise: new Set(), fromMs: 0, untilMs: 8 * DAY, doubts: [] },
};

/** What keeps from stopping. */
function missing(counts: AttemptCounts, facts: Partial<ClosureFacts> = {}): string[] {
  const closure = closureOf(counts, { ...SOUND, ...facts });
  const open = closure.conditions.filter(({ holds }) => !holds);
  expect(closure.mayStop).toBe(open.length === 0);
  return open.map(({ condition, soFar }) => `${condition}: ${soFar}`);
}

describe('when to stop', () => {
  const first = counted('a@0', 'b@0');
  it.each<[string, AttemptCounts, Partial<ClosureFacts>, string[]]>([
    ['all cycles have passed', first, {}, []],
    ['nothing was ever denied', counted(), {}, []],
    ['something is open', first, { open: 2 }, ['every denied conversation is decided on: 2 open']],
    [
      'what was allowed is denied',
      first,
      { stillDenied: 1 },
      ['nothing is denied that was allowed: 1 still denied: install the rules'],
    ],
    [
      'a cycle has not passed',
      counted('a@0', 'a@1', 'b@0', 'b@2'),
      { untilMs: 3 * DAY },
      ['nothing new for one week (7 days): for 3 days'],
    ],
    [
      'it was not watched for long enough',
      counted(),
      { fromMs: 7.5 * DAY },
      [
        'nothing new for one day (1 day): for 12 hours',
        'nothing new for one week (7 days): for 12 hours',
      ],
    ],
    [
      'nothing was watched',
      counted(),
      { fromMs: undefined, untilMs: undefined },
      [
        'nothing new for one day (1 day): nothing was watched',
        'nothing new for one week (7 days): nothing was watched',
      ],
    ],
    [
      'something new came of late, once',
      counted('a@0', 'c@190', 'a@191', 'a@191'),
      {},
      [
        'nothing new for one day (1 day): for 2 hours',
        'nothing new for one week (7 days): for 2 hours',
        'at most 0.1 % of attempts are new ones: about 33.3 % of 3 attempts',
      ],
    ],
    ['what is new is noise', counted('a@0', 'c@190'), { noise: new Set(['c']) }, []],
    ['what was seen once is known from before', counted('a@0', 'b@0', 'b@1', 'a@190'), {}, []],
    [
      'the log cannot be trusted',
      first,
      { doubts: ['denials beyond 50 a second'] },
      ['the log can be trusted to tell all: denials beyond 50 a second'],
    ],
  ])('%s', (_, counts, facts, expected) => {
    expect(missing(counts, facts)).toEqual(expected);
  });

  it('forgets attempts of long ago, not conversations', () => {
    const counts = new AttemptCounts([{ name: 'hour', ms: HOUR }]);
    for (let minute = 0; minute < 10_000; minute++) counts.add('a', minute * 60_000);
    const { attempts, share } = counts.unseen(10_000 * 60_000, new Set());
    expect(attempts).toBeGreaterThanOrEqual(59);
    expect(attempts).toBeLessThanOrEqual(62);
    expect(share).toBe(0);
    expect(counts.newestMs(new Set())).toBe(0);
  });
});
