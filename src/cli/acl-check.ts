/** `portreeve acl check`: what is wrong with existing rules, and which of them traffic uses. */
import { type Command, Option } from 'commander';
import {
  type Check,
  checkText,
  type Platform,
  type RuleUse,
  type ZoneWish,
  zonesOf,
} from '../pipeline/policy.ts';
import { readText } from '../pipeline/policy-files.ts';
import { learnConversations } from '../pipeline/policy-learn.ts';
import type { Anomaly, AnomalyKind } from '../policy/anomalies.ts';
import type { Conversation } from '../policy/conversation.ts';
import type { FilterRule } from '../policy/filter.ts';
import { describePacket } from '../policy/packet-text.ts';
import { counted } from '../report/numbers.ts';
import type { Fact, Report } from '../report/report.ts';
import type { Column } from '../report/table.ts';
import { refuseNothing } from './capture-options.ts';
import { DONE, FINDINGS, INPUT, USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { addOutputOptions, type OutputOptions, writeReport } from './output.ts';
import { faultTable } from './parse-faults.ts';
import { addPlatformOption, gather, hostsAsked, parseZoneWish, withFiles } from './policy-files.ts';

const EXAMPLES = `Examples:
  nft list ruleset | portreeve acl check - --for nftables
  portreeve acl check rules.v4 --for iptables --traffic week.pcap \\
    --zone dmz=10.0.1.0/24 --zone internal=10.0.2.0/24
`;

const NOTES = `
Every finding holds for all packets and comes with one that shows it. Findings
about needless rules hold one at a time: check again after each change. A text
that is not understood as a whole is not judged. Exit codes: 0 done, 1 findings
under --fail-on, 2 wrong usage, 3 the text was not understood.
`;

interface CheckOptions {
  readonly for: Platform;
  readonly traffic?: readonly string[];
  readonly zone?: Readonly<Record<string, ZoneWish>>;
  readonly host?: string;
  readonly failOn?: 'findings';
}

const MEANING: Readonly<Record<AnomalyKind, string>> = {
  shadowed: 'never decides; earlier rules act otherwise',
  covered: 'never decides; earlier rules do the same',
  redundant: 'could go; what follows does the same',
  correlated: 'crosses an earlier rule; their order matters',
  wide: 'lets in more than one service or any address',
  'open-default': 'lets in what no rule decides',
  empty: 'can never match',
};

export function configure(command: Command): void {
  command.addHelpText('before', EXAMPLES).addHelpText('after', NOTES);
  command.argument('<rules>', 'the text of the rules; - is standard input');
  addPlatformOption(command);
  command
    .option('--traffic <capture>', 'a capture of what is used; repeatable', gather)
    .option('--zone <name=prefix>', 'zones of that traffic; repeatable', parseZoneWish)
    .option('--host <address>', 'the machine whose own rules these are, for that traffic')
    .addOption(new Option('--fail-on <what>', 'exit with 1 when there are').choices(['findings']));
  addOutputOptions(command);
  command.action(run);
}

async function run(file: string, options: OutputOptions & CheckOptions): Promise<void> {
  const text = withFiles(() => readText(file));
  const zones = zonesOf(options.zone ?? {});
  const conversations = await trafficOf(options, zones);
  const hosts = hostsAsked([], zones, options.host);
  const check = withFiles(() => checkText(options.for, text, zones, conversations, hosts));
  const findings = check.anomalies.length;
  process.exitCode =
    check.faults.length > 0
      ? INPUT
      : findings > 0 && options.failOn !== undefined
        ? FINDINGS
        : DONE;
  await writeReport(checkReport(check, options), options);
}

async function trafficOf(
  { traffic, zone }: CheckOptions,
  zones: ReturnType<typeof zonesOf>,
): Promise<readonly Conversation[]> {
  if (traffic === undefined) return [];
  if (Object.keys(zone ?? {}).length < 2) {
    throw new Failure(USAGE, {
      what: '--traffic needs at least two zones',
      ways: ['--zone dmz=10.0.1.0/24 --zone internet=rest'],
    });
  }
  const { conversations, summary } = await learnConversations({ captures: traffic }, zones, {});
  if (summary !== undefined) refuseNothing(summary);
  return conversations;
}

/** A rule as people find it: its line, and what it calls itself. */
function placeOf({ line, comment }: FilterRule): string {
  return comment === undefined ? `line ${line}` : `line ${line} (${comment})`;
}

/** `line 4`, `lines 3, 4, 7`, `the platform`. */
function othersText(others: readonly FilterRule[]): string {
  const lines = [...new Set(others.map(({ line }) => line))].filter((line) => line > 0);
  return [
    ...(others.some(({ line }) => line === 0) ? ['the platform'] : []),
    ...(lines.length === 0 ? [] : [`${lines.length === 1 ? 'line' : 'lines'} ${lines.join(', ')}`]),
  ].join(', ');
}

const ANOMALY_COLUMNS: readonly Column<Anomaly>[] = [
  { key: 'line', title: 'LINE', value: ({ line }) => (line > 0 ? line : null), align: 'right' },
  { key: 'finding', title: 'FINDING', value: ({ kind }) => kind },
  { key: 'meaning', title: 'MEANING', value: ({ kind }) => MEANING[kind], priority: 3 },
  {
    key: 'others',
    title: 'BECAUSE OF',
    value: ({ others }) => others.map(({ line }) => line),
    text: ({ others }) => othersText(others),
    priority: 2,
  },
  {
    key: 'packet',
    title: 'SHOWN BY',
    value: ({ packet }) => (packet === undefined ? null : describePacket(packet)),
    text: ({ packet }) => (packet === undefined ? '' : describePacket(packet)),
  },
  { key: 'chain', title: 'CHAIN', value: ({ chain }) => chain, priority: 1 },
  {
    key: 'comment',
    title: 'COMMENT',
    value: ({ rule }) => rule?.comment ?? null,
    text: ({ rule }) => rule?.comment ?? '',
    priority: 4,
  },
];

const USE_COLUMNS: readonly Column<RuleUse>[] = [
  { key: 'line', title: 'LINE', value: ({ rule }) => rule.line, align: 'right' },
  {
    key: 'conversations',
    title: 'CONVERSATIONS',
    value: ({ conversations }) => conversations,
    align: 'right',
  },
  {
    key: 'connections',
    title: 'CONNECTIONS',
    value: ({ connections }) => connections,
    align: 'right',
    priority: 1,
  },
  {
    key: 'samples',
    title: 'USED BY',
    value: ({ samples }) => samples.map(conversationText),
    text: ({ samples, conversations }) => {
      const shown = samples.map(conversationText).join('; ');
      return conversations > samples.length ? `${shown}; …` : shown;
    },
    grow: true,
  },
];

function conversationText({ client, server, service }: Conversation): string {
  return `${client} -> ${server} ${service}`;
}

function trafficFacts(idle: number, stopped: number): Fact[] {
  return [
    { key: 'unusedRules', value: idle, text: `${counted(idle, 'accepting rule')} unused` },
    { key: 'stopped', value: stopped, text: `${counted(stopped, 'conversation')} stopped` },
  ];
}

function checkReport(check: Check, { traffic }: CheckOptions): Report {
  const { faults, anomalies, uses, stopped, rules } = check;
  const idle = uses.filter(({ conversations }) => conversations === 0);
  const text =
    faults.length > 0
      ? `Not judged: ${counted(faults.length, 'place was', 'places were')} not understood.`
      : rules === 0
        ? 'There are no rules in this text, so nothing was judged.'
        : `${counted(anomalies.length, 'finding')} in ${counted(rules, 'rule')}`;
  return {
    kind: 'acl-check',
    version: 1,
    verdict: {
      severity:
        faults.length > 0 ? 'error' : anomalies.length > 0 || rules === 0 ? 'warning' : 'ok',
      text,
    },
    facts: [
      { key: 'rules', value: rules },
      { key: 'findings', value: anomalies.length },
      ...(traffic === undefined
        ? [
            { key: 'unusedRules', value: null },
            { key: 'stopped', value: null },
          ]
        : trafficFacts(idle.length, stopped.length)),
    ],
    mainTable: 'findings',
    tables: [
      faultTable(faults),
      {
        key: 'findings',
        kind: 'finding',
        heading: 'FINDINGS',
        columns: ANOMALY_COLUMNS,
        rows: anomalies,
      },
      {
        key: 'uses',
        kind: 'use',
        heading: 'WHAT THE TRAFFIC USED',
        columns: USE_COLUMNS,
        rows: uses,
      },
    ],
    notes: [
      ...check.notes,
      ...idle.slice(0, 10).map(({ rule }) => ({
        what: `No traffic used ${placeOf(rule)}.`,
        because: 'the capture holds no connection that it decides',
        remedy: 'look at a longer time before removing it: some work is done once a month',
      })),
    ],
    next: [],
  };
}
