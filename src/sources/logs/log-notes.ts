/** What the reading of logs could not see or had to infer, as blind spots of an answer. */
import type { BlindSpot } from '../../model/blind-spot.ts';
import { exportNotes } from '../flowlogs/export-notes.ts';
import type { LogReader } from './log-reader.ts';
import type { LineKind } from './log-tally.ts';

/** Kinds listed one by one; the rest is counted. */
const MOST_LISTED = 10;

/** As things stand: a live reader may be asked again and again. */
export function logNotes(reader: LogReader): BlindSpot[] {
  return [
    ...reader.faults.map(({ source, lines, code, what, why, do: remedy }) => ({
      id: code,
      what: `${source}: ${what}`,
      because: lines > 0 ? `${why}; the ${lines} lines before it were read` : why,
      remedy,
      missing: true,
    })),
    ...reader.skipped.slice(0, MOST_LISTED).map(({ source, why }) => ({
      id: 'input-skipped',
      what: source,
      because: why,
      missing: false,
    })),
    ...unparsedNotes([...reader.tally.faults.values()]),
    ...gapNotes([...reader.tally.gaps.values()]),
    ...(reader.flows === undefined ? [] : exportNotes(reader.flows.exports, reader.flows.listener)),
    ...kernelNotes(reader),
    ...clockNotes(reader),
    ...prefixNotes(reader),
    ...roomNotes(reader),
  ];
}

function unparsedNotes(kinds: readonly LineKind[]): BlindSpot[] {
  return kinds.slice(0, MOST_LISTED).map(({ format, what, why, lines, samples }) => ({
    id: 'unparsed-lines',
    what: `${lines}${format === null ? '' : ` ${format}`} ${lines === 1 ? 'line' : 'lines'} that cannot be read (${what}), first at ${samples[0]?.locator ?? '?'}`,
    because: why ?? 'unknown',
    remedy: 'look at the samples under UNREAD LINES; the rest of the log was read',
    missing: true,
  }));
}

function gapNotes(kinds: readonly LineKind[]): BlindSpot[] {
  return kinds.slice(0, MOST_LISTED).map(({ format, what, lines, missed, samples }) => ({
    id: 'missed-messages',
    what:
      missed === null
        ? `messages that the device left out (${what}, ${lines === 1 ? 'once' : `${lines} times`}), first at ${samples[0]?.locator ?? '?'}`
        : `${missed} messages or packets that the device left out (${what}), first at ${samples[0]?.locator ?? '?'}`,
    because: `the ${format} log says so`,
    remedy:
      'if the device limits how often it logs, raise that limit; until then no deny is no proof of silence',
    missing: true,
  }));
}

/** What the kernel had no room for. */
function kernelNotes({ packets, kernel }: LogReader): BlindSpot[] {
  const lost = packets?.lost ?? 0;
  const overruns = kernel?.overruns ?? 0;
  if (lost === 0 && overruns === 0) return [];
  return [
    {
      id: 'packets-lost',
      what: `${lost === 0 ? 'some' : lost} packets that the kernel logged`,
      because: `they came faster than they were read: ${lost} sequence numbers are missing, and ${overruns} times there was no room`,
      remedy:
        'limit the rule (limit rate 1000/second), or log only the first packet of connections',
      missing: true,
    },
  ];
}

function clockNotes({ clocks }: LogReader): BlindSpot[] {
  const years = clocks.reduce((sum, { withoutYear }) => sum + withoutYear, 0);
  const zones = clocks.reduce((sum, { withoutZone }) => sum + withoutZone, 0);
  const notes: BlindSpot[] = [];
  if (years > 0) {
    notes.push({
      id: 'year-inferred',
      what: `the year of ${timeStamps(years)}`,
      because: 'they name none; taken as the latest that is not after the file was last written',
      missing: false,
    });
  }
  if (zones > 0) {
    notes.push({
      id: 'zone-inferred',
      what: `the time zone of ${timeStamps(zones)}`,
      because: 'they name none',
      remedy: 'say it with --utc-offset +02:00; otherwise they are taken for UTC',
      missing: false,
    });
  }
  return notes;
}

function timeStamps(count: number): string {
  return count === 1 ? 'one time stamp' : `${count} time stamps`;
}

function prefixNotes({ prefixes, names }: LogReader): BlindSpot[] {
  const unknown = prefixes.reasons.flatMap((reason, number) =>
    reason === 'no-word' || reason === 'two-words' ? [names.names[number]!] : [],
  );
  if (unknown.length === 0) return [];
  const shown = unknown.slice(0, MOST_LISTED);
  return [
    {
      id: 'prefix-unknown',
      what: `whether traffic logged as ${shown.map((each) => `“${each}”`).join(', ')} was let through`,
      because: 'such lines carry a verdict only in the prefix, and these prefixes name none',
      remedy: `say it: ${shown.map((each) => `--prefix '${each}=deny'`).join(' ')}`,
      missing: false,
    },
  ];
}

function roomNotes({ addresses, names }: LogReader): BlindSpot[] {
  const notes: BlindSpot[] = [];
  if (addresses.overflowed > 0) {
    notes.push({
      id: 'addresses-full',
      what: `which IPv6 addresses ${addresses.overflowed} lines are about`,
      because: 'there are more than 4,000,000; further ones are shown as ::',
      missing: true,
    });
  }
  if (names.overflowed > 0) {
    notes.push({
      id: 'names-full',
      what: `which rules, interfaces or devices ${names.overflowed} values name`,
      because: 'there are more than 65,535 names',
      missing: true,
    });
  }
  return notes;
}
