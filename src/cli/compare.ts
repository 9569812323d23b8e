/** `portreeve compare`: what a host says of its ports, held against what the network sees of them. */
import { lookup } from 'node:dns/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { scanSide } from '../analysis/compare/from-scan.ts';
import { seenServices } from '../analysis/compare/from-traffic.ts';
import type { BlindSpot } from '../model/blind-spot.ts';
import type { NetworkSide } from '../model/comparison.ts';
import type { ScanRecord } from '../model/scanned-host.ts';
import { formatAddress, parseAddress } from '../net/address.ts';
import { assess } from '../pipeline/assess.ts';
import { compareHost, localAddresses } from '../pipeline/compare-host.ts';
import type { SocketView } from '../pipeline/sockets.ts';
import { refuseNothing, wholeNumber } from './capture-options.ts';
import { type Compared, compareReport } from './compare-report.ts';
import { earlierScan } from './earlier-scan.ts';
import { FINDINGS, INPUT, USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { addFarOptions, type FarOptions, refuseWithoutMachine, viewBySsh } from './far-options.ts';
import { addOutputOptions, type OutputOptions, writeReport } from './output.ts';
import { readFiles, viewThisMachine } from './sockets.ts';
import { StepLine } from './step-line.ts';

const EXAMPLES = `Examples:
  portreeve compare                    this machine, asked from itself
  sudo portreeve compare               and through its firewall, from beside it
  portreeve compare --ssh anna@web1    another machine, asked from here
  portreeve compare --ssh web1 --ssh web2
                                       several, in one table
  portreeve compare --sockets netstat.txt --scan scan.xml --traffic lan.pcap
                                       saved sides, from any time
`;

const NOTES = `
Exit codes: 0 done, 1 with --fail-on-mismatch and sides that contradict each
other, 2 wrong usage, 3 input not read, 5 no view at all.
`;

interface CompareOptions extends FarOptions {
  readonly sockets?: readonly string[];
  readonly scan?: readonly string[];
  readonly traffic?: readonly string[];
  readonly address?: string;
  readonly has?: readonly string[];
  readonly bindTest?: boolean;
  readonly beside?: boolean;
  readonly timeout?: number;
  readonly failOnMismatch?: boolean;
}

const DEFAULT_TIMEOUT_MS = 400;

/** Gathers `--has ADDRESS…`, for commander. */
function gatherAddresses(text: string, before: readonly string[] = []): string[] {
  const address = parseAddress(text);
  if (address === undefined) throw new InvalidArgumentError('It is an IP address.');
  return [...before, formatAddress(address)];
}

export function configure(command: Command): void {
  command
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', NOTES)
    .option(
      '--sockets <files...>',
      "the host's side, saved: its own tools' output, or ADDRESS=FILE",
    )
    .option('--scan <files...>', "the network's side, saved: a scan of any scanner")
    .option('--traffic <captures...>', 'what packets prove of it')
    .option('--address <address>', 'ask the saved or other machine at this address')
    .option('--has <addresses...>', 'all addresses of the saved or other machine', gatherAddresses)
    .option('--no-beside', 'make no network namespace beside this machine')
    .option('--bind-test', 'try to bind every port: finds what hides from the tables')
    .option(
      '--timeout <ms>',
      'how long a port may take to answer (default: 400)',
      wholeNumber(10, 60_000),
    )
    .option('--fail-on-mismatch', 'exit code 1 where the two sides contradict each other');
  addFarOptions(command);
  addOutputOptions(command);
  command.action(run);
}

async function run(options: OutputOptions & CompareOptions): Promise<void> {
  const { traffic = [], scan = [] } = options;
  refuseWithoutMachine(options);
  const targets = targetsOf(options);
  refuseForSeveral(targets, options);
  const scans = await Promise.all(
    scan.map(async (file) => ({ file, record: await readScan(file) })),
  );
  const seen = traffic.length === 0 ? undefined : await assess(traffic, { top: 0 });
  if (seen !== undefined) refuseNothing(seen);
  const line = new StepLine();
  const found = await compareAll(targets, scans, seen, options, line).finally(() => line.clear());
  const { compared, unseen } = found;
  const report = compareReport(compared, [...unseen, ...(seen?.notes ?? [])]);
  await writeReport(report.report, options);
  if (unseen.length > 0) process.exitCode = INPUT;
  else if (options.failOnMismatch && report.mismatches > 0) process.exitCode = FINDINGS;
}

/** The machines that could be looked at, and those that could not. */
interface Found {
  readonly compared: readonly Compared[];
  readonly unseen: readonly BlindSpot[];
}

async function compareAll(
  targets: readonly Target[],
  scans: readonly SavedScan[],
  seen: Awaited<ReturnType<typeof assess>> | undefined,
  options: CompareOptions,
  line: StepLine,
): Promise<Found> {
  line.say(stepOf(targets));
  const looks = await Promise.all(targets.map((target) => lookAt(target, options, targets.length)));
  const compared: Compared[] = [];
  const unseen: BlindSpot[] = [];
  for (const [index, target] of targets.entries()) {
    const look = looks[index]!;
    if ('because' in look) {
      unseen.push(look);
      continue;
    }
    const { view, address } = look;
    const comparison = await compareHost({
      view,
      local: target.local,
      ...(address === undefined ? {} : { address }),
      ...(options.has === undefined ? {} : { has: options.has }),
      traffic: seenServices(seen?.services ?? []),
      scans: await scanSides(scans, look, targets.length > 1, options),
      bindTest: options.bindTest ?? false,
      beside: options.beside ?? true,
      timeoutMs: options.timeout ?? DEFAULT_TIMEOUT_MS,
      onStep: (step) =>
        line.say(targets.length > 1 ? `${target.name ?? target.ssh}: ${step}` : step),
    });
    compared.push({ name: target.name ?? comparison.host.name, comparison });
  }
  return { compared, unseen };
}

function stepOf(targets: readonly Target[]): string {
  const far = targets.flatMap(({ ssh }) => ssh ?? []);
  if (far.length > 0) return `looking at ${far.join(', ')} by ssh`;
  return targets.some(({ local }) => local)
    ? 'looking at the sockets of this machine'
    : 'reading what was saved';
}

/** A host to compare: this machine, one by ssh, or one whose sockets were saved. */
interface Target {
  readonly local: boolean;
  readonly ssh?: string;
  readonly files?: readonly string[];
  /** What the files were named after. */
  readonly name?: string;
}

function targetsOf(options: CompareOptions): Target[] {
  const { sockets = [], ssh = [], scan = [], traffic = [], address } = options;
  const { named, nameless } = byAddress(sockets);
  const targets: Target[] = [
    ...ssh.map((machine) => ({ local: false, ssh: machine })),
    ...[...named].map(([name, files]) => ({ local: false, files, name })),
  ];
  if (nameless.length > 0 && targets.length > 0) {
    throw new Failure(USAGE, {
      what: `it is not clear of which machine ${nameless[0]} is`,
      why: 'several machines are named',
      ways: [`write the address before the file: --sockets 192.0.2.7=${nameless[0]}`],
    });
  }
  if (nameless.length > 0) {
    if (address === undefined && traffic.length + scan.length === 0) throw nothingToCompareWith();
    targets.push({ local: false, files: nameless });
  }
  return targets.length > 0 ? targets : [{ local: true }];
}

/** `192.0.2.7=netstat.txt`: files by the address of their host, and those without one. */
function byAddress(words: readonly string[]): {
  named: ReadonlyMap<string, readonly string[]>;
  nameless: readonly string[];
} {
  const named = new Map<string, string[]>();
  const nameless: string[] = [];
  for (const word of words) {
    const equals = word.indexOf('=');
    const parsed = equals < 0 ? undefined : parseAddress(word.slice(0, equals));
    if (parsed === undefined) {
      nameless.push(word);
      continue;
    }
    const address = formatAddress(parsed);
    named.set(address, [...(named.get(address) ?? []), word.slice(equals + 1)]);
  }
  return { named, nameless };
}

function nothingToCompareWith(): Failure {
  return new Failure(USAGE, {
    what: 'there is nothing to compare the sockets with',
    ways: [
      '--scan scan.xml compares with a scan, --traffic lan.pcap with packets',
      '--address 192.0.2.7 asks the machine from here',
    ],
  });
}

function refuseForSeveral(targets: readonly Target[], options: CompareOptions): void {
  const single = (['address', 'has'] as const).find((key) => options[key] !== undefined);
  if (targets.length > 1 && single !== undefined) {
    throw new Failure(USAGE, {
      what: `--${single} is of one machine, and ${targets.length} are named`,
      ways: ['write addresses before the files: --sockets 192.0.2.7=web1.txt 192.0.2.8=web2.txt'],
    });
  }
  if (options.bindTest && !targets.some(({ local }) => local)) {
    throw new Failure(USAGE, {
      what: '--bind-test can be made on this machine only',
      ways: ['run portreeve compare --bind-test there'],
    });
  }
}

/** The host's side, and where to ask it from here. */
interface HostLook {
  readonly local: boolean;
  readonly view: SocketView;
  readonly address?: string;
}

/** Of several machines, one that cannot be looked at is said to be so, and the others go on. */
async function lookAt(
  target: Target,
  options: CompareOptions,
  count: number,
): Promise<HostLook | BlindSpot> {
  const { local, ssh, files } = target;
  const connections = options.bindTest ?? false;
  try {
    const address = await placeOf(target, options, count > 1);
    const view = await (ssh !== undefined
      ? viewBySsh(ssh, options, connections)
      : files === undefined
        ? viewThisMachine({ connections })
        : readFiles(files));
    return { local, view, ...(address === undefined ? {} : { address }) };
  } catch (error) {
    if (!(error instanceof Failure) || count < 2 || error.exitCode === USAGE) throw error;
    const { what, why, ways } = error.problem;
    const remedy = ways?.[0];
    return {
      id: 'machine-not-seen',
      what: ssh ?? (files ?? []).join(', '),
      because: why === undefined ? what : `${what}: ${why}`,
      ...(remedy === undefined ? {} : { remedy }),
      missing: true,
    };
  }
}

/** A single host of a saved scan needs no address, since the scan may have one host alone. */
async function placeOf(
  { local, ssh, name }: Target,
  { address, scan = [] }: CompareOptions,
  several: boolean,
): Promise<string | undefined> {
  if (name !== undefined) return name;
  if (local || (scan.length > 0 && !several)) return address;
  const destination = address ?? ssh;
  return destination === undefined ? undefined : addressOf(destination);
}

interface SavedScan {
  readonly file: string;
  readonly record: ScanRecord;
}

async function readScan(file: string): Promise<ScanRecord> {
  const { earlier } = await earlierScan(file);
  return earlier.record;
}

/** What saved scans say of the host that is meant. */
async function scanSides(
  scans: readonly SavedScan[],
  { local, address }: HostLook,
  several: boolean,
  { has }: CompareOptions,
): Promise<NetworkSide[]> {
  const own = local && scans.length > 0 ? await localAddresses() : undefined;
  const addresses = address === undefined ? (has ?? own) : [address];
  return scans.map(({ file, record }) => {
    const chosen = scanSide(record, file, addresses, Date.now());
    if (chosen !== undefined) return chosen.network;
    if (several)
      return {
        vantage: { kind: 'unknown', name: file },
        ports: [],
        uniform: [],
        seenMs: Date.now(),
      };
    throw unclearHost(file, record);
  });
}

function unclearHost(file: string, { hosts }: ScanRecord): Failure {
  const known = hosts
    .slice(0, 3)
    .map((host) => host.address)
    .join(', ');
  return new Failure(USAGE, {
    what: `which host of ${file} is meant is not clear`,
    why: known === '' ? 'it has no host' : `it has ${known}${hosts.length > 3 ? ', …' : ''}`,
    ways: ['name its address: --address 192.0.2.7, or all it has: --has 192.0.2.7 2001:db8::7'],
  });
}

/** Where to ask: as told, or where a destination of ssh leads, as far as the system knows. */
async function addressOf(destination: string): Promise<string> {
  const name = destination.replace(/^.*@/, '');
  try {
    return (await lookup(name)).address;
  } catch {
    throw new Failure(INPUT, {
      what: `cannot find the address of ${name}`,
      why: 'the system does not resolve it (names of the ssh configuration are known to ssh alone)',
      ways: ['name the address: --address 192.0.2.7'],
    });
  }
}
