/** `portreeve audit`: what firewalls let through and what they refused, by their own logs. */
import { basename } from 'node:path';
import { type Command, Option } from 'commander';
import type { Action } from '../model/verdict.ts';
import type { Prefix } from '../net/prefix.ts';
import {
  type AuditFilter,
  audit,
  type ListenAddress,
  type LogAudit,
  type PrefixRule,
} from '../pipeline/audit.ts';
import type { Report } from '../report/report.ts';
import { AuditFollower } from './audit-follow.ts';
import { kernelLogOf, listenerOf, parseGroup } from './audit-live.ts';
import {
  askedText,
  type For,
  type NewSince,
  parseFor,
  parseHost,
  parseNewSince,
  parsePort,
  parseZone,
  type Zones,
} from './audit-options.ts';
import { auditReport } from './audit-report.ts';
import { rulesOf } from './audit-rule-use.ts';
import { whileReading, wholeNumber } from './capture-options.ts';
import { DONE, INCOMPLETE, INPUT, INTERRUPTED, USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { parseDuration } from './interface-options.ts';
import {
  gatherFiles,
  mappingsOf,
  parseFlowPort,
  parseListen,
  parseOffset,
  parsePrefixRule,
} from './log-options.ts';
import { addOutputOptions, chosenFormat, type OutputOptions, writeReport } from './output.ts';

const EXAMPLES = `Examples:
  portreeve audit /var/log/kern.log              what passed, what was refused
  portreeve audit fw.log* --zone dmz=10.0.1.0/24 --zone out=eth0
  portreeve audit fw.log --prefix 'RULE7=deny'   what a prefix stands for
  journalctl -k -o json | portreeve audit -      from the journal
  portreeve audit fw.log --denied --way outward  only what was refused outward
  portreeve audit fw.log --new-since last-week/  what last week's logs do not have
  portreeve audit fw.log --rules rules.nft       which rules nothing used
  portreeve audit --follow /var/log/kern.log     as it grows, across rotation
  sudo portreeve audit --nflog 5 --follow        what rules log to NFLOG group 5
  portreeve audit --listen 2055 --for 10m        NetFlow, IPFIX and sFlow as it comes
`;

const NOTES = `
Formats are recognised line by line: docs/log-formats.md lists them.
Exit codes: 0 done, 2 wrong usage, 3 an input could not be read, 4 a port may
not be opened, 5 lines of a known format could not be read or there were none,
130 interrupted.
`;

interface AuditCommandOptions {
  readonly zone?: Zones;
  readonly prefix?: readonly PrefixRule[];
  readonly utcOffset?: number;
  readonly host?: readonly Prefix[];
  readonly port?: NonNullable<AuditFilter['ports']>;
  readonly rule?: string;
  readonly allowed?: boolean;
  readonly denied?: boolean;
  readonly way?: NonNullable<AuditFilter['way']>;
  readonly newSince?: NewSince;
  readonly workers?: number;
  readonly map?: readonly string[];
  readonly listen?: readonly ListenAddress[];
  readonly nflog?: readonly number[];
  readonly follow?: boolean;
  readonly interval?: number;
  readonly for?: For;
  readonly rules?: string;
  readonly count?: number;
  readonly flowPort?: readonly number[];
  readonly top?: number;
  readonly all?: boolean;
}

/** Conversations and hosts in a pipe. */
const TOP_IN_PIPES = 1000;
const EVERYTHING = 2 ** 31;

export function configure(command: Command): void {
  command.addHelpText('before', EXAMPLES).addHelpText('after', NOTES);
  command
    .argument('[log...]', 'logs, flow export, captures of it; folders; - is standard input')
    .option('--zone <name=what>', 'name a prefix or an interface; repeatable', parseZone)
    .option('--prefix <text=verdict>', 'what a log prefix stands for; repeatable', parsePrefixRule)
    .option('--utc-offset <offset>', 'of stamps without a zone, such as +02:00', parseOffset)
    .option('--host <address>', 'only this host or network; repeatable', parseHost)
    .option('--port <port>', 'only this port, such as 443 or udp/53; repeatable', parsePort)
    .option('--rule <name>', 'only what this rule or prefix decided')
    .option('--allowed', 'only what was let through')
    .option('--denied', 'only what was refused')
    .addOption(
      new Option('--way <way>', 'only this direction').choices([
        'inward',
        'outward',
        'internal',
        'through',
      ]),
    )
    .option(
      '--new-since <what>',
      'only what is new since a time, or what an earlier log has not; logs repeatable',
      parseNewSince,
    )
    .option('--workers <n>', 'threads beside the first, 0 or 1', wholeNumber(0, 1))
    .option('--map <file>', 'how a log of your own is to be read; repeatable', gatherFiles)
    .option('--listen <port>', 'take flow export on UDP; address:port; repeatable', parseListen)
    .option('--nflog <group>', 'take what the kernel logs to a group; repeatable', parseGroup)
    .option('--follow', 'stay with the last log as it grows, or show --nflog live')
    .option('--interval <time>', 'between answers of --follow (default: 5s)', parseDuration)
    .option('--rules <file>', 'rules of the firewall: which of them nothing used')
    .option('--for <what>', 'how long to listen or follow, or the platform of --rules', parseFor)
    .option('--count <n>', 'until so many flow records came, or answers', wholeNumber(1, 4e9))
    .option('--flow-port <port>', 'UDP port of flow export in captures; repeatable', parseFlowPort)
    .option('--top <n>', 'rows of each table', wholeNumber(1, 1e9))
    .option('--all', 'all rows of all tables');
  addOutputOptions(command);
  command.action(run);
}

async function run(
  inputs: readonly string[],
  options: OutputOptions & AuditCommandOptions,
): Promise<void> {
  const inText = (chosenFormat(options) ?? 'table') === 'table';
  const toPeople = process.stdout.isTTY === true && inText;
  const limit = options.all ? EVERYTHING : options.top;
  const where = filterOf(options);
  const { sinceMs, logs: before } = options.newSince ?? {};
  checkInputs(inputs, options);
  const mappings = options.map && (await mappingsOf(options.map));
  const rules =
    options.rules === undefined ? undefined : await rulesOf(options.rules, options.for?.platform);
  // With --follow the count is one of answers.
  const records = options.follow ? undefined : options.count;
  const listen = await listenerOf(options.listen, records);
  const kernel = await kernelLogOf(options.nflog, records);
  const reportOf = (answer: LogAudit): Report =>
    auditReport(answer, {
      limit: limit ?? (toPeople ? undefined : EVERYTHING),
      drilled: where !== undefined || options.newSince !== undefined,
      asked: where === undefined ? undefined : { text: askedText(where), action: where.action },
    });
  const ending = new AbortController();
  const follower = options.follow
    ? new AuditFollower({
        ...(options.interval === undefined ? {} : { intervalMs: options.interval }),
        ...(options.count === undefined ? {} : { count: options.count }),
        ...{ onScreen: toPeople, output: options, reportOf, stop: () => ending.abort() },
        name: kernel?.name ?? nameOf(inputs.at(-1)!),
      })
    : undefined;
  const answer = await whileReading((watch) => {
    watch.signal?.addEventListener('abort', () => ending.abort());
    return audit(inputs, {
      ...(follower === undefined
        ? watch
        : {
            follow: follower.onWait,
            signal: ending.signal,
            onProgress: follower.onProgress,
          }),
      ...(mappings === undefined ? {} : { mappings }),
      ...(listen === undefined ? {} : { listen }),
      ...(kernel === undefined ? {} : { kernel }),
      ...(options.flowPort === undefined ? {} : { flowPorts: options.flowPort }),
      ...(options.zone === undefined ? {} : options.zone),
      ...(options.prefix === undefined ? {} : { prefixes: options.prefix }),
      ...(options.utcOffset === undefined ? {} : { offsetMs: options.utcOffset }),
      ...(where === undefined ? {} : { where }),
      ...(sinceMs === undefined ? {} : { sinceMs }),
      ...(before === undefined ? {} : { before }),
      ...(rules === undefined ? {} : { rules }),
      ...(options.workers === undefined ? {} : { workers: options.workers }),
      top: limit ?? TOP_IN_PIPES,
    });
  }, options.for?.timeMs).catch(async (error) => {
    await follower?.end(undefined);
    throw error;
  });
  const isLeft = (await follower?.end(answer)) ?? true;
  refuseNothing(answer);
  refuseEmptyPast(answer);
  // Nobody ends the following but the user: that is no interruption.
  const whole = follower === undefined ? answer : { ...answer, interrupted: false };
  if (follower === undefined) refuseEmpty(answer);
  process.exitCode = exitCodeOf(whole);
  if (isLeft) await writeReport(reportOf(whole), options);
}

/** What is followed, as people call it. */
function nameOf(input: string): string {
  return input === '-' ? 'standard input' : basename(input);
}

/** Throws when there is nothing to read, or more than one thing. */
function checkInputs(
  inputs: readonly string[],
  {
    listen,
    nflog,
    follow,
    interval,
    for: { timeMs: time, platform } = {},
    rules,
    newSince,
    count,
  }: AuditCommandOptions,
): void {
  const piped = [...inputs, ...(newSince?.logs ?? []), rules].filter((name) => name === '-');
  if (piped.length > 1) {
    throw new Failure(USAGE, {
      what: 'standard input cannot be read twice',
      ways: ['write one of the two to a file first'],
    });
  }
  const live = [...(listen === undefined ? [] : ['--listen']), ...(nflog ? ['--nflog'] : [])];
  if (live.length + Math.min(1, inputs.length) > 1) {
    throw new Failure(USAGE, {
      what:
        live.length > 1
          ? 'the network and the kernel cannot be listened to together'
          : 'logs and what comes live cannot be read together',
      ways: [`leave out ${live.at(-1)}, or ${live.length > 1 ? live[0] : 'the files'}`],
    });
  }
  if (inputs.length + live.length === 0) {
    throw new Failure(USAGE, {
      what: "missing required argument 'log'",
      ways: [
        'name a log, or - for standard input',
        '--listen 2055 takes flow export',
        "--nflog 5 the kernel's own",
      ],
    });
  }
  if (follow !== undefined && listen !== undefined) {
    throw new Failure(USAGE, {
      what: '--follow is for logs, not for the network',
      ways: ['leave it out: --listen goes on by itself'],
    });
  }
  if (follow === undefined && interval !== undefined) {
    throw new Failure(USAGE, {
      what: '--interval is for --follow',
      ways: ['portreeve audit --follow --interval 10s LOG'],
    });
  }
  if (platform !== undefined && rules === undefined) {
    throw new Failure(USAGE, {
      what: `--for ${platform} is for --rules`,
      ways: [`portreeve audit LOG --rules FILE --for ${platform}`],
    });
  }
  const goesOn = live.length > 0 || follow !== undefined;
  if (!goesOn && (time !== undefined || count !== undefined)) {
    throw new Failure(USAGE, {
      what: `--${time === undefined ? 'count' : 'for'} is for --listen, --nflog and --follow`,
      ways: ['leave it out: logs are read to their ends'],
    });
  }
}

function filterOf(options: AuditCommandOptions): AuditFilter | undefined {
  const { host, port, rule, way, allowed, denied } = options;
  const action: Action | undefined =
    allowed === denied ? undefined : allowed === true ? 'allow' : 'deny';
  const filter: AuditFilter = {
    ...(host === undefined ? {} : { hosts: [...host] }),
    ...(port === undefined ? {} : { ports: port }),
    ...(rule === undefined ? {} : { rule }),
    ...(way === undefined ? {} : { way }),
    ...(action === undefined ? {} : { action }),
  };
  return Object.keys(filter).length === 0 ? undefined : filter;
}

/** Throws when not one input could be read: there is nothing to report then. */
function refuseNothing({ faults, lines, before, linesBefore, interrupted }: LogAudit): void {
  const [first, ...others] = faults;
  if (first === undefined || interrupted || (lines > 0 && (before.length === 0 || linesBefore > 0)))
    return;
  const more = others.length === 0 ? '' : `, and ${others.length} more inputs likewise`;
  throw new Failure(INPUT, {
    what: `cannot read ${first.source}: ${first.what}${more}`,
    why: first.why,
    ways: [first.do, ...(before.includes(first.source) ? ['a time has the form 2026-11-22'] : [])],
  });
}

/** Throws when the inputs hold nothing at all: an empty log is not a network without traffic. */
function refuseEmpty({ inputs, lines, live, interrupted, faults }: LogAudit): void {
  if (lines > 0 || live || interrupted || faults.length > 0) return;
  throw new Failure(INPUT, {
    what: `there is nothing in ${inputs.length === 1 ? nameOf(inputs[0]!) : `any of ${inputs.length} inputs`}`,
    why: 'an empty log says neither what passed nor what was refused',
    ways: ['name the log that the device writes to', '--follow waits for lines'],
  });
}

/** Throws when there is nothing to compare with: everything would seem new. */
function refuseEmptyPast({ before, linesBefore, interrupted }: LogAudit): void {
  if (before.length === 0 || linesBefore > 0 || interrupted) return;
  throw new Failure(INPUT, {
    what: `there is no line of a firewall log in ${before.length === 1 ? before[0] : `any of ${before.length} earlier logs`}`,
    why: 'compared with nothing, everything is new',
    ways: ['name a log of the same device from an earlier time', '--new-since takes a time too'],
  });
}

function exitCodeOf({ interrupted, faults, unread, linesRead, live }: LogAudit): number {
  if (interrupted) return INTERRUPTED;
  if (faults.length > 0) return INPUT;
  // What was read says nothing about traffic.
  if (linesRead === 0 && !live) return INCOMPLETE;
  return unread.length > 0 ? INCOMPLETE : DONE;
}
