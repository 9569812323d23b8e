/** `portreeve policy prove`: does this text do what the policy says, for every packet? */
import type { Command } from 'commander';
import type { PacketHeader } from '../net/header-fields.ts';
import { openingPacket, type Platform, type Proof, provePolicy } from '../pipeline/policy.ts';
import { journalOf, readJournal, readPolicyFile, readText } from '../pipeline/policy-files.ts';
import { SETTINGS_BESIDE } from '../pipeline/text-notes.ts';
import type { Difference } from '../policy/compare.ts';
import type { Policy } from '../policy/intent.ts';
import { describePacket } from '../policy/packet-text.ts';
import { count, counted } from '../report/numbers.ts';
import type { Report } from '../report/report.ts';
import type { Column, Table } from '../report/table.ts';
import { DONE, FINDINGS } from './exit-codes.ts';
import { addOutputOptions, type OutputOptions, writeReport } from './output.ts';
import { faultTable } from './parse-faults.ts';
import { addHostOption, addPlatformOption, hostsAsked, withFiles } from './policy-files.ts';

const EXAMPLES = `Examples:
  portreeve policy prove policy.yaml --for nftables rules.nft
  nft list table inet portreeve > now.nft
  portreeve policy prove policy.yaml --for nftables now.nft
`;

const NOTES = `
The text is read by a parser that shares nothing with the renderer, and compared
with the policy over all packets. Exit codes: 0 proved, 1 it differs or was not
understood, 2 wrong usage, 3 a file could not be read.
`;

export function configure(command: Command): void {
  command.addHelpText('before', EXAMPLES).addHelpText('after', NOTES);
  command
    .argument('<policy>', 'the policy')
    .argument('<rules>', 'the text of the rules; - is standard input');
  addPlatformOption(command);
  addHostOption(command);
  addOutputOptions(command);
  command.action(run);
}

async function run(
  file: string,
  rules: string,
  options: OutputOptions & { readonly for: Platform; readonly host?: string },
): Promise<void> {
  const [policy, text, journal] = withFiles(() => [
    readPolicyFile(file).policy,
    readText(rules),
    readJournal(journalOf(file)),
  ]);
  const hosts = hostsAsked(policy.groups, policy.zones, options.host);
  const proof = withFiles(() => provePolicy(policy, options.for, text, journal, Date.now(), hosts));
  const proved = isProved(proof);
  process.exitCode = proved ? DONE : FINDINGS;
  await writeReport(proofReport(policy, proof, options.for), options);
}

function isProved({ faults, differences, lost }: Proof): boolean {
  return faults.length + differences.length + lost.length === 0;
}

/** The packet that shows it, and how many there are like it. */
function packetColumns(
  priority: number,
): readonly Column<{ readonly packet: PacketHeader; readonly packets: bigint }>[] {
  return [
    {
      key: 'packet',
      title: 'SMALLEST PACKET',
      value: ({ packet }) => describePacket(packet),
    },
    {
      key: 'packets',
      title: 'PACKETS LIKE IT',
      value: ({ packets }) => String(packets),
      text: ({ packets }) => powerOfTwo(packets),
      align: 'right',
      priority,
    },
  ];
}

/** People see no zones where the text asks for no interfaces. */
export function differenceColumns(rows: readonly Difference[]): readonly Column<Difference>[] {
  const unzoned = rows.every(({ from, to }) => (from ?? to) === undefined);
  return [
    {
      key: 'kind',
      title: 'WHAT',
      value: ({ kind }) => kind,
      text: ({ kind }) => (kind === 'missing' ? 'lost' : 'let in'),
    },
    ...packetColumns(1),
    {
      key: 'hook',
      title: 'WHERE',
      value: ({ hook }) => hook ?? 'forward',
      priority: 3,
    },
    {
      key: 'from',
      title: 'FROM',
      value: ({ from }) => from ?? null,
      priority: 2,
      machineOnly: unzoned,
    },
    { key: 'to', title: 'TO', value: ({ to }) => to ?? null, priority: 2, machineOnly: unzoned },
  ];
}

/** `1,024`, or for more than people can picture `about 2^96`. */
function powerOfTwo(packets: bigint): string {
  return packets < 1_000_000n
    ? count(Number(packets))
    : `about 2^${packets.toString(2).length - 1}`;
}

/** What a rule allows although no validated conversation was seen to need it. */
function beyondTable(policy: Policy, { beyond }: Proof): Table {
  const rules = new Map(policy.rules.map((rule) => [rule.id, rule]));
  const columns: readonly Column<Proof['beyond'][number]>[] = [
    { key: 'rule', title: 'RULE', value: ({ rule }) => rule },
    {
      key: 'why',
      title: 'WHY',
      value: ({ rule }) => (rules.get(rule)?.unobserved ? 'unobserved' : 'own'),
      text: ({ rule }) =>
        rules.get(rule)?.unobserved ? 'a set that nobody saw whole' : 'a person wrote the rule',
      priority: 1,
    },
    ...packetColumns(2),
  ];
  return {
    key: 'beyond',
    kind: 'generalisation',
    heading: 'ALLOWED BEYOND WHAT WAS SEEN',
    columns,
    rows: beyond,
    footnote: 'All other rules allow what was seen and validated, and nothing else.',
  };
}

/** Conversations that were validated, and that the text stops. */
const LOST_COLUMNS: readonly Column<Proof['lost'][number]>[] = [
  {
    key: 'packet',
    title: 'CONVERSATION',
    value: ({ conversation }) => describePacket(openingPacket(conversation)),
    grow: true,
  },
  { key: 'by', title: 'BY', value: ({ by }) => by },
];

function ruleColumns(
  hits: ReadonlyMap<string, number>,
): readonly Column<Policy['rules'][number]>[] {
  return [
    { key: 'id', title: 'RULE', value: ({ id }) => id },
    {
      key: 'hits',
      title: 'CONVERSATIONS',
      value: ({ id }) => hits.get(id) ?? 0,
      align: 'right',
    },
    {
      key: 'because',
      title: 'BECAUSE',
      value: ({ because }) => because ?? null,
      text: ({ because }) => because ?? '',
      grow: true,
    },
    {
      key: 'approvedBy',
      title: 'BY',
      value: ({ approved }) => approved?.by ?? null,
      text: ({ approved }) => approved?.by ?? '',
      priority: 1,
    },
  ];
}

function proofReport(policy: Policy, proof: Proof, platform: Platform): Report {
  const { replayed, hits, rules } = proof;
  const idle = policy.rules.filter(({ id, action }) => action === 'allow' && hits.get(id) === 0);
  return {
    kind: 'policy-prove',
    version: 1,
    verdict: verdictOf(proof, platform),
    facts: [
      { key: 'proved', value: isProved(proof) },
      { key: 'platform', value: platform.name },
      { key: 'rules', value: rules, text: `${counted(rules, 'rule')} read` },
      {
        key: 'replayed',
        value: replayed,
        text: `${counted(replayed, 'validated conversation')} replayed`,
      },
    ],
    mainTable: 'differences',
    tables: tablesOf(policy, proof),
    notes: [
      ...proof.notes,
      ...idle.map(({ id }) => ({
        what: `No validated conversation uses rule ${id}.`,
        because: 'it is a rule of a person’s own, or its conversations went to other rules',
      })),
    ],
    next: [],
  };
}

function tablesOf(policy: Policy, proof: Proof): Table[] {
  const { faults, differences, lost, hits } = proof;
  return [
    faultTable(faults),
    {
      key: 'differences',
      kind: 'difference',
      heading: 'DIFFERENCES',
      columns: differenceColumns(differences),
      rows: differences,
    },
    {
      key: 'lost',
      kind: 'conversation',
      heading: 'VALIDATED, BUT STOPPED',
      columns: LOST_COLUMNS,
      rows: lost,
    },
    beyondTable(policy, proof),
    {
      key: 'rules',
      kind: 'rule',
      heading: 'RULES AND WHAT JUSTIFIES THEM',
      columns: ruleColumns(hits),
      rows: policy.rules,
    },
  ];
}

function verdictOf(
  { faults, differences, lost, notes }: Proof,
  platform: Platform,
): Report['verdict'] {
  if (faults.length > 0) {
    const what = counted(faults.length, 'place was', 'places were');
    return { severity: 'error', text: `Not proved: ${what} not understood.` };
  }
  if (differences.length > 0 || lost.length > 0) {
    const [first] = differences;
    const way = first?.kind === 'extra' ? 'lets in more than' : 'stops some of what';
    return { severity: 'error', text: `Not proved: the text ${way} the policy allows.` };
  }
  if (notes.some(({ id }) => id === SETTINGS_BESIDE)) {
    const text =
      'Proved of the rules: for every packet they do what the policy says. Other settings of the text were not weighed.';
    return { severity: 'warning', text };
  }
  return {
    severity: 'ok',
    text: `Proved: for every packet ${platform.title} does what the policy says.`,
  };
}
