/** What `policy refine` was asked for, and when it has no answer. */
import type { PrefixRule } from '../pipeline/audit.ts';
import type { Platform } from '../pipeline/policy.ts';
import type { Cycle, Refinement } from '../pipeline/policy-refine.ts';
import { INCOMPLETE, INPUT } from './exit-codes.ts';
import { Failure } from './failure.ts';
import type { OutputOptions } from './output.ts';
import type { ReviewOptions } from './review-orders.ts';

export interface RefineOptions extends OutputOptions, ReviewOptions {
  readonly denyLog?: readonly string[];
  /** Ms; done: until it may stop; true: until interrupted. */
  readonly follow?: number | 'done' | true;
  readonly cycle?: readonly Cycle[];
  readonly for?: Platform;
  readonly rules?: string;
  readonly prefix?: readonly PrefixRule[];
  readonly utcOffset?: number;
}

/** Nothing was read at all: there is no answer then. */
export function refuseUnread({ faults, flows, strange, unusable }: Refinement): void {
  if (strange && flows === 0) {
    throw new Failure(INCOMPLETE, {
      what: 'no line is of a firewall log that is known here',
      why: 'a log that cannot be read says nothing of what was denied',
      ways: ['portreeve audit shows the lines', 'docs/log-formats.md says what is read'],
    });
  }
  const [first] = faults;
  if (first === undefined || flows + unusable > 0) return;
  throw new Failure(INPUT, { what: `cannot read what was denied: ${first}` });
}
