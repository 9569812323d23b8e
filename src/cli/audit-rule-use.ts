/** What an audit says of the rules that were given with `--rules`, and how they are read. */
import type { LogAudit } from '../pipeline/audit.ts';
import type { LineUse, RuleAudit, RuleText } from '../pipeline/audit-rules.ts';
import type { Platform } from '../pipeline/policy.ts';
import { count, counted } from '../report/numbers.ts';
import type { Fact } from '../report/report.ts';
import type { Column, Severity, Table } from '../report/table.ts';
import { timeText } from './audit-columns.ts';
import { cut, frame } from './audit-tables.ts';
import { INPUT, USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';

type Laid = LogAudit & { readonly ruleUse: RuleAudit };

export function hasRuleUse(audit: LogAudit): audit is Laid {
  return audit.ruleUse !== null;
}

/**
 * Reads a text of rules: of the platform that is named, or of the one that understands it. Throws
 * `Failure` where none does, or several do.
 */
export async function rulesOf(file: string, wanted: string | undefined): Promise<RuleText> {
  // What reads rules is loaded only where there are some.
  const { nearestPlatform, platformsOf } = await import('../pipeline/audit-rules.ts');
  const { readText } = await import('../pipeline/policy-files.ts');
  const { findPlatform, withFiles } = await import('./policy-files.ts');
  const platform = wanted === undefined ? undefined : named(wanted, findPlatform);
  const text = withFiles(() => readText(file));
  const known = platform === undefined ? platformsOf(text) : [platform];
  // Some platforms share one language.
  if (known.some(({ parse }) => parse !== known[0]!.parse)) {
    throw new Failure(USAGE, {
      what: `${file} may be of ${known.map(({ name }) => name).join(', ')}`,
      ways: ['name the platform: --for nftables; “portreeve acl platforms” lists them'],
    });
  }
  // What comes nearest says best what is wrong.
  const first = known[0] ?? nearestPlatform(text);
  if (first === undefined) {
    throw new Failure(INPUT, {
      what: `no platform finds rules in ${file}`,
      ways: ['“portreeve acl platforms” lists what is read', 'name the platform: --for nftables'],
    });
  }
  const { filter, faults } = first.parse(text);
  const [fault] = faults;
  if (fault !== undefined) {
    throw new Failure(INPUT, {
      what: `${file} was not understood as rules for ${first.title}`,
      why: `${file}:${fault.line} ${fault.what}`,
      ways: ['rules that are not understood as a whole cannot be laid against a log'],
    });
  }
  return { name: file, platform: first, filter, lines: text.split('\n') };
}

function named(name: string, find: (name: string) => Platform): Platform {
  try {
    return find(name);
  } catch (error) {
    throw new Failure(USAGE, {
      what: `“${name}” is neither a time nor a platform`,
      why: (error as Error).message,
      ways: ['--for 15m, or --for nftables'],
    });
  }
}

/** One service that a line allows and nothing used; the whole line where that is null. */
interface UnusedRow {
  readonly line: number;
  readonly chain: string;
  readonly service: string | null;
  readonly text: string;
  readonly counted: number | null;
}

type UseRow = LineUse & { readonly text: string };

/** What stands in every line of an access list of the ASA, and what its listing counts. */
const LIST_WORDS = /^access-list \S+ (?:line \d+ )?(?:extended )?/;
const COUNTS = / (?:\(hitcnt=\d+\)(?: 0x[\da-f]+)?|\(\d+ match(?:es)?\)|\[match=\d+\])/;

const LINE: Column<{ readonly line: number }> = {
  key: 'line',
  title: 'LINE',
  value: ({ line }) => line || null,
  text: ({ line }) => (line === 0 ? '-' : String(line)),
  align: 'right',
};
const TEXT: Column<{ readonly text: string }> = {
  key: 'text',
  title: 'RULE',
  value: ({ text }) => text,
  text: ({ text }) => text.replace(LIST_WORDS, '').replace(COUNTS, ''),
  ...{ grow: true, least: 32 },
};
const CHAIN: Column<{ readonly chain: string }> = {
  key: 'chain',
  title: 'CHAIN',
  value: ({ chain }) => chain,
  priority: 4,
};

const UNUSED_COLUMNS: readonly Column<UnusedRow>[] = [
  LINE,
  {
    key: 'unused',
    title: 'UNUSED',
    value: ({ service }) => service,
    text: ({ service }) => service ?? 'all of it',
  },
  TEXT,
  CHAIN,
];

const TONES: Readonly<Record<LineUse['status'], Severity>> = {
  used: 'ok',
  possible: 'info',
  unlogged: 'info',
  unused: 'warning',
};

const USE_COLUMNS: readonly Column<UseRow>[] = [
  LINE,
  { key: 'action', title: 'ACTION', value: ({ action }) => action },
  {
    key: 'hits',
    title: 'HITS',
    value: ({ hits }) => hits,
    text: ({ hits }) => count(hits),
    align: 'right',
  },
  {
    key: 'answers',
    title: 'ANSWERS',
    value: ({ answers }) => answers,
    text: ({ answers }) => (answers === 0 ? '-' : count(answers)),
    align: 'right',
    priority: 3,
  },
  {
    key: 'counted',
    title: 'COUNTED',
    value: ({ counted: packets }) => packets,
    text: ({ counted: packets }) => (packets === null ? '-' : count(packets)),
    align: 'right',
    priority: 3,
  },
  {
    key: 'status',
    title: 'USE',
    value: ({ status }) => status,
    tone: ({ status }) => TONES[status],
  },
  {
    key: 'logged',
    title: 'LOGS',
    value: ({ logged }) => logged,
    text: ({ logged }) => (logged === null ? '?' : logged ? 'yes' : 'no'),
    priority: 4,
  },
  TEXT,
  {
    key: 'conversations',
    title: '',
    value: ({ conversations }) => conversations,
    machineOnly: true,
  },
  {
    key: 'lastMs',
    title: 'LAST HIT',
    value: ({ lastMs }) => lastMs,
    text: ({ lastMs }) => timeText(lastMs),
    priority: 5,
  },
  CHAIN,
  { key: 'locator', title: 'EVIDENCE', value: ({ locator }) => locator, priority: 7 },
];

export function ruleUseFacts({ ruleUse }: Laid): Fact[] {
  const { name, platform, lines } = ruleUse;
  const written = lines.filter(({ line }) => line > 0);
  const unused = unusedLines(ruleUse).length;
  return [
    { key: 'rulesFile', value: name },
    { key: 'rulesPlatform', value: platform, text: `${name}: ${platform}` },
    { key: 'ruleLines', value: written.length },
    {
      key: 'unusedLines',
      value: unused,
      text: `${unused} of ${counted(written.length, 'rule line')} allow what nothing used`,
    },
  ];
}

export function ruleUseTables({ ruleUse }: Laid, most: number): Table[] {
  const isOneChain = new Set(ruleUse.lines.map(({ chain }) => chain)).size < 2;
  /** The chain says nothing where there is one. */
  const withChain = <Row>(columns: readonly Column<Row>[]): readonly Column<Row>[] =>
    columns.map((column) =>
      column.key === CHAIN.key ? { ...column, machineOnly: isOneChain } : column,
    );
  const rows = ruleUse.lines.map((use): UseRow => ({ ...use, text: textOf(ruleUse, use) }));
  const unused = rows.flatMap((row): UnusedRow[] => {
    if (row.status === 'unused' && row.action === 'accept') return [{ ...row, service: null }];
    return row.unusedServices.map((service) => ({ ...row, service }));
  });
  return [
    cut(
      frame('unusedRules', 'unusedRule', 'ALLOWED, AND NOTHING USED IT', withChain(UNUSED_COLUMNS)),
      unused,
      most,
    ),
    cut(frame('ruleUse', 'ruleUse', 'USE OF THE RULES', withChain(USE_COLUMNS)), rows, most),
  ];
}

function unusedLines({ lines }: RuleAudit): LineUse[] {
  return lines.filter(({ status, action }) => status === 'unused' && action === 'accept');
}

function textOf({ text }: RuleAudit, { line, comment }: LineUse): string {
  if (line === 0) return comment ?? '(what no line decides)';
  return (text[line - 1] ?? '').trim();
}
