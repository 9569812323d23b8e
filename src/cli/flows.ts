/** `portreeve flows`: every flow of a capture, with the reason of its direction. */
import type { Command } from 'commander';
import { type FlowListing, type ListedFlow, listFlows } from '../pipeline/flows.ts';
import type { CaptureSummary } from '../pipeline/reading.ts';
import { connLogHead, connLogLine, connLogTail } from '../report/conn-log.ts';
import { csvHeader, csvRow } from '../report/csv.ts';
import { shellWord } from '../report/escape.ts';
import { count, counted } from '../report/numbers.ts';
import type { Report } from '../report/report.ts';
import type { Column } from '../report/table.ts';
import { terminalAbility } from '../report/terminal.ts';
import { renderProblem } from '../report/text.ts';
import {
  addCaptureOptions,
  type CaptureOptions,
  choicesOf,
  exitCodeOf,
  refuseNothing,
  requireInput,
  whileReading,
  wholeNumber,
} from './capture-options.ts';
import { checkOption } from './drill-down.ts';
import { addFilterOption, type FilterOptions, filterFailure, filterOf } from './filter-option.ts';
import { FLOW_COLUMNS } from './flow-columns.ts';
import { flowLine } from './flow-line.ts';
import { addLiveOptions, type LiveOptions, readInterfaces } from './interface-options.ts';
import {
  addOutputOptions,
  chosenFormat,
  OutputBuffer,
  type OutputOptions,
  writeReport,
} from './output.ts';

const EXAMPLES = `Examples:
  portreeve flows lan.pcap                       on a terminal, the first ones
  portreeve flows lan.pcap > flows.ndjson        piped, one JSON object a line
  portreeve flows *.pcap --format zeek > conn.log
  portreeve flows lan.pcap --where 'status:refused host:10.0.0.5'
`;

const NOTES = `
Piped, the format is ndjson. Exit codes: 0 done, 2 wrong usage, 3 an input
could not be read or is damaged, 130 interrupted.
`;

interface FlowOptions extends CaptureOptions, FilterOptions, LiveOptions {
  readonly top?: number;
  readonly all?: boolean;
  readonly where?: string;
}

/** Rows on a terminal. */
const FIRST_FLOWS = 100;
const VERSION = 1;

export function configure(command: Command): void {
  command.addHelpText('before', EXAMPLES).addHelpText('after', NOTES);
  addCaptureOptions(command);
  addFilterOption(command);
  addLiveOptions(command);
  command
    .option('--top <n>', 'the first flows only', wholeNumber(1, 1e9))
    .option('--all', 'all flows, on a terminal too')
    .option('--where <filter>', 'only flows such as “service:rdp zone:outside”');
  addOutputOptions(command, ['zeek']);
  command.action(run);
}

/** How flows are written one by one. */
interface FlowLines {
  head(first: ListedFlow | undefined): string;
  line(listed: ListedFlow): string;
  tail(summary: CaptureSummary): string;
}

const COLUMNS = FLOW_COLUMNS as readonly Column<ListedFlow>[];

const LINES: Readonly<Record<string, FlowLines>> = {
  ndjson: {
    head: () => '',
    line: flowLine,
    tail: () => '',
  },
  csv: {
    head: () => csvHeader(COLUMNS),
    line: (listed) => csvRow(COLUMNS, listed),
    tail: () => '',
  },
  zeek: {
    head: (first) => connLogHead(first?.flow.firstMs ?? 0),
    line: ({ flow, clientInside, serverInside, spoken }) =>
      connLogLine(flow, clientInside, serverInside, spoken),
    tail: ({ lastMs }) => connLogTail(lastMs ?? 0),
  },
};

async function run(inputs: readonly string[], options: OutputOptions & FlowOptions): Promise<void> {
  const format = chosenFormat(options) ?? (process.stdout.isTTY ? 'table' : 'ndjson');
  const lines = LINES[format];
  if (lines === undefined) await report(inputs, options, format);
  else await stream(inputs, options, lines);
}

/** Reads all inputs, then answers; flows that leave memory early go to `early`. */
async function read(
  inputs: readonly string[],
  options: FlowOptions,
  early: (listed: ListedFlow) => void,
  answer: (listing: FlowListing) => Promise<void>,
): Promise<void> {
  requireInput(inputs, options.i);
  const { where } = options;
  if (where !== undefined) await checkOption(where, '--where', undefined);
  const filter = await filterOf(options.filter, options.i);
  const live = options.i === undefined ? undefined : await readInterfaces(options, filter);
  const choices = {
    ...choicesOf(options),
    ...(filter === undefined ? {} : { filter }),
    ...(where === undefined ? {} : { where }),
    ...(live === undefined ? {} : { live }),
  };
  const names = options.i ?? inputs;
  await whileReading((watch) => listFlows(names, { ...choices, ...watch }, early), {
    ...{ limitMs: options.for, answer },
  }).catch((error: unknown) => {
    throw filterFailure(error, options.filter ?? '');
  });
}

/** Writes flows as they become known; says on standard error what could not be read. */
async function stream(
  inputs: readonly string[],
  options: FlowOptions,
  lines: FlowLines,
): Promise<void> {
  const output = new OutputBuffer();
  let left = options.top ?? Number.POSITIVE_INFINITY;
  let begun = false;
  const write = (listed: ListedFlow): void => {
    if (!begun) output.add(lines.head(listed));
    begun = true;
    if (left-- > 0) output.add(lines.line(listed));
  };
  await read(inputs, options, write, async (listing) => {
    refuseNothing(listing);
    process.exitCode = exitCodeOf(listing, options);
    for (const listed of listing.listed) {
      if (left <= 0) break;
      write(listed);
      if (output.full) await output.drain();
    }
    if (!begun) output.add(lines.head(undefined));
    output.add(lines.tail(listing));
    await output.flush();
    sayNotes(listing);
  });
}

function sayNotes({ notes }: CaptureSummary): void {
  const ability = terminalAbility(process.stderr, process.env, 'auto', process.platform);
  for (const { what, because, remedy, missing } of notes) {
    if (!missing) continue;
    const ways = remedy === undefined ? [] : [remedy];
    process.stderr.write(renderProblem({ what, why: because, ways }, ability));
  }
}

/** All flows as one report. */
async function report(
  inputs: readonly string[],
  options: OutputOptions & FlowOptions,
  format: string,
): Promise<void> {
  const evicted: ListedFlow[] = [];
  const onScreen = format === 'table' && process.stdout.isTTY === true && !options.all;
  const limit = options.top ?? (onScreen ? FIRST_FLOWS : Number.POSITIVE_INFINITY);
  const early = (listed: ListedFlow): void => void evicted.push(listed);
  await read(inputs, options, early, async (listing) => {
    refuseNothing(listing);
    process.exitCode = exitCodeOf(listing, options);
    const output = { ...options, format: format as 'json' };
    await writeReport(flowReport(inputs, listing, evicted, limit), output);
  });
}

function flowReport(
  inputs: readonly string[],
  listing: FlowListing,
  evicted: readonly ListedFlow[],
  limit: number,
): Report {
  const { packets, flows, firstMs, lastMs, notes, interrupted } = listing;
  const more = flows - limit;
  return {
    kind: 'flows',
    version: VERSION,
    verdict: {
      severity: notes.some(({ missing }) => missing) ? 'warning' : 'info',
      text: `${counted(flows, 'flow')} in ${counted(packets, 'packet')}`,
    },
    facts: [
      { key: 'inputs', value: inputs },
      { key: 'packets', value: packets },
      { key: 'flows', value: flows },
      { key: 'firstMs', value: firstMs },
      { key: 'lastMs', value: lastMs },
      { key: 'passedOver', value: listing.passedOver },
      { key: 'interrupted', value: interrupted },
    ],
    tables: [
      {
        key: 'flows',
        kind: 'flow',
        heading: 'FLOWS',
        columns: FLOW_COLUMNS as Column[],
        rows: first(limit, evicted, listing.listed),
        ...(more > 0 ? { footnote: `… and ${count(more)} more (--all shows all)` } : {}),
      },
    ],
    notes,
    next:
      inputs.length === 0 || inputs.includes('-')
        ? []
        : [
            {
              command: `portreeve flows ${inputs.length > 3 ? '…' : inputs.map(shellWord).join(' ')} --json`,
              purpose: 'the same for programs',
            },
          ],
  };
}

function* first<Row>(most: number, ...lists: readonly Iterable<Row>[]): Generator<Row> {
  let left = most;
  for (const list of lists) {
    for (const row of list) {
      if (left-- <= 0) return;
      yield row;
    }
  }
}
