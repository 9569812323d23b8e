/**
 * When may a refinement stop? When everything denied was decided on, nothing new was denied for as
 * long as the business takes to come round (named cycles: a day, a week, the payroll's month), few
 * attempts are still to be expected from conversations nobody has seen, and the log can be trusted.
 *
 * The share still unseen is that of Good and Turing (Good 1953, “The population frequencies of
 * species”): conversations seen once, of all attempts. It is taken over the longest cycle alone,
 * since what was allowed meanwhile is often logged no more. It holds for independent attempts;
 * traffic in bursts looks more complete than it is.
 */

/** A time after which business has come round. */
export interface Cycle {
  readonly name: string;
  readonly ms: number;
}

/** At most this share of attempts may still come from conversations nobody has seen. */
export const UNSEEN_ENOUGH = 0.001;
/** Parts of the longest cycle that are counted apart. */
const PARTS = 64;

interface Counted {
  readonly firstMs: number;
  lastMs: number;
  /** Attempts by part of time. */
  readonly parts: Map<number, number>;
}

/** Attempts by conversation, over the longest cycle. */
export class AttemptCounts {
  readonly cycles: readonly Cycle[];
  private readonly windowMs: number;
  private readonly partMs: number;
  private readonly counted = new Map<string, Counted>();

  /** @param cycles at least one */
  constructor(cycles: readonly Cycle[]) {
    this.cycles = cycles;
    this.windowMs = Math.max(...cycles.map(({ ms }) => ms));
    this.partMs = this.windowMs / PARTS;
  }

  add(key: string, atMs: number): void {
    const part = Math.floor(atMs / this.partMs);
    const known = this.counted.get(key);
    if (known === undefined) {
      this.counted.set(key, { firstMs: atMs, lastMs: atMs, parts: new Map([[part, 1]]) });
      return;
    }
    known.lastMs = Math.max(known.lastMs, atMs);
    known.parts.set(part, (known.parts.get(part) ?? 0) + 1);
    if (known.parts.size <= 2 * PARTS) return;
    for (const old of known.parts.keys()) {
      if (old < part - PARTS) known.parts.delete(old);
    }
  }

  /** When the conversation that came last was tried first; undefined without any. */
  newestMs(noise: ReadonlySet<string>): number | undefined {
    let newest: number | undefined;
    for (const [key, { firstMs }] of this.counted) {
      if (!noise.has(key)) newest = Math.max(newest ?? firstMs, firstMs);
    }
    return newest;
  }

  /**
   * Attempts in the cycle that ends at `untilMs`, and the share of attempts to be expected from
   * conversations not seen yet; null without attempts.
   */
  unseen(untilMs: number, noise: ReadonlySet<string>): { attempts: number; share: number | null } {
    const from = Math.floor((untilMs - this.windowMs) / this.partMs);
    let attempts = 0;
    let once = 0;
    for (const [key, { parts, firstMs }] of this.counted) {
      if (noise.has(key)) continue;
      let own = 0;
      for (const [part, count] of parts) if (part >= from) own += count;
      attempts += own;
      // Known from before: its single attempt is no first one.
      if (own === 1 && firstMs >= from * this.partMs) once++;
    }
    return { attempts, share: attempts === 0 ? null : once / attempts };
  }
}

/** One condition of stopping. */
export interface StopCondition {
  readonly condition: string;
  readonly holds: boolean;
  readonly soFar: string;
}

export interface Closure {
  readonly mayStop: boolean;
  readonly conditions: readonly StopCondition[];
  /** For how long nothing new was denied, ms. */
  readonly quietMs: number;
  /** Share of attempts to be expected from conversations not seen yet; null: nothing to tell. */
  readonly unseen: number | null;
}

export interface ClosureFacts {
  /** Conversations nobody decided on. */
  readonly open: number;
  /** Allowed by decision and denied all the same, later. */
  readonly stillDenied: number;
  /** Conversations set aside as noise, by their keys. */
  readonly noise: ReadonlySet<string>;
  /** What was watched, ms since 1970; undefined when nothing was. */
  readonly fromMs: number | undefined;
  readonly untilMs: number | undefined;
  /** Why silence proves nothing, a clause each. */
  readonly doubts: readonly string[];
}

/** Every condition, those that hold too; the refinement may stop when all do. */
export function closureOf(counts: AttemptCounts, facts: ClosureFacts): Closure {
  const { open, stillDenied, noise, fromMs, untilMs, doubts } = facts;
  const newest = counts.newestMs(noise) ?? fromMs ?? 0;
  const quietMs = Math.max(0, (untilMs ?? 0) - Math.max(newest, fromMs ?? 0));
  const { attempts, share } = counts.unseen(untilMs ?? 0, noise);
  const conditions: StopCondition[] = [
    {
      condition: 'every denied conversation is decided on',
      holds: open === 0,
      soFar: open === 0 ? 'none is open' : `${open} open`,
    },
    {
      condition: 'nothing is denied that was allowed',
      holds: stillDenied === 0,
      soFar: stillDenied === 0 ? 'nothing' : `${stillDenied} still denied: install the rules`,
    },
    ...counts.cycles.map(({ name, ms }) => ({
      condition: `nothing new for one ${name} (${spanText(ms)})`,
      holds: untilMs !== undefined && quietMs >= ms,
      soFar: untilMs === undefined ? 'nothing was watched' : `for ${spanText(quietMs)}`,
    })),
    {
      condition: `at most ${UNSEEN_ENOUGH * 100} % of attempts are new ones`,
      // Without attempts silence itself is all there is, and the cycles judge that.
      holds: share === null || share <= UNSEEN_ENOUGH,
      soFar:
        share === null
          ? 'no attempt in the last cycle'
          : `about ${percent(share)} of ${attempts} attempts`,
    },
    {
      condition: 'the log can be trusted to tell all',
      holds: doubts.length === 0,
      soFar: doubts.length === 0 ? 'no doubt known' : doubts.join('; '),
    },
  ];
  return { mayStop: conditions.every(({ holds }) => holds), conditions, quietMs, unseen: share };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.01 ? 2 : 1)} %`;
}

const UNITS = [
  [86_400_000, 'days'],
  [3_600_000, 'hours'],
  [60_000, 'minutes'],
] as const;

/** `7 days`, `3.5 hours`, `40 seconds`. */
function spanText(ms: number): string {
  for (const [unit, name] of UNITS) {
    if (ms < unit) continue;
    const count = Math.floor((ms / unit) * 10) / 10;
    return count === 1 ? `1 ${name.slice(0, -1)}` : `${count} ${name}`;
  }
  const seconds = Math.floor(ms / 1000);
  return seconds === 1 ? '1 second' : `${seconds} seconds`;
}
