/** `portreeve scan`: which ports of hosts in the network are open, what for, and whether rightly. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { RISKS, type Risk } from '../catalog/entry.ts';
import type { PortState } from '../model/port-state.ts';
import {
  compareWith,
  type PlannedScan,
  planScan,
  SCAN_ENGINES,
  type ScanOutcome,
  scan,
} from '../pipeline/scan.ts';
import { printable } from '../report/escape.ts';
import { ndjsonRow } from '../report/json.ts';
import { wholeNumber } from './capture-options.ts';
import { earlierScan } from './earlier-scan.ts';
import { DONE, FINDINGS, INCOMPLETE, INTERRUPTED, USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { whileInterruptible } from './interruptible.ts';
import { addOutputOptions, chosenFormat, type OutputOptions, writeReport } from './output.ts';
import { differenceReport, hasChanged } from './scan-difference.ts';
import { dryRunReport } from './scan-dry-run.ts';
import { refusal } from './scan-failure.ts';
import { ScanMeter } from './scan-progress.ts';
import { writeRecord } from './scan-record.ts';
import {
  FOUND_COLUMNS,
  isMisplaced,
  PORT_COLUMNS,
  type PortRow,
  portRow,
  scanReport,
  type Vantage,
} from './scan-report.ts';
import { wasTold } from './scan-told.ts';

const EXAMPLES = `Examples:
  portreeve scan 192.0.2.10                   the 1,000 most common TCP ports
  portreeve scan 192.0.2.0/24 -p 22,80,443    networks, ranges, names, files
  portreeve scan host.example -p all --from outside
  portreeve scan 192.0.2.10 -t udp            UDP, each service in its words
  portreeve scan 192.0.2.10 --services        what answers: version, certificate
  portreeve scan --local --dry-run            how much there is to ask
  portreeve scan 192.0.2.0/24 --diff last.xml what changed; exit code 1 if so
`;

const NOTES = `
Scan only networks that are yours or whose owner agreed. Nothing is exploited
and no credential is tried. Root (CAP_NET_RAW) makes it faster.
Exit codes: 0 done, 1 findings under --fail-on or --diff, 2 wrong usage, 3 a
file could not be read, 4 not allowed, 5 with --complete: not all was seen,
130 interrupted.
`;

export interface ScanOptions {
  readonly ports?: string;
  readonly transport: readonly string[];
  readonly engine: (typeof SCAN_ENGINES)[number];
  readonly exclude?: readonly string[];
  readonly targetFile?: readonly string[];
  readonly excludeFile?: readonly string[];
  readonly local?: boolean;
  readonly discovery: boolean;
  readonly timing?: string;
  readonly rate?: number;
  readonly maxRate?: number;
  readonly seed?: number;
  readonly shard?: string;
  readonly resume?: string;
  readonly from?: Vantage;
  readonly fragile?: boolean;
  readonly services?: boolean;
  readonly patience?: number;
  readonly dryRun?: boolean;
  readonly diff?: string;
  readonly failOn?: Risk | 'misplaced';
  readonly complete?: boolean;
}

export function configure(command: Command): void {
  command
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', NOTES)
    .argument('[target...]', 'addresses, prefixes, ranges, names; - is standard input')
    .option('-p, --ports <list>', 'ports, ranges, names, top:100, all (default: top:1000)')
    .addOption(
      new Option('-t, --transport <list>', 'tcp, udp, sctp, or several: tcp,udp')
        .argParser(transports)
        .default(['tcp'], 'tcp'),
    )
    .addOption(
      new Option('--engine <name>', 'how to ask TCP ports')
        .choices([...SCAN_ENGINES])
        .default('auto'),
    )
    .option('--target-file <file...>', 'read targets from files')
    .option('--exclude <target...>', 'leave these out')
    .option('--exclude-file <file...>', 'leave out what the files name')
    .option('--local', "this machine's own networks")
    .option('--no-discovery', 'ask the ports of every address, host or not')
    .option('--timing <band>', '0 paranoid to 5 insane (default: 3 normal)')
    .option(
      '--rate <n>',
      'probes a second, whatever the network seems to take',
      wholeNumber(1, 1e7),
    )
    .option('--max-rate <n>', 'probes a second at most', wholeNumber(1, 1e7))
    .option(
      '--seed <n>',
      'order of hosts and ports; the same number, the same order',
      wholeNumber(0, 2 ** 31),
    )
    .option('--shard <part>', 'one part of several, such as 2/8')
    .option('--resume <file>', 'keep notes in a file, and go on from it')
    .addOption(
      new Option(
        '--from <where>',
        'where this machine stands: which ports are out of place',
      ).choices(['outside', 'inside']),
    )
    .option('-s, --services', 'ask open ports what they are; never logs in')
    .option('--fragile', 'questions also for printers and industrial devices')
    .option(
      '--patience <s>',
      'wait for UDP hosts that limit their answers (default: 30, 2 at timing 4)',
      wholeNumber(0, 1e6),
    )
    .option('--dry-run', 'say what would be asked and how long it takes; send nothing')
    .option('--diff <file>', 'compare with an earlier scan (Nmap XML, masscan, naabu, RustScan)')
    .addOption(
      new Option(
        '--fail-on <what>',
        'exit code 1 on open ports of that risk, or out of place',
      ).choices([...RISKS.slice(1), 'misplaced']),
    )
    .option('--complete', 'fail with exit code 5 when something could not be seen');
  addOutputOptions(command, ['nmap-xml', 'greppable']);
  command.action(run);
}

function transports(text: string): readonly string[] {
  const names = [...new Set(text.toLowerCase().split(','))];
  if (names.some((name) => !/^(tcp|udp|sctp)$/.test(name))) {
    throw new InvalidArgumentError('It is tcp, udp or sctp, or several: tcp,udp.');
  }
  return names;
}

async function run(
  targets: readonly string[],
  options: OutputOptions & ScanOptions,
): Promise<void> {
  const format = chosenFormat(options) ?? 'table';
  refuseRecord(format, options);
  const plan = await planScan({
    targets,
    targetFiles: options.targetFile ?? [],
    exclude: options.exclude ?? [],
    excludeFiles: options.excludeFile ?? [],
    local: options.local ?? false,
    quiet: options.dryRun ?? false,
    ports: options.ports,
    transports: options.transport as ('tcp' | 'udp' | 'sctp')[],
    timing: options.timing,
    maxRate: options.maxRate,
    rate: options.rate,
    seed: options.seed,
    shard: options.shard,
  }).catch(refusal);
  if (options.dryRun) {
    return writeReport(dryRunReport(plan, options.discovery), options);
  }
  const earlier = options.diff === undefined ? undefined : await earlierScan(options.diff);
  const streaming = format === 'ndjson' && earlier === undefined;
  await perform(plan, options, streaming, async (outcome) => {
    if (earlier !== undefined) {
      const compared = await compareWith(earlier, plan, outcome);
      const changed = hasChanged(compared) ? FINDINGS : DONE;
      process.exitCode = outcome.interrupted ? INTERRUPTED : changed;
      return writeReport(differenceReport(compared), options);
    }
    const report = scanReport({ ...outcome, seed: plan.seed, from: options.from });
    process.exitCode = exitCodeOf(outcome, options);
    if (format === 'nmap-xml' || format === 'greppable') return writeRecord(outcome, format);
    // Ports went out as they were found; what follows sums up.
    const tables = format === 'ndjson' ? report.tables.slice(1) : report.tables;
    await writeReport({ ...report, tables }, options);
  });
}

/** Formats of other programs hold scans, and nothing else. */
function refuseRecord(format: string, { dryRun, diff }: ScanOptions): void {
  if (format !== 'nmap-xml' && format !== 'greppable') return;
  const option = dryRun ? '--dry-run' : diff === undefined ? undefined : '--diff';
  if (option === undefined) return;
  throw new Failure(USAGE, {
    what: `${option} has no answer in the format ${format}`,
    why: 'that format holds a scan, not a plan or a comparison',
    ways: ['leave --format out, or use json, ndjson, csv or markdown'],
  });
}

/** Scans, then answers: an interrupt meanwhile does not cost the answer. */
async function perform(
  plan: PlannedScan,
  options: ScanOptions,
  streaming: boolean,
  answer: (outcome: ScanOutcome) => Promise<void>,
): Promise<void> {
  const meter = process.stderr.isTTY ? new ScanMeter() : undefined;
  const names = (address: string) => plan.names.get(address) ?? [];
  const rowOf = (state: PortState): PortRow =>
    portRow(state, names(state.target.address), options.from);
  const write = (kind: string, columns: typeof PORT_COLUMNS) => (state: PortState) => {
    meter?.clear();
    process.stdout.write(ndjsonRow(kind, columns, rowOf(state)));
  };
  const show = (state: PortState): void => {
    meter?.clear();
    if (meter !== undefined) process.stderr.write(`open  ${lineOf(rowOf(state))}\n`);
  };
  const services = options.services ?? false;
  // A port's row is final: with services it comes when the port was asked, and word of it before.
  const told = write('port', PORT_COLUMNS);
  const found = write('found', FOUND_COLUMNS);
  await whileInterruptible(async (signal) => {
    const outcome = await scan(plan, {
      tcpEngine: options.engine,
      discovery: options.discovery,
      fragile: options.fragile ?? false,
      patienceSeconds: options.patience ?? plan.timing.patienceSeconds,
      signal,
      services,
      ...(streaming ? { wasTold } : {}),
      onOpen: streaming ? (services ? found : told) : show,
      ...(services && streaming ? { onIdentified: told } : {}),
      ...(options.resume === undefined ? {} : { resumeFile: options.resume }),
      ...(meter === undefined ? {} : { onProgress: (progress) => meter.show(progress) }),
    })
      .catch(refusal)
      .finally(() => meter?.clear());
    await answer(outcome);
  });
}

function lineOf({ state, entry }: PortRow): string {
  const { address, transport, port } = state.target;
  return printable(`${address}  ${port}/${transport}  ${entry?.name ?? ''}`.trimEnd());
}

function exitCodeOf(outcome: ScanOutcome, { failOn, complete, from }: ScanOptions): number {
  if (outcome.interrupted) return INTERRUPTED;
  if (failOn !== undefined) {
    const rows = outcome.hosts.flatMap(({ ports, names }) =>
      ports.map((state) => portRow(state, names, from)),
    );
    if (rows.some((row) => isFinding(row, failOn))) return FINDINGS;
  }
  const nothingAsked = outcome.addresses === 0;
  if (nothingAsked || (complete && outcome.notes.some(({ missing }) => missing))) return INCOMPLETE;
  return DONE;
}

function isFinding(row: PortRow, failOn: Risk | 'misplaced'): boolean {
  if (row.state.state !== 'open') return false;
  if (failOn === 'misplaced') return isMisplaced(row) === true;
  return row.entry !== undefined && RISKS.indexOf(row.entry.risk.level) >= RISKS.indexOf(failOn);
}
