/** What a review came to: decisions, the rules made of them, what is still open. */
import type { Composition } from '../pipeline/policy.ts';
import type { Offer } from '../pipeline/policy-refine.ts';
import type { Conversation, Decision } from '../policy/conversation.ts';
import type { Rule } from '../policy/intent.ts';
import { shellWord } from '../report/escape.ts';
import { count, counted } from '../report/numbers.ts';
import type { Report } from '../report/report.ts';
import type { Column } from '../report/table.ts';
import { conversationColumns } from './conversation-columns.ts';
import { offerTable } from './offer-table.ts';

const RULE_COLUMNS: readonly Column<Rule>[] = [
  { key: 'id', title: 'RULE', value: ({ id }) => id },
  { key: 'action', title: 'ACTION', value: ({ action }) => action, priority: 2 },
  {
    key: 'from',
    title: 'FROM',
    value: ({ from }) => from.names,
    text: ({ from }) => from.names.join(', '),
  },
  { key: 'to', title: 'TO', value: ({ to }) => to.names, text: ({ to }) => to.names.join(', ') },
  {
    key: 'services',
    title: 'SERVICES',
    value: ({ serviceNames }) => serviceNames,
    text: ({ serviceNames }) => serviceNames.join(' '),
    grow: true,
  },
  {
    key: 'conversations',
    title: 'SEEN',
    value: ({ evidence }) => evidence?.conversations ?? 0,
    align: 'right',
    priority: 1,
  },
];

/** Contradictions shown; the first ones lead to the others. */
const MOST_NOTES = 10;

function conversationText({ conversation }: Decision): string {
  return `${conversation.client} -> ${conversation.server} ${conversation.service}`;
}

function verdictText(rules: number): string {
  return rules === 1
    ? 'One rule allows what was validated, and nothing else.'
    : `${count(rules)} rules allow what was validated, and nothing else`;
}

export function reviewReport(
  composition: Composition,
  decisions: readonly Decision[],
  left: readonly Conversation[],
  offers: readonly Offer[],
  file: string,
): Report {
  const { policy, atLeast, composed, pairs, contradicted } = composition;
  const allowed = decisions.filter(({ decision }) => decision === 'allow').length;
  return {
    kind: 'policy-review',
    version: 1,
    verdict: {
      severity: 'ok',
      text: verdictText(policy.rules.length),
    },
    facts: [
      { key: 'decisions', value: decisions.length, text: counted(decisions.length, 'decision') },
      { key: 'allowed', value: allowed, text: `${count(allowed)} allowed now` },
      { key: 'rules', value: policy.rules.length },
      { key: 'composedRules', value: composed },
      {
        key: 'rulesAtLeast',
        value: atLeast,
        ...(composed === atLeast
          ? { text: 'no fewer rules can do' }
          : atLeast > 1
            ? { text: `at least ${count(atLeast)} needed` }
            : {}),
      },
      { key: 'pairs', value: pairs, text: `${counted(pairs, 'pair')} of hosts` },
      { key: 'open', value: left.length, text: `${count(left.length)} still open` },
    ],
    tables: [
      { key: 'rules', kind: 'rule', heading: 'RULES', columns: RULE_COLUMNS, rows: policy.rules },
      {
        key: 'open',
        kind: 'conversation',
        heading: 'STILL OPEN',
        columns: conversationColumns({}, left),
        rows: left,
      },
      offerTable(offers),
    ],
    notes: contradicted.slice(0, MOST_NOTES).map(({ decision, rule }) => ({
      what: `Rule ${rule} still allows what was denied: ${conversationText(decision)}.`,
      because: 'a person wrote or changed that rule, so it stays as it is',
      remedy: `change or remove ${rule} in ${file}`,
    })),
    next: [
      {
        command: `portreeve acl render ${shellWord(file)} --for nftables`,
        purpose: 'the rules for a firewall',
      },
    ],
  };
}
