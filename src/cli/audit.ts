/** `portreeve audit`: what firewalls let through and what they refused, by their own logs. */
import { type Command, Option } from 'commander';
import type { Action } from '../model/verdict.ts';
import { type AuditChoices, type AuditFilter, audit, type LogAudit } from '../pipeline/audit.ts';
import type { Report } from '../report/report.ts';
import {
  checkCombination,
  checkInputs,
  exitCodeOf,
  nameOf,
  refuseEmpty,
  refuseEmptyPast,
  refuseNothing,
} from './audit-checks.ts';
import { AuditFollower } from './audit-follow.ts';
import { kernelLogOf, listenerOf, parseGroup } from './audit-live.ts';
import {
  type AuditCommandOptions,
  askedText,
  parseFor,
  parseHost,
  parseNewSince,
  parsePort,
  parseZone,
} from './audit-options.ts';
import { auditReport } from './audit-report.ts';
import { rulesOf } from './audit-rule-use.ts';
import { whileReading, wholeNumber } from './capture-options.ts';
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
  checkInputs(inputs, options);
  checkCombination(options);
  const toPeople = process.stdout.isTTY === true && inText;
  const limit = options.all ? EVERYTHING : options.top;
  const where = filterOf(options);
  const wishes = { ...(await wishesOf(options)), top: limit ?? TOP_IN_PIPES };
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
        name: wishes.kernel?.name ?? nameOf(inputs.at(-1)!),
      })
    : undefined;
  await whileReading(
    (watch) => {
      watch.signal?.addEventListener('abort', () => ending.abort());
      const progress =
        follower === undefined
          ? watch
          : { follow: follower.onWait, signal: ending.signal, onProgress: follower.onProgress };
      return audit(inputs, { ...wishes, ...progress }).catch(async (error) => {
        await follower?.end(undefined);
        throw error;
      });
    },
    {
      limitMs: options.for?.timeMs,
      noun: wishes.kernel === undefined ? 'line' : 'packet',
      answer: async (answer) => {
        const isLeft = (await follower?.end(answer)) ?? true;
        refuseNothing(answer);
        refuseEmptyPast(answer);
        // Nobody ends the following but the user: that is no interruption.
        const whole = follower === undefined ? answer : { ...answer, interrupted: false };
        if (follower === undefined) refuseEmpty(answer);
        process.exitCode = exitCodeOf(whole);
        if (isLeft) await writeReport(reportOf(whole), options);
      },
    },
  );
}

/** What the audit itself is to do; reads the files that options name, and opens what listens. */
async function wishesOf(options: AuditCommandOptions): Promise<Omit<AuditChoices, 'top'>> {
  const { flowPort, zone, prefix, utcOffset, workers, newSince = {} } = options;
  const where = filterOf(options);
  const mappings = options.map && (await mappingsOf(options.map));
  const rules =
    options.rules === undefined ? undefined : await rulesOf(options.rules, options.for?.platform);
  // With --follow the count is one of answers.
  const records = options.follow ? undefined : options.count;
  const listen = await listenerOf(options.listen, records);
  const kernel = await kernelLogOf(options.nflog, records);
  return {
    ...(mappings === undefined ? {} : { mappings }),
    ...(listen === undefined ? {} : { listen }),
    ...(kernel === undefined ? {} : { kernel }),
    ...(flowPort === undefined ? {} : { flowPorts: flowPort }),
    ...(zone ?? {}),
    ...(prefix === undefined ? {} : { prefixes: prefix }),
    ...(utcOffset === undefined ? {} : { offsetMs: utcOffset }),
    ...(where === undefined ? {} : { where }),
    ...(newSince.sinceMs === undefined ? {} : { sinceMs: newSince.sinceMs }),
    ...(newSince.logs === undefined ? {} : { before: newSince.logs }),
    ...(rules === undefined ? {} : { rules }),
    ...(workers === undefined ? {} : { workers }),
  };
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
