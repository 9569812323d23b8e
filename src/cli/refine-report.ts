/** What a refinement came to: what was denied and waits, what may come next, whether it may stop. */
import type { Closure, Refinement } from '../pipeline/policy-refine.ts';
import type { Conversation, Decision } from '../policy/conversation.ts';
import { shellWord } from '../report/escape.ts';
import { count, counted } from '../report/numbers.ts';
import type { Fact, Report } from '../report/report.ts';
import type { Column, Table } from '../report/table.ts';
import { conversationColumns } from './conversation-columns.ts';
import { offerTable } from './offer-table.ts';
import { stillOpen } from './review-orders.ts';

type Condition = Closure['conditions'][number];

const CONDITION_COLUMNS: readonly Column<Condition>[] = [
  { key: 'condition', title: 'STOP WHEN', value: ({ condition }) => condition },
  {
    key: 'holds',
    title: 'HOLDS',
    value: ({ holds }) => holds,
    text: ({ holds }) => (holds ? 'yes' : 'no'),
    tone: ({ holds }) => (holds ? 'ok' : 'warning'),
  },
  { key: 'soFar', title: 'SO FAR', value: ({ soFar }) => soFar, grow: true },
];

/** Rounds of decisions: each is taken down with one moment. */
export function roundsOf(journal: readonly Decision[]): number {
  return new Set(journal.map(({ atMs }) => atMs)).size;
}

export interface RefineWishes {
  /** Decisions made by this command. */
  readonly decided: number;
  readonly policyFile: string;
  /** Where the rules were written, if they were. */
  readonly rulesFile?: string;
  readonly names: Readonly<Record<string, string>>;
}

export function refineReport(
  refinement: Refinement,
  journal: readonly Decision[],
  { decided, policyFile, rulesFile, names }: RefineWishes,
): Report {
  const { conversations, closure, offers, notes, stillDenied } = refinement;
  const left = stillOpen(conversations, journal);
  const quarantined = conversations.filter(({ standing }) => standing === 'quarantined');
  const table = (key: string, heading: string, rows: readonly Conversation[]): Table => {
    const columns = conversationColumns(names, rows);
    return { key, kind: 'conversation', heading, columns, rows };
  };
  return {
    kind: 'policy-refine',
    version: 1,
    verdict: verdictOf(left.length, conversations.length, closure),
    facts: factsOf(refinement, decided, left.length, roundsOf(journal)),
    tables: [
      table('open', 'DENIED, NOT DECIDED', left),
      table('stillDenied', 'ALLOWED, STILL DENIED', stillDenied),
      offerTable(offers),
      table('quarantined', 'SET ASIDE', quarantined),
      {
        key: 'conditions',
        kind: 'condition',
        heading: closure.mayStop ? 'MAY STOP' : 'MAY NOT STOP YET',
        columns: CONDITION_COLUMNS,
        rows: closure.conditions,
      },
    ],
    notes,
    next:
      left.length > 0 || rulesFile !== undefined
        ? []
        : [
            {
              command: `portreeve acl render ${shellWord(policyFile)} --for nftables`,
              purpose: 'the rules with what was decided',
            },
          ],
  };
}

function factsOf(
  { conversations, unusable, closure }: Refinement,
  decided: number,
  open: number,
  rounds: number,
): Fact[] {
  const denied = conversations.length;
  return [
    { key: 'denied', value: denied, text: `${count(denied)} denied` },
    { key: 'decided', value: decided, text: `${count(decided)} decided now` },
    { key: 'open', value: open },
    {
      key: 'unusable',
      value: unusable,
      ...(unusable === 0
        ? {}
        : { text: `${counted(unusable, 'denial opens', 'denials open')} nothing` }),
    },
    {
      key: 'rounds',
      value: rounds,
      text: rounds === 0 ? 'no round yet' : `round ${count(rounds)}`,
    },
    { key: 'unseenShare', value: closure.unseen },
    { key: 'quietMs', value: closure.quietMs },
    { key: 'mayStop', value: closure.mayStop },
  ];
}

function verdictOf(open: number, all: number, { mayStop }: Closure): Report['verdict'] {
  if (all === 0 && !mayStop) {
    return { severity: 'info', text: 'Nothing that was denied stands in the logs.' };
  }
  if (open > 0) {
    const text =
      open === 1
        ? 'One denied conversation waits for a decision.'
        : `${count(open)} denied conversations wait for a decision`;
    return { severity: 'warning', text };
  }
  return mayStop
    ? { severity: 'ok', text: 'Every denied conversation is decided on, and refining may stop.' }
    : { severity: 'ok', text: 'Every denied conversation has been decided on.' };
}
