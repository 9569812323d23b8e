/** Options of the commands that capture from the network. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Filter } from '../pipeline/filters.ts';
import type { CaptureEngine, LiveReader } from '../pipeline/live.ts';
import { wholeNumber } from './capture-options.ts';

export interface LiveOptions {
  readonly i?: readonly string[];
  /** False: `--no-promiscuous`. */
  readonly promiscuous?: boolean;
  readonly B?: number;
  readonly for?: number;
  readonly fanout?: number;
  readonly engine?: CaptureEngine;
}

/** Options of commands that can capture by themselves. */
export function addLiveOptions(command: Command): void {
  command
    .option('-i <interface>', 'capture from an interface; any: all; repeatable', gatherNames)
    .option('-p, --no-promiscuous', 'only what is meant for this machine')
    .option('-B <KiB>', 'size of the ring (default: 16384)', wholeNumber(64, 4e6))
    .option('--fanout <n>', 'share an interface between so many rings (1)', wholeNumber(1, 16))
    .option('--for <time>', 'stop after so long: 90s, 15m, 2h', parseDuration)
    // Each system has one; the other is for finding faults.
    .addOption(new Option('--engine <name>').choices(['ring', 'libpcap']).hideHelp());
}

function gatherNames(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A time in ms from `90s`, `15m`, `2h`, `7d`; a bare number is seconds. */
export function parseDuration(text: string): number {
  const [, digits, unit = 's'] = /^(\d{1,7}(?:\.\d{1,3})?)([smhd]?)$/.exec(text) ?? [];
  const ms = Number(digits) * (UNITS[unit === '' ? 's' : unit] ?? 0);
  if (digits === undefined || ms <= 0) {
    throw new InvalidArgumentError('It is a time as in 90s, 15m, 2h or 7d.');
  }
  return ms;
}

/** Opens the interfaces for commands that read them as they would a file. Rejects with `Failure`. */
export async function readInterfaces(
  options: LiveOptions,
  filter: Filter | undefined,
): Promise<LiveReader> {
  // What captures is loaded only when it is asked for.
  const [{ LiveReader }, { openLive, readLive }] = await Promise.all([
    import('../pipeline/live.ts'),
    import('./open-interfaces.ts'),
  ]);
  return new LiveReader(await readLive(openLive(options, filter)));
}
