/** `portreeve assess`: which ports a capture uses, by whom, in which direction, how much. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  THRESHOLDS,
  type ThresholdName,
  type Thresholds,
} from '../analysis/findings/thresholds.ts';
import { FINDING_SEVERITIES, type FindingSeverity } from '../model/finding.ts';
import { nearest } from '../net/nearest.ts';
import type { Prefix } from '../net/prefix.ts';
import { parsePrefix } from '../net/prefix.ts';
import type { AssessChoices, Assessment, ZoneRule } from '../pipeline/assess.ts';
import { assess } from '../pipeline/assess.ts';
import type { PrefixRule } from '../pipeline/audit.ts';
import { MOST_SLICES } from './assess-over-time.ts';
import {
  type AssessWishes,
  assessReport,
  EVERYTHING,
  SORTS,
  type Sort,
  servicesTold,
} from './assess-report.ts';
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
import { addDrillOptions, type Drill, type DrillOptions, drillOf } from './drill-down.ts';
import { DONE, FINDINGS, INCOMPLETE, INPUT } from './exit-codes.ts';
import { addFilterOption, type FilterOptions, filterFailure, filterOf } from './filter-option.ts';
import { addLiveOptions, type LiveOptions, readInterfaces } from './interface-options.ts';
import {
  gatherFiles,
  mappingsOf,
  parseFlowPort,
  parseOffset,
  parsePrefixRule,
} from './log-options.ts';
import { addOutputOptions, chosenFormat, type OutputOptions, writeReport } from './output.ts';

const EXAMPLES = `Examples:
  portreeve assess lan.pcap                      ports, services, top talkers
  portreeve assess *.pcapng --zone dmz=10.0.1.0/24
  portreeve assess lan.pcap --host 10.0.0.5      one host: roles, ports, peers
  portreeve assess lan.pcap --where 'service:rdp zone:outside'
  portreeve assess lan.pcap --filter 'port 80'   a part of it
  portreeve assess lan.pcap fw.log conn.log      captures and logs in one table
  portreeve assess -i eth0 --for 15m             what passes on an interface
  tcpdump -w - | portreeve assess -              until the end, or Ctrl-C
  portreeve assess lan.pcap --json > lan.json    the same for programs
`;

const NOTES = `
Findings and their thresholds: docs/findings.md. Exit codes: 0 done, 1 with
--fail-on: there are such findings, 2 wrong usage, 3 an input could not be read
or is damaged, 4 capturing is not allowed, 5 with --complete: something could
not be seen, 130 interrupted.
`;

interface AssessOptions extends CaptureOptions, DrillOptions, FilterOptions, LiveOptions {
  readonly zone?: readonly ZoneRule[];
  readonly dark?: readonly Prefix[];
  readonly threshold?: Partial<Thresholds>;
  readonly failOn?: FindingSeverity;
  readonly map?: readonly string[];
  readonly prefix?: readonly PrefixRule[];
  readonly utcOffset?: number;
  readonly flowPort?: readonly number[];
  readonly sizes?: boolean;
  readonly sort: Sort;
  readonly top?: number;
  readonly all?: boolean;
}

/** Conversations and hosts in a pipe, where ports are complete. */
const TOP_IN_PIPES = 100;
/** Services in aligned text in a pipe; every other format has them all. */
const SERVICES_IN_TEXT = 1000;

export function configure(command: Command): void {
  command.addHelpText('before', EXAMPLES).addHelpText('after', NOTES);
  addCaptureOptions(command);
  addFilterOption(command);
  addLiveOptions(command);
  command
    .option('--zone <name=prefix>', 'name a part of the network; repeatable', parseZone)
    .option('--dark <prefix>', 'a part nobody uses: who tries it is a scanner', parseDark)
    .option('--threshold <name=n>', 'judge findings by another number', parseThreshold)
    .addOption(
      new Option('--fail-on <severity>', 'exit code 1 for findings as grave').choices(
        FINDING_SEVERITIES,
      ),
    )
    .option('--map <file>', 'how a log of your own is to be read; repeatable', gatherFiles)
    .option('--prefix <text=verdict>', 'what a log prefix stands for; repeatable', parsePrefixRule)
    .option('--flow-port <port>', 'captures with flow export on it are logs', parseFlowPort)
    .option('--utc-offset <offset>', "of logs' stamps without a zone, such as +02:00", parseOffset)
    .option('--sizes', 'with the lengths of packets, in 20 bins')
    .addOption(new Option('--sort <by>', 'order of ports').choices(SORTS).default('bytes'))
    .option('--top <n>', 'rows of each table', wholeNumber(1, 1e9))
    .option('--all', 'all rows of all tables');
  addDrillOptions(command);
  addOutputOptions(command);
  command.action(run);
}

/** Gathers `--dark prefix`, which may be repeated, for commander. */
function parseDark(text: string, prefixes: readonly Prefix[] = []): Prefix[] {
  try {
    return [...prefixes, parsePrefix(text)];
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`);
  }
}

/** Gathers `--threshold name=value`, which may be repeated, for commander. */
function parseThreshold(text: string, given: Partial<Thresholds> = {}): Partial<Thresholds> {
  const [, name = '', digits = ''] = /^([\w-]+)=(\d+(?:\.\d+)?)$/.exec(text) ?? [];
  if (name === '') throw new InvalidArgumentError('It has the form scan-ports=15.');
  const threshold = THRESHOLDS.find((each) => each.name === name);
  if (threshold === undefined) {
    const names: readonly string[] = THRESHOLDS.map((each) => each.name);
    const guess = nearest(name, names);
    const hint = guess === undefined ? `They are ${names.join(', ')}.` : `Did you mean ${guess}?`;
    throw new InvalidArgumentError(`There is no threshold ${name}. ${hint}`);
  }
  const value = Number(digits);
  if (value < threshold.least || value > threshold.most) {
    const range = `from ${threshold.least} to ${threshold.most}`;
    throw new InvalidArgumentError(`${name} is a number ${range}: ${threshold.what}.`);
  }
  return { ...given, [name as ThresholdName]: value };
}

async function logChoicesOf({
  map,
  prefix,
  utcOffset,
  flowPort,
}: AssessOptions): Promise<NonNullable<AssessChoices['logs']>> {
  return {
    ...(map === undefined ? {} : { mappings: await mappingsOf(map) }),
    ...(prefix === undefined ? {} : { prefixes: prefix }),
    ...(utcOffset === undefined ? {} : { offsetMs: utcOffset }),
    ...(flowPort === undefined ? {} : { flowPorts: flowPort }),
  };
}

/** Findings count less than a view that was cut short or damaged, more than an incomplete one. */
function exitCodeWith(assessment: Assessment, options: AssessOptions): number {
  const damaged = (assessment.logs?.faults.length ?? 0) > 0;
  const code = damaged ? INPUT : exitCodeOf(assessment, options);
  if ((code !== DONE && code !== INCOMPLETE) || options.failOn === undefined) return code;
  const least = FINDING_SEVERITIES.indexOf(options.failOn);
  const grave = assessment.findings.some(
    ({ severity }) => FINDING_SEVERITIES.indexOf(severity) >= least,
  );
  return grave ? FINDINGS : code;
}

/** Rows of each table, where somebody said how many. */
function limitOf({ all, top }: AssessOptions): number | undefined {
  return all ? EVERYTHING : top;
}

function wishesOf(options: OutputOptions & AssessOptions, drill: Drill): AssessWishes {
  const inText = (chosenFormat(options) ?? 'table') === 'table';
  const toPeople = process.stdout.isTTY === true && inText;
  const limit = limitOf(options);
  return {
    sort: options.sort,
    sizes: options.sizes ?? false,
    drill,
    live: options.i !== undefined,
    limit: limit ?? (toPeople ? undefined : EVERYTHING),
    ...(inText && !toPeople && limit === undefined ? { serviceLimit: SERVICES_IN_TEXT } : {}),
  };
}

async function run(
  inputs: readonly string[],
  options: OutputOptions & AssessOptions,
): Promise<void> {
  const limit = limitOf(options);
  requireInput(inputs, options.i);
  const drill = await drillOf(options, options.zone);
  const filter = await filterOf(options.filter, options.i);
  const logs = await logChoicesOf(options);
  const wishes = wishesOf(options, drill);
  const told = servicesTold(wishes);
  const live = options.i === undefined ? undefined : await readInterfaces(options, filter);
  await whileReading(
    (watch) =>
      assess(live === undefined ? inputs : options.i!, {
        ...(live === undefined ? {} : { live }),
        ...choicesOf(options),
        ...(filter === undefined ? {} : { filter }),
        ...watch,
        ...(options.zone === undefined ? {} : { zones: options.zone }),
        ...(options.dark === undefined ? {} : { dark: options.dark }),
        ...(options.threshold === undefined ? {} : { thresholds: options.threshold }),
        ...(drill.filter === undefined ? {} : { where: drill.filter }),
        logs,
        ...(options.overTime ? { slices: MOST_SLICES } : {}),
        // The report names conversations of ports beside its table of them.
        top: Math.max(limit ?? 0, TOP_IN_PIPES),
        ...(told === undefined ? {} : { services: told }),
      }),
    {
      limitMs: options.for,
      answer: async (assessment) => {
        refuseNothing(assessment);
        const report = assessReport(assessment, wishes);
        process.exitCode = exitCodeWith(assessment, options);
        await writeReport(report, options);
      },
    },
  ).catch((error: unknown) => {
    throw filterFailure(error, options.filter ?? '');
  });
}
