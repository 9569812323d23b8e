/** `portreeve assess`: which ports a capture uses, by whom, in which direction, how much. */
import { type Command, Option } from 'commander';
import { LiveReader } from '../pipeline/live.ts';
import type { ZoneRule } from '../pipeline.ts';
import { assess } from '../pipeline.ts';
import { assessReport, SORTS, type Sort } from './assess-report.ts';
import {
  addCaptureOptions,
  type CaptureOptions,
  choicesOf,
  exitCodeOf,
  parseZone,
  refuseNothing,
  requireInput,
  whileReading,
  wholeNumber,
} from './capture-options.ts';
import { addFilterOption, type FilterOptions, filterFailure, filterOf } from './filter-option.ts';
import { addLiveOptions, type LiveOptions, openInterfaces } from './live-options.ts';
import { addOutputOptions, chosenFormat, type OutputOptions, writeReport } from './output.ts';

const EXAMPLES = `Examples:
  portreeve assess lan.pcap                      ports, services, top talkers
  portreeve assess *.pcapng --zone dmz=10.0.1.0/24
  portreeve assess lan.pcap --filter 'port 80'   a part of it
  portreeve assess -i eth0 --for 15m             what passes on an interface
  tcpdump -w - | portreeve assess -              until the end, or Ctrl-C
  portreeve assess lan.pcap --json > lan.json    the same for programs
`;

const NOTES = `
Exit codes: 0 done, 2 wrong usage, 3 an input could not be read or is damaged,
4 capturing is not allowed, 5 with --complete: something could not be seen,
130 interrupted.
`;

interface AssessOptions extends CaptureOptions, FilterOptions, LiveOptions {
  readonly zone?: readonly ZoneRule[];
  readonly sizes?: boolean;
  readonly sort: Sort;
  readonly top?: number;
  readonly all?: boolean;
}

/** Conversations and hosts in a pipe, where ports are complete. */
const TOP_IN_PIPES = 100;
/** Services in aligned text in a pipe; every other format has them all. */
const SERVICES_IN_TEXT = 1000;
const EVERYTHING = 2 ** 31;

export function configure(command: Command): void {
  command.addHelpText('before', EXAMPLES).addHelpText('after', NOTES);
  addCaptureOptions(command);
  addFilterOption(command);
  addLiveOptions(command);
  command
    .option('--zone <name=prefix>', 'name a part of the network; repeatable', parseZone)
    .option('--sizes', 'with the lengths of packets, in 20 bins')
    .addOption(new Option('--sort <by>', 'order of ports').choices(SORTS).default('bytes'))
    .option('--top <n>', 'rows of each table', wholeNumber(1, 1e9))
    .option('--all', 'all rows of all tables');
  addOutputOptions(command);
  command.action(run);
}

async function run(
  inputs: readonly string[],
  options: OutputOptions & AssessOptions,
): Promise<void> {
  const inText = (chosenFormat(options) ?? 'table') === 'table';
  const toPeople = process.stdout.isTTY === true && inText;
  const limit = options.all ? EVERYTHING : options.top;
  requireInput(inputs, options.i);
  const filter = await filterOf(options.filter);
  const live = options.i === undefined ? undefined : openInterfaces(options, filter);
  const assessment = await whileReading(
    (watch) =>
      assess(live === undefined ? inputs : options.i!, {
        ...(live === undefined ? {} : { live: new LiveReader(live) }),
        ...choicesOf(options),
        ...(filter === undefined ? {} : { filter }),
        ...watch,
        ...(options.zone === undefined ? {} : { zones: options.zone }),
        top: limit ?? TOP_IN_PIPES,
      }),
    options.for,
  ).catch((error: unknown) => {
    throw filterFailure(error, options.filter ?? '');
  });
  refuseNothing(assessment);
  const report = assessReport(assessment, {
    sort: options.sort,
    sizes: options.sizes ?? false,
    limit: limit ?? (toPeople ? undefined : EVERYTHING),
    ...(inText && !toPeople && limit === undefined ? { serviceLimit: SERVICES_IN_TEXT } : {}),
  });
  process.exitCode = exitCodeOf(assessment, options);
  // What passed is gone: no other command can look at it again.
  await writeReport(live === undefined ? report : { ...report, next: [] }, options);
}
