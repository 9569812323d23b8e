/**
 * `portreeve policy review`: a person decides which conversations are allowed. Every decision is
 * kept with who, when and why in the journal beside the policy; the rules are made of it.
 */
import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { compose, newPolicy, zonesOf } from '../pipeline/policy.ts';
import {
  type CandidateFile,
  journalOf,
  type PolicyFile,
  readCandidates,
  readJournal,
  readPolicyFile,
  readText,
  writeJournal,
  writePolicyFile,
} from '../pipeline/policy-files.ts';
import type { Conversation, Decision } from '../policy/conversation.ts';
import { conversationKey, standingDecisions } from '../policy/conversation.ts';
import type { Policy } from '../policy/intent.ts';
import { parseSelection, type Selection } from '../policy/select.ts';
import { USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { addOutputOptions, type OutputOptions, writeReport } from './output.ts';
import { gather, parseExpiry, parseHostName, withFiles } from './policy-files.ts';
import { reviewReport } from './review-report.ts';

const EXAMPLES = `Examples:
  portreeve policy review candidates.ndjson
  portreeve policy review candidates.ndjson --approve 'web -> sql tcp/1433'
  portreeve policy review candidates.ndjson --from-file decisions.txt --reason "change 4711"
`;

const NOTES = `
Sides are hosts, groups, zones, addresses, prefixes or “any”; services are
“tcp/1433,udp/53” or “*”. A file of decisions has one a line: “approve web -> sql
tcp/1433 # reason”, “deny …” or “later …”. “*” takes what was answered; what was
only asked for must be named by its service. Exit codes: 0 done, 2 wrong usage,
3 a file could not be read.
`;

interface ReviewOptions {
  readonly policy: string;
  readonly approve?: readonly string[];
  readonly deny?: readonly string[];
  readonly fromFile?: string;
  readonly by?: string;
  readonly reason?: string;
  readonly expires?: number;
  readonly name?: Readonly<Record<string, string>>;
  readonly title?: string;
}

/** A decision that a script makes about all that a selection matches. */
interface Order {
  readonly decision: Decision['decision'];
  readonly selection: Selection;
  readonly reason: string | undefined;
}

export function configure(command: Command): void {
  command.addHelpText('before', EXAMPLES).addHelpText('after', NOTES);
  command
    .argument('<candidates>', 'what “policy learn” wrote')
    .option('--policy <file>', 'the policy to write or extend', 'policy.yaml')
    .option('--approve <selection>', 'allow what it matches; repeatable', gather)
    .option('--deny <selection>', 'deny what it matches; repeatable', gather)
    .option('--from-file <file>', 'decisions, one a line; - is standard input')
    .option('--by <who>', 'who decides (default: the user)')
    .option('--reason <text>', 'why')
    .option('--expires <date>', 'end of what is allowed now: 2027-01-31, or 90d', parseExpiry)
    .option('--name <address=name>', 'what a host is called; repeatable', parseHostName)
    .option('--title <text>', 'name of a new policy');
  addOutputOptions(command);
  command.action(run);
}

async function run(file: string, options: OutputOptions & ReviewOptions): Promise<void> {
  const candidates = withFiles(() => readCandidates(file));
  const before = withFiles(() => policyBefore(options, candidates));
  const names = new Map(Object.entries({ ...candidates.names, ...options.name }));
  const journalFile = journalOf(options.policy);
  const journal = withFiles(() => readJournal(journalFile));
  const naming = { names, policy: before.policy };
  const orders = withFiles(() => ordersOf(options, naming));
  const decisions = orders.length > 0 ? decide(candidates.conversations, orders, options) : [];
  if (orders.length === 0 && (options.approve ?? options.deny ?? options.fromFile) === undefined) {
    const { reviewOnTerminal } = await import('./review-terminal.ts');
    const asked = await reviewOnTerminal(
      open(candidates.conversations, journal),
      names,
      who(options),
    );
    decisions.push(...asked);
  }
  const complete = [...journal, ...decisions];
  const composition = compose(before.policy, complete, names);
  withFiles(() => {
    writeJournal(journalFile, complete);
    writePolicyFile(options.policy, composition.policy, before.text);
  });
  const left = open(candidates.conversations, complete);
  await writeReport(reviewReport(composition, decisions, left, options.policy), options);
}

/** The policy as it is, or an empty one for the zones that were learned. */
function policyBefore(
  { policy: file, title }: ReviewOptions,
  candidates: CandidateFile,
): { policy: Policy; text: string | undefined } {
  if (readText(file, true) === undefined) {
    return { policy: newPolicy(title ?? 'policy', zonesOf(candidates.zones)), text: undefined };
  }
  const known: PolicyFile = readPolicyFile(file);
  return known;
}

/** Conversations that nobody has decided on; those set aside are not asked about. */
function open(
  conversations: readonly Conversation[],
  journal: readonly Decision[],
): Conversation[] {
  const decided = new Set(
    standingDecisions(journal)
      .filter(({ decision }) => decision !== 'later')
      .map(({ conversation }) => conversationKey(conversation)),
  );
  return conversations.filter(
    (conversation) =>
      conversation.standing !== 'quarantined' && !decided.has(conversationKey(conversation)),
  );
}

function who({ by }: ReviewOptions): string {
  return by ?? userInfo().username;
}

function ordersOf(options: ReviewOptions, naming: Parameters<typeof parseSelection>[1]): Order[] {
  const { reason } = options;
  const made = (decision: Decision['decision'], texts: readonly string[] = []): Order[] =>
    texts.map((text) => ({ decision, selection: parseSelection(text, naming), reason }));
  const orders = [...made('deny', options.deny), ...made('allow', options.approve)];
  if (options.fromFile === undefined) return orders;
  const lines = readText(options.fromFile).split('\n');
  lines.forEach((line, at) => {
    const [, word, text, own] = /^\s*(\w+)\s+([^#]*?)\s*(?:#\s*(.*?)\s*)?$/.exec(line) ?? [];
    if (/^\s*(#.*)?$/.test(line)) return;
    const decision = ({ approve: 'allow', allow: 'allow', deny: 'deny', later: 'later' } as const)[
      word as 'approve'
    ];
    try {
      if (decision === undefined)
        throw new RangeError('A line begins with approve, deny or later.');
      orders.push({ decision, selection: parseSelection(text!, naming), reason: own ?? reason });
    } catch (error) {
      throw new RangeError(`${options.fromFile}:${at + 1} ${(error as Error).message}`);
    }
  });
  return orders;
}

/** One decision for each conversation that the last matching order names. */
function decide(
  conversations: readonly Conversation[],
  orders: readonly Order[],
  options: ReviewOptions,
): Decision[] {
  const atMs = Date.now();
  const made = new Map<string, Decision>();
  for (const { decision, selection, reason } of orders) {
    const named = !/\*\s*$|(->|→|=>)\s*\S+\s*$/.test(selection.text);
    let count = 0;
    for (const conversation of conversations) {
      const { standing } = conversation;
      if (standing === 'quarantined' || (standing === 'asked' && !named)) continue;
      if (!selection.matches(conversation)) continue;
      count++;
      made.set(conversationKey(conversation), {
        ...{ kind: 'decision', decision, by: who(options), atMs },
        ...(reason === undefined ? {} : { reason }),
        ...(options.expires === undefined || decision !== 'allow'
          ? {}
          : { expiresMs: options.expires }),
        conversation,
      });
    }
    if (count > 0) continue;
    throw new Failure(USAGE, {
      what: `nothing that can be decided matches “${selection.text}”`,
      why: 'conversations that were set aside, or only asked for and not named by service, never match',
      ways: ['portreeve policy learn shows all conversations and why some are set aside'],
    });
  }
  return [...made.values()];
}
