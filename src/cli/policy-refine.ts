/**
 * `portreeve policy refine`: begin by denying all, look at what was denied, decide, render again.
 * Reads captures of denied packets, such as `tcpdump -i nflog:5` writes for nftables' `log group 5`.
 */
import type { Command } from 'commander';
import { compose, deniedConversations, type Refinement } from '../pipeline/policy.ts';
import {
  journalOf,
  readJournal,
  readPolicyFile,
  writeJournal,
  writePolicyFile,
} from '../pipeline/policy-files.ts';
import type { Conversation, Decision } from '../policy/conversation.ts';
import { count } from '../report/numbers.ts';
import type { Report } from '../report/report.ts';
import type { Column, Table } from '../report/table.ts';
import {
  addCaptureOptions,
  type CaptureOptions,
  choicesOf,
  exitCodeOf,
  quoted,
  refuseNothing,
  whileReading,
} from './capture-options.ts';
import { conversationColumns } from './conversation-columns.ts';
import { addOutputOptions, type OutputOptions, writeReport } from './output.ts';
import { withFiles } from './policy-files.ts';
import {
  addReviewOptions,
  carryOut,
  isScripted,
  ORDER_NOTES,
  ordersOf,
  type ReviewOptions,
  stillOpen,
} from './review-orders.ts';

const EXAMPLES = `Examples:
  portreeve policy refine denied.pcap
  portreeve policy refine denied.pcap --approve 'web -> sql tcp/1433' --by alice
`;

const NOTES = `
Every packet in the captures is taken as denied: write them with “log group 5” in
nftables and “tcpdump -i nflog:5 -w denied.pcap”. Without a decision the command
only shows what was denied.
${ORDER_NOTES}Exit codes: 0 done, 2 wrong usage, 3 a file could not be read.
`;

type RefineOptions = OutputOptions & CaptureOptions & ReviewOptions;

export function configure(command: Command): void {
  command.addHelpText('before', EXAMPLES).addHelpText('after', NOTES);
  addCaptureOptions(command);
  addReviewOptions(command);
  addOutputOptions(command);
  command.action(run);
}

async function run(inputs: readonly string[], options: RefineOptions): Promise<void> {
  const before = withFiles(() => readPolicyFile(options.policy));
  const journalFile = journalOf(options.policy);
  const journal = withFiles(() => readJournal(journalFile));
  const refinement = await whileReading((watch) =>
    deniedConversations(inputs, before.policy.zones, { ...choicesOf(options), ...watch }),
  );
  refuseNothing(refinement.summary);
  const names = new Map(Object.entries(options.name ?? {}));
  const naming = { names, policy: before.policy };
  let decisions: Decision[] = [];
  if (isScripted(options)) {
    const orders = withFiles(() => ordersOf(options, naming));
    decisions = carryOut(refinement.conversations, orders, options);
  }
  const complete = [...journal, ...decisions];
  if (decisions.length > 0) {
    const { policy } = compose(before.policy, complete, names);
    withFiles(() => {
      writeJournal(journalFile, complete);
      writePolicyFile(options.policy, policy, before.text);
    });
  }
  process.exitCode = exitCodeOf(refinement.summary, options);
  await writeReport(refineReport(refinement, complete, decisions.length, options), options);
}

interface Offer {
  readonly server: string;
  readonly set: string;
  readonly services: readonly string[];
  readonly note: string;
}

const OFFER_COLUMNS: readonly Column<Offer>[] = [
  { key: 'server', title: 'SERVER', value: ({ server }) => server },
  { key: 'set', title: 'SET', value: ({ set }) => set },
  {
    key: 'services',
    title: 'NOT SEEN YET',
    value: ({ services }) => services,
    text: ({ services }) => services.join(' '),
    grow: true,
  },
  { key: 'note', title: 'NOTE', value: ({ note }) => note, priority: 2 },
];

function refineReport(
  refinement: Refinement,
  journal: readonly Decision[],
  decided: number,
  options: RefineOptions,
): Report {
  const { conversations, unseen, offers, summary } = refinement;
  const left = stillOpen(conversations, journal);
  const rounds = new Set(journal.map(({ atMs }) => atMs)).size;
  const quarantined = conversations.filter(({ standing }) => standing === 'quarantined');
  const columns = conversationColumns(options.name ?? {});
  const table = (key: string, heading: string, rows: readonly Conversation[]): Table =>
    ({ key, kind: 'conversation', heading, columns, rows }) as Table;
  return {
    kind: 'policy-refine',
    version: 1,
    verdict: {
      severity: left.length === 0 ? 'ok' : 'warning',
      text:
        left.length === 0
          ? 'Every denied conversation has been decided on.'
          : `${count(left.length)} denied conversations wait for a decision`,
    },
    facts: [
      { key: 'denied', value: conversations.length, text: `${count(conversations.length)} denied` },
      { key: 'decided', value: decided, text: `${count(decided)} decided now` },
      { key: 'open', value: left.length },
      { key: 'rounds', value: rounds, text: `round ${count(rounds)}` },
      {
        key: 'unseenShare',
        value: unseen,
        text: `about ${(unseen * 100).toFixed(1)} % of attempts are still unseen ones`,
      },
    ],
    tables: [
      table('open', 'DENIED, NOT DECIDED', left),
      {
        key: 'offers',
        kind: 'offer',
        heading: 'WHAT THE SAME APPLICATION MAY ASK FOR NEXT',
        columns: OFFER_COLUMNS as readonly Column[],
        rows: offers,
        footnote: 'Nobody saw these; --with-set allows a whole set, marked as unobserved.',
      } as Table,
      table('quarantined', 'SET ASIDE', quarantined),
    ],
    notes: summary.notes,
    next:
      left.length > 0
        ? []
        : [
            {
              command: `portreeve acl render ${quoted(options.policy)} --for nftables`,
              purpose: 'the rules with what was decided',
            },
          ],
  };
}
