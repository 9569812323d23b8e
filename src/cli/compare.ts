/** `portreeve compare`: what a host says of its ports, held against what the network sees of them. */
import { lookup } from 'node:dns/promises';
import type { Command } from 'commander';
import { scanSide } from '../analysis/compare/from-scan.ts';
import { seenServices } from '../analysis/compare/from-traffic.ts';
import type { NetworkSide } from '../model/comparison.ts';
import { assess } from '../pipeline/assess.ts';
import { compareHost, localAddresses } from '../pipeline/compare-host.ts';
import { readEarlierScan } from '../pipeline/scan.ts';
import type { SocketView } from '../pipeline/sockets.ts';
import { refuseNothing, wholeNumber } from './capture-options.ts';
import { compareReport } from './compare-report.ts';
import { FINDINGS, INPUT, USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { addFarOptions, type FarOptions, viewBySsh } from './far-options.ts';
import { addOutputOptions, type OutputOptions, writeReport } from './output.ts';
import { readFiles, viewThisMachine } from './sockets.ts';

const EXAMPLES = `Examples:
  portreeve compare                    this machine, asked from itself
  sudo portreeve compare               and through its firewall, from beside it
  portreeve compare --ssh anna@web1    another machine, asked from here
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

export function configure(command: Command): void {
  command
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', NOTES)
    .option('--sockets <files...>', "the host's side, saved: output of its own tools")
    .option('--scan <files...>', "the network's side, saved: a scan of any scanner")
    .option('--traffic <captures...>', 'what packets prove of it')
    .option('--address <address>', 'ask the saved or other machine at this address')
    .option('--has <addresses...>', 'all addresses of the saved or other machine')
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
  const { sockets, ssh, traffic = [], scan = [] } = options;
  if (sockets !== undefined && ssh !== undefined) {
    throw new Failure(USAGE, {
      what: '--sockets and --ssh name two hosts',
      ways: ['name one of them'],
    });
  }
  const local = sockets === undefined && ssh === undefined;
  const view = await viewOf(options);
  const address = local || scan.length > 0 ? options.address : await addressOf(options);
  if (sockets !== undefined && address === undefined && traffic.length + scan.length === 0) {
    throw new Failure(USAGE, {
      what: 'there is nothing to compare the sockets with',
      ways: [
        '--scan scan.xml compares with a scan, --traffic lan.pcap with packets',
        '--address 192.0.2.7 asks the machine from here',
      ],
    });
  }
  const seen = traffic.length === 0 ? undefined : await assess(traffic, { top: 0 });
  if (seen !== undefined) refuseNothing(seen);
  const comparison = await compareHost({
    view,
    local,
    ...(address === undefined ? {} : { address }),
    ...(options.has === undefined ? {} : { has: options.has }),
    traffic: seenServices(seen?.services ?? []),
    scans: await Promise.all(scan.map((file) => scanOf(file, local, options))),
    bindTest: options.bindTest ?? false,
    beside: options.beside ?? true,
    timeoutMs: options.timeout ?? DEFAULT_TIMEOUT_MS,
  });
  const report = compareReport(comparison, seen?.notes ?? []);
  await writeReport(report.report, options);
  if (options.failOnMismatch && report.mismatches > 0) process.exitCode = FINDINGS;
}

/** What a saved scan says of the host that is meant. */
async function scanOf(
  file: string,
  local: boolean,
  { address, has }: CompareOptions,
): Promise<NetworkSide> {
  const { earlier } = await readEarlierScan(file).catch((error: Error & { code?: string }) => {
    if (error.name !== 'UnknownScanError' && error.code === undefined) throw error;
    throw new Failure(INPUT, {
      what: `cannot read a scan from ${file}`,
      why: error.code === 'ENOENT' ? 'there is no such file' : error.message,
      ways: ['name the XML of Nmap, or what portreeve scan, masscan, naabu or RustScan wrote'],
    });
  });
  const own = local ? await localAddresses() : undefined;
  const addresses = address === undefined ? (has ?? own) : [address];
  const chosen = scanSide(earlier.record, file, addresses, Date.now());
  if (chosen !== undefined) return chosen.network;
  const known = earlier.record.hosts
    .slice(0, 3)
    .map((host) => host.address)
    .join(', ');
  throw new Failure(USAGE, {
    what: `which host of ${file} is meant is not clear`,
    why:
      known === ''
        ? 'it has no host'
        : `it has ${known}${earlier.record.hosts.length > 3 ? ', …' : ''}`,
    ways: ['name its address: --address 192.0.2.7, or all it has: --has 192.0.2.7 2001:db8::7'],
  });
}

function viewOf(options: CompareOptions): Promise<SocketView> {
  const connections = options.bindTest ?? false;
  if (options.ssh !== undefined) return viewBySsh(options, connections);
  return options.sockets === undefined
    ? viewThisMachine({ connections })
    : readFiles(options.sockets);
}

/** Where to ask: as told, or where the destination of ssh leads, as far as the system knows. */
async function addressOf({ address, ssh }: CompareOptions): Promise<string | undefined> {
  const name = address ?? ssh?.replace(/^.*@/, '');
  if (name === undefined) return undefined;
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
