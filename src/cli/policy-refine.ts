/**
 * `portreeve policy refine`: begin by denying all, look at what was denied, decide, render again.
 * Reads firewall logs, and captures of denied packets such as nftables' `log group 5` gives; with
 * --follow it stays with a log that grows.
 */
import { type Command, InvalidArgumentError } from 'commander';
import { type Cycle, Denials, type Refinement } from '../pipeline/policy-refine.ts';
import type { Decision } from '../policy/conversation.ts';
import { whileReading } from './capture-options.ts';
import { INPUT, INTERRUPTED, USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { parseDuration } from './interface-options.ts';
import { parseOffset, parsePrefixRule } from './log-options.ts';
import { addOutputOptions, writeReport } from './output.ts';
import { PolicyDesk } from './policy-desk.ts';
import { findPlatform, gather, withFiles } from './policy-files.ts';
import { type RefineOptions, refuseUnread } from './refine-options.ts';
import { refineReport } from './refine-report.ts';
import {
  addReviewOptions,
  carryOut,
  isScripted,
  ORDER_NOTES,
  ordersOf,
  stillOpen,
  whoDecides,
} from './review-orders.ts';

const EXAMPLES = `Examples:
  portreeve policy refine --deny-log fw.log
  portreeve policy refine --deny-log fw.log --approve 'web -> sql tcp/1433'
  portreeve policy refine --deny-log fw.log --follow \\
    --for nftables --rules fw.nft
  portreeve policy refine denied.pcap --by alice --from-file decisions.txt
`;

const NOTES = `
Logs are those that “portreeve audit” reads. Every packet in a capture is taken
as denied: nftables writes them with “log group 5”, tcpdump reads them with “-i
nflog:5”. On a terminal it asks, elsewhere it only shows what was denied, unless
decisions are given. With --follow it goes on with the log, across rotation, and
asks, or applies the decisions given, whenever something new was denied; after
each round it writes the policy, and with --rules the rules, proved, for you to
install. “--follow done” ends when all conditions of stopping hold, which the
answer lists. Where the firewall limits its logging, silence proves nothing.
${ORDER_NOTES}Exit codes: 0 done, 1 the platform cannot express the policy, 2 wrong usage, 3 a
file could not be read, 5 no line is of a firewall's log, 130 interrupted.
`;

const DAY_MS = 86_400_000;
const CYCLES: readonly Cycle[] = [
  { name: 'day', ms: DAY_MS },
  { name: 'week', ms: 7 * DAY_MS },
];

export function configure(command: Command): void {
  command.addHelpText('before', EXAMPLES).addHelpText('after', NOTES);
  command
    .argument('[captures...]', 'captures of denied packets; - is standard input')
    .option('--deny-log <file>', 'a firewall log, or a folder of them; repeatable', gather)
    .option('--prefix <text=verdict>', 'what a log prefix stands for; repeatable', parsePrefixRule)
    .option('--utc-offset <offset>', 'of log stamps without a zone, such as +02:00', parseOffset)
    .option(
      '--follow [time]',
      'stay with the log as it grows: so long, until it is “done”, or until Ctrl-C',
      parseSpan,
    )
    .option('--for <platform>', 'render for this platform after each round', findPlatform)
    .option('--rules <file>', 'where the rules are written then')
    .option('--cycle <name=time>', 'silence needed, as in payroll=31d; repeatable', gatherCycle);
  addReviewOptions(command);
  addOutputOptions(command);
  command.action(run);
}

function parseSpan(text: string): number | 'done' {
  return text === 'done' ? text : parseDuration(text);
}

const MOST_CYCLE_MS = 400 * DAY_MS;

/** Gathers `--cycle payroll=31d`, which may be repeated, for commander. */
function gatherCycle(text: string, before: readonly Cycle[] = []): Cycle[] {
  const [, name, time] = /^([\w .-]{1,30})=(.+)$/.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError('It has the form payroll=31d.');
  const ms = parseDuration(time!);
  if (ms > MOST_CYCLE_MS) throw new InvalidArgumentError('A cycle is 400 days at most.');
  return [...before, { name, ms }];
}

async function run(inputs: readonly string[], options: RefineOptions): Promise<void> {
  refuseUsage(inputs, options);
  const { rules, for: platform } = options;
  const names = new Map(Object.entries(options.name ?? {}));
  const desk = new PolicyDesk(
    options.policy,
    names,
    rules === undefined ? undefined : { platform: platform!, file: rules },
  );
  const denials = new Denials(desk.read(), {
    cycles: options.cycle ?? CYCLES,
    ...(options.prefix === undefined ? {} : { prefixes: options.prefix }),
    ...(options.utcOffset === undefined ? {} : { offsetMs: options.utcOffset }),
  });
  desk.journal();
  if (options.follow !== undefined) {
    const { follow } = await import('./policy-follow.ts');
    return follow(desk, denials, names, options);
  }
  await whileReading(async (watch) => {
    if (inputs.length > 0) await denials.readCaptures(inputs, watch);
    if (options.denyLog !== undefined) await denials.readLogs(options.denyLog, watch);
  });
  const before = desk.journal();
  const refinement = await denials.refinement(before);
  refuseUnread(refinement);
  const decisions = await decisionsOn(refinement, before, desk, names, options);
  if (decisions.length > 0) desk.decide(decisions);
  if (refinement.faults.length > 0) process.exitCode = INPUT;
  const journal = [...before, ...decisions];
  const report = refineReport(await denials.refinement(journal), journal, {
    ...{ decided: decisions.length, policyFile: options.policy, names: options.name ?? {} },
    ...(rules === undefined ? {} : { rulesFile: rules }),
  });
  await writeReport(report, options);
}

/** What the options order, or the person at the terminal; without either nothing is decided. */
async function decisionsOn(
  { conversations }: Refinement,
  journal: readonly Decision[],
  desk: PolicyDesk,
  names: ReadonlyMap<string, string>,
  options: RefineOptions,
): Promise<readonly Decision[]> {
  if (isScripted(options)) {
    const orders = withFiles(() => ordersOf(options, { names, policy: desk.read() }));
    return carryOut(conversations, orders, options);
  }
  const { canAsk, reviewOnTerminal } = await import('./review-terminal.ts');
  const open = stillOpen(conversations, journal);
  if (!canAsk() || process.stdout.isTTY !== true || open.length === 0) return [];
  const { decisions, ended } = await reviewOnTerminal(
    open,
    journal,
    names,
    whoDecides(options),
    options,
  );
  if (ended === 'interrupted') process.exitCode = INTERRUPTED;
  return decisions;
}

function refuseUsage(inputs: readonly string[], options: RefineOptions): void {
  const { denyLog = [], follow, rules, for: platform } = options;
  if (inputs.length + denyLog.length === 0) {
    throw new Failure(USAGE, {
      what: 'there is nothing to read what was denied from',
      ways: ['--deny-log fw.log', 'captures of denied packets'],
    });
  }
  if (follow !== undefined && (inputs.length > 0 || denyLog.length === 0)) {
    throw new Failure(USAGE, {
      what: '--follow goes with --deny-log, not with captures',
      ways: ['log the packets instead, and name the log'],
    });
  }
  if ((rules === undefined) !== (platform === undefined)) {
    throw new Failure(USAGE, {
      what: '--rules and --for go together',
      ways: ['--for nftables --rules fw.nft'],
    });
  }
}
