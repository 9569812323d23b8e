/** For tests: one file read by the log reader, as the `.json` twin beside it says it must be. */
import { basename } from 'node:path';
import type { Verdict } from '../../src/model/verdict.ts';
import { LogReader } from '../../src/sources/logs/log-reader.ts';
import type { LineKind } from '../../src/sources/logs/log-tally.ts';
import type { Mapping } from '../../src/sources/logs/mapping.ts';

/** Every fixture is read as if this were the present: Sunday, 22 November 2026, 12:00 UTC. */
export const FIXTURE_NOW_MS = Date.UTC(2026, 10, 22, 12);

/** What a twin holds. Members of a verdict that say nothing are left out. */
export interface Reading {
  readonly verdicts: readonly Partial<Verdict>[];
  /** Lines by format and kind: `netfilter cut-off`. */
  readonly faults: Readonly<Record<string, number>>;
  readonly silent: Readonly<Record<string, number>>;
  readonly gaps: Readonly<Record<string, number | null>>;
  readonly others: Readonly<Record<string, number>>;
}

const DEFAULTS: Readonly<Record<string, unknown>> = {
  event: 'packet',
  count: 1,
  initiator: 'unknown',
  direction: 'none',
  group: false,
};

/** Reads one file. Its locators begin with its base name. */
export async function readFixture(path: string, mapping?: Mapping): Promise<Reading> {
  const verdicts: Partial<Verdict>[] = [];
  const options = {
    ...{ nowMs: FIXTURE_NOW_MS, seed: 7, datedByNow: true },
    ...(mapping === undefined ? {} : { mappings: [mapping] }),
  };
  const reader = new LogReader(options, (batch) => {
    for (let row = 0; row < batch.count; row++) {
      verdicts.push(brief(batch.verdictAt(row, [basename(path)])));
    }
  });
  await reader.read([path]);
  const { faults, silent, gaps, others } = reader.tally;
  return {
    verdicts,
    faults: counts(faults),
    silent: counts(silent),
    gaps: Object.fromEntries([...gaps].map(([key, { missed }]) => [key, missed])),
    others: counts(others),
  };
}

/** The verdict without members that say nothing. */
export function brief({ kind: _kind, ...verdict }: Verdict): Partial<Verdict> {
  return Object.fromEntries(
    Object.entries(verdict).filter(([key, value]) => value !== null && value !== DEFAULTS[key]),
  );
}

function counts(kinds: ReadonlyMap<string, LineKind>): Record<string, number> {
  return Object.fromEntries([...kinds].map(([key, { lines }]) => [key, lines]));
}
