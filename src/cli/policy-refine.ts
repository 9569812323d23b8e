/**
 * `portreeve policy refine`: begin by denying all, look at what was denied, decide, render again.
 * Reads firewall logs, and captures of denied packets such as nftables' `log group 5` gives.
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
import type { Table } from '../report/table.ts';
import { quoted, whileReading } from './capture-options.ts';
import { conversationColumns } from './conversation-columns.ts';
import { INPUT, USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { offerTable } from './offer-table.ts';
import { addOutputOptions, type OutputOptions, writeReport } from './output.ts';
import { gather, withFiles } from './policy-files.ts';
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
  portreeve policy refine --deny-log fw.log
  portreeve policy refine --deny-log fw.log --approve 'web -> sql tcp/1433'
  portreeve policy refine denied.pcap --by alice --from-file decisions.txt
`;

const NOTES = `
Logs are those that “portreeve audit” reads. Every packet in a capture is taken
as denied: nftables writes them with “log group 5”, tcpdump reads them with “-i
nflog:5”. Without a decision the command only shows what was denied. Where the
firewall limits its logging, silence proves nothing.
${ORDER_NOTES}Exit codes: 0 done, 2 wrong usage, 3 a file could not be read.
`;

type RefineOptions = OutputOptions & ReviewOptions & { readonly denyLog?: readonly string[] };

export function configure(command: Command): void {
  command.addHelpText('before', EXAMPLES).addHelpText('after', NOTES);
  command
    .argument('[captures...]', 'captures of denied packets; - is standard input')
    .option('--deny-log <file>', 'a firewall log, or a folder of them; repeatable', gather);
  addReviewOptions(command);
  addOutputOptions(command);
  command.action(run);
}

async function run(inputs: readonly string[], options: RefineOptions): Promise<void> {
  const before = withFiles(() => readPolicyFile(options.policy));
  const journalFile = journalOf(options.policy);
  const journal = withFiles(() => readJournal(journalFile));
  const logs = options.denyLog ?? [];
  if (inputs.length + logs.length === 0) {
    throw new Failure(USAGE, {
      what: 'there is nothing to read what was denied from',
      ways: ['--deny-log fw.log', 'captures of denied packets'],
    });
  }
  const refinement = await whileReading((watch) =>
    deniedConversations(inputs, logs, before.policy.zones, watch),
  );
  refuseUnread(refinement);
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
  if (refinement.faults.length > 0) process.exitCode = INPUT;
  await writeReport(refineReport(refinement, complete, decisions.length, options), options);
}

/** Nothing was read at all: there is no answer then. */
function refuseUnread({ faults, flows, unusable }: Refinement): void {
  const [first] = faults;
  if (first === undefined || flows + unusable > 0) return;
  throw new Failure(INPUT, { what: `cannot read what was denied: ${first}` });
}

function refineReport(
  refinement: Refinement,
  journal: readonly Decision[],
  decided: number,
  options: RefineOptions,
): Report {
  const { conversations, unseen, offers, notes, unusable } = refinement;
  const left = stillOpen(conversations, journal);
  const rounds = new Set(journal.map(({ atMs }) => atMs)).size;
  const quarantined = conversations.filter(({ standing }) => standing === 'quarantined');
  const table = (key: string, heading: string, rows: readonly Conversation[]): Table => {
    const columns = conversationColumns(options.name ?? {}, rows);
    return { key, kind: 'conversation', heading, columns, rows } as unknown as Table;
  };
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
      {
        key: 'unusable',
        value: unusable,
        ...(unusable === 0 ? {} : { text: `${count(unusable)} denials open nothing` }),
      },
      { key: 'rounds', value: rounds, text: `round ${count(rounds)}` },
      {
        key: 'unseenShare',
        value: unseen,
        text: `about ${(unseen * 100).toFixed(1)} % of attempts are still unseen ones`,
      },
    ],
    tables: [
      table('open', 'DENIED, NOT DECIDED', left),
      offerTable(offers),
      table('quarantined', 'SET ASIDE', quarantined),
    ],
    notes,
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
