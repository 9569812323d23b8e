/** The option `--filter`, and what is said about filters that are not understood. */
import type { Command } from 'commander';
import { nearest } from '../net/nearest.ts';
import { FilterFault } from '../pipeline/filter-fault.ts';
import type { Filter } from '../pipeline/filters.ts';
import { USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';

export interface FilterOptions {
  readonly filter?: string;
}

export function addFilterOption(command: Command): void {
  command.option('--filter <expression>', 'only packets that match, as for tcpdump');
}

/**
 * Makes the filter and tells what was read otherwise than written. Throws `Failure`.
 * @param interfaces that are captured from; none for files
 */
export async function filterOf(
  text: string | undefined,
  interfaces: readonly string[] = [],
): Promise<Filter | undefined> {
  if (text === undefined || text.trim() === '') return undefined;
  try {
    // What makes filters is loaded only when there is one.
    const { netmaskOf, prepareFilter } = await import('../pipeline/filters.ts');
    const filter = await prepareFilter(text, netmaskOf(interfaces));
    for (const note of filter.parsed.notes) process.stderr.write(`note: ${note}\n`);
    return filter;
  } catch (error) {
    throw filterFailure(error, text);
  }
}

/** A fault of the filter as people are told it; any other error unchanged. */
export function filterFailure(error: unknown, text: string): unknown {
  if (!(error instanceof FilterFault)) return error;
  const { at, end, typed, candidates, remedy } = error;
  const guess = typed === undefined ? undefined : nearest(typed.toLowerCase(), candidates);
  const meant = guess === undefined ? [] : [`“${guess}”, if that is what you meant`];
  const marked =
    end > at
      ? `${lastOf(text.slice(0, at))}»${firstOf(text.slice(at, end))}«${firstOf(text.slice(end))}`
      : firstOf(text);
  const ways = [...meant, ...(remedy === undefined ? [] : [remedy])];
  return new Failure(USAGE, {
    what: `this filter cannot be used: ${error.message}`,
    why: end > at ? `it is marked here: ${marked}` : `the filter is: ${marked}`,
    ways: ways.length > 0 ? ways : ['docs/filter.md has the words of filters'],
  });
}

/** Characters of a filter that are shown on each side of a fault: its file may be anything. */
const SHOWN = 60;

function firstOf(text: string): string {
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

function lastOf(text: string): string {
  return text.length > SHOWN ? `…${text.slice(-SHOWN)}` : text;
}
