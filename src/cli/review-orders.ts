/** Decisions given on the command line or in a file: options, their reading, what they decide. */
import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { readText } from '../pipeline/policy-files.ts';
import {
  type Conversation,
  conversationKey,
  type Decision,
  standingDecisions,
} from '../policy/conversation.ts';
import { KNOWN_SETS, knownSet } from '../policy/known-sets.ts';
import { completed } from '../policy/offered.ts';
import { type Naming, parseSelection, type Selection } from '../policy/select.ts';
import { USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { gather, parseExpiry, parseHostName } from './policy-files.ts';

export interface ReviewOptions {
  readonly policy: string;
  readonly approve?: readonly string[];
  readonly deny?: readonly string[];
  readonly withSet?: readonly string[];
  readonly fromFile?: string;
  readonly by?: string;
  readonly reason?: string;
  readonly expires?: number;
  readonly name?: Readonly<Record<string, string>>;
  readonly title?: string;
}

export const ORDER_NOTES = `
Sides are hosts, groups, zones, addresses, prefixes or “any”; services are
“tcp/1433,udp/53” or “*”. A file of decisions has one a line: “approve web ->
sql tcp/1433 # reason”, “deny …”, “later …” or “with-set …”. “*” takes what was
answered; what was only asked for must be named by its service.
`;

/** Options that give decisions instead of asking for them. */
export function addReviewOptions(command: Command): void {
  command
    .option('--policy <file>', 'the policy to write or extend', 'policy.yaml')
    .option('--approve <selection>', 'allow what it matches; repeatable', gather)
    .option('--deny <selection>', 'deny what it matches; repeatable', gather)
    .option('--with-set <set>', "'web -> dc domain-member': the set, seen or not", gather)
    .option('--from-file <file>', 'decisions, one a line; - is standard input')
    .option('--by <who>', 'who decides (default: the user)')
    .option('--reason <text>', 'why')
    .option('--expires <date>', 'end of what is allowed now: 2027-01-31, or 90d', parseExpiry)
    .option('--name <address=name>', 'what a host is called; repeatable', parseHostName)
    .option('--title <text>', 'name of a new policy');
}

/** A decision about all that a selection matches. */
export interface Order {
  readonly decision: Decision['decision'];
  readonly selection: Selection;
  readonly reason: string | undefined;
  /** Services of a known set, to be allowed whether seen or not. */
  readonly set?: readonly string[];
}

/** Whether decisions are given, so that nobody is asked. */
export function isScripted(options: ReviewOptions): boolean {
  const { approve, deny, withSet, fromFile } = options;
  return (approve ?? deny ?? withSet ?? fromFile) !== undefined;
}

/** As told, else the user that runs this. */
export function whoDecides({ by }: ReviewOptions): string {
  return by ?? userInfo().username;
}

/** Throws RangeError for what is not understood. Later orders win. */
export function ordersOf(options: ReviewOptions, naming: Naming): Order[] {
  const { reason } = options;
  const orders = [
    ...(options.deny ?? []).map((text) => orderOf('deny', text, reason, naming)),
    ...(options.approve ?? []).map((text) => orderOf('approve', text, reason, naming)),
    ...(options.withSet ?? []).map((text) => orderOf('with-set', text, reason, naming)),
  ];
  if (options.fromFile === undefined) return orders;
  const lines = readText(options.fromFile).split('\n');
  lines.forEach((line, at) => {
    if (/^\s*(#.*)?$/.test(line)) return;
    const [, word, text, own] = /^\s*([\w-]+)\s+([^#]*?)\s*(?:#\s*(.*?)\s*)?$/.exec(line) ?? [];
    try {
      orders.push(orderOf(word ?? '', text ?? '', own ?? reason, naming));
    } catch (error) {
      throw new RangeError(`${options.fromFile}:${at + 1} ${(error as Error).message}`);
    }
  });
  return orders;
}

function orderOf(word: string, text: string, reason: string | undefined, naming: Naming): Order {
  if (word === 'with-set') {
    const [, sides, id] = /^(.*\S)\s+(\S+)$/.exec(text) ?? [];
    const set = knownSet(id ?? '');
    if (set === undefined) {
      const ids = KNOWN_SETS.map((each) => each.id).join(', ');
      throw new RangeError(`“${id ?? text}” is no known set; known are ${ids}.`);
    }
    const selection = parseSelection(sides!, naming);
    return { decision: 'allow', selection, reason: reason ?? set.name, set: set.services };
  }
  const decision = { approve: 'allow', allow: 'allow', deny: 'deny', later: 'later' }[word];
  if (decision === undefined) {
    throw new RangeError('A line begins with approve, deny, later or with-set.');
  }
  return {
    decision: decision as Decision['decision'],
    selection: parseSelection(text, naming),
    reason,
  };
}

/** Conversations that nobody has decided on; those set aside are not asked about. */
export function stillOpen(
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

/**
 * One decision for each conversation that an order names; of several orders the last. Throws
 * `Failure` for an order that names none, unless orders `stand` for what may still come.
 */
export function carryOut(
  conversations: readonly Conversation[],
  orders: readonly Order[],
  options: ReviewOptions,
  stand = false,
): Decision[] {
  const made = new Map<string, Decision>();
  const atMs = Date.now();
  for (const order of orders) {
    const { decision, reason, selection } = order;
    const matched = matchedBy(order, conversations);
    if (matched.length === 0 && !stand) {
      throw new Failure(USAGE, {
        what: `nothing that can be decided matches “${selection.text}”`,
        why: 'what was set aside, or only asked for and not named by its service, never matches',
        ways: ['portreeve policy learn shows all conversations and why some are set aside'],
      });
    }
    for (const conversation of matched) {
      made.set(conversationKey(conversation), {
        ...{ kind: 'decision', decision, by: whoDecides(options), atMs },
        ...(reason === undefined ? {} : { reason }),
        ...(options.expires === undefined || decision !== 'allow'
          ? {}
          : { expiresMs: options.expires }),
        conversation,
      });
    }
  }
  return [...made.values()];
}

function matchedBy(
  { selection, set }: Order,
  conversations: readonly Conversation[],
): Conversation[] {
  const named = !/\*\s*$|(->|→|=>)\s*\S+\s*$/.test(selection.text);
  const matched = conversations.filter((conversation) => {
    const { standing } = conversation;
    if (standing === 'quarantined') return false;
    if (standing === 'asked' && !named && set === undefined) return false;
    return selection.matches(conversation);
  });
  return set === undefined ? matched : completed(matched, set);
}
