/** Puts an audit into words: verdict, facts, tables, blind spots, what to do next. */
import type { ServiceVerdicts } from '../analysis/audit/answer.ts';
import type { Action } from '../model/verdict.ts';
import type { LogAudit } from '../pipeline/audit.ts';
import { shellWord } from '../report/escape.ts';
import { count, counted, duration, isoTime, percent } from '../report/numbers.ts';
import type { Fact, NextStep, Report } from '../report/report.ts';
import type { Severity, Table } from '../report/table.ts';
import {
  CONVERSATION_COLUMNS,
  EXPORTER_COLUMNS,
  HOST_COLUMNS,
  LINE_COLUMNS,
  NOISE_COLUMNS,
  PATH_COLUMNS,
  PREFIX_COLUMNS,
  PROGRAM_COLUMNS,
  RULE_COLUMNS,
  SERVICE_COLUMNS,
  TIME_COLUMNS,
  type TimeRow,
  WAY_COLUMNS,
} from './audit-columns.ts';
import { isCompared, newnessFacts, newnessTables, newnessVerdict } from './audit-newness.ts';
import { hasRuleUse, ruleUseFacts, ruleUseTables } from './audit-rule-use.ts';
import { cut, frame } from './audit-tables.ts';
import { inputName } from './input-name.ts';

const VERSION = 1;
/** Rows of a table on a terminal. */
const FIRST_ROWS = 8;
const BAR_WIDTH = 24;
/** Formats whose records are no lines. */
const FLOW_FORMATS: readonly string[] = ['netflow', 'sflow'];
/** Formats whose packets come without lines, or with several each. */
const PACKET_FORMATS: readonly string[] = ['nflog', 'nft-trace'];

export interface AuditWishes {
  /** Rows of each table; undefined: as many as a person wants to see first. */
  readonly limit: number | undefined;
  /** A drill-down was asked for: conversations are listed. */
  readonly drilled: boolean;
  /** What was asked for, and the verdict among it; undefined: everything. */
  readonly asked: { readonly text: string; readonly action: Action | undefined } | undefined;
}

export function auditReport(audit: LogAudit, wishes: AuditWishes): Report {
  return {
    kind: 'audit',
    version: VERSION,
    verdict: verdictOf(audit, wishes),
    facts: factsOf(audit, wishes),
    tables: tablesOf(audit, wishes),
    ...sheetOf(audit, wishes),
    notes: audit.notes,
    next: nextSteps(audit),
  };
}

function verdictOf(audit: LogAudit, { asked }: AuditWishes): Report['verdict'] {
  const { events, linesRead, lines } = audit;
  if (linesRead === 0 && audit.live) {
    const isKernel = audit.inputs[0]?.startsWith('nflog') === true;
    const text = isKernel ? 'The kernel logged nothing' : 'No flow export came';
    return { severity: 'warning', text };
  }
  if (linesRead === 0) {
    const text = `${counted(lines, 'line')}, none of a firewall log that is known here`;
    return { severity: 'warning', text };
  }
  if (isCompared(audit)) return newnessVerdict(audit);
  if (events === 0) {
    const wanted = asked === undefined ? '' : ` ${asked.text}`;
    const text = `${counted(linesRead, 'line')} read, nothing matches${wanted}`;
    return { severity: 'info', text };
  }
  const { unknown, refusedInside: outward } = audit;
  const missing = audit.notes.some(({ missing: isMissing }) => isMissing);
  const severity: Severity = missing || outward > 0 || unknown > 0 ? 'warning' : 'ok';
  const only = asked === undefined ? '' : `; only ${asked.text}`;
  const more = outward > 0 ? `; ${counted(outward, 'inside host')} refused outward` : '';
  const sums = sumsText(audit, asked?.action);
  return { severity, text: `${readText(audit)}${only}: ${sums}${more}` };
}

/** `1,204 lines, 3 h 20 min`. */
function readText({ formats, linesRead, firstMs, lastMs }: LogAudit): string {
  const flowsOnly = formats.every(({ format }) => FLOW_FORMATS.includes(format));
  const packetsOnly = formats.every(({ format }) => PACKET_FORMATS.includes(format));
  const noun = flowsOnly ? 'flow record' : packetsOnly ? 'packet' : 'line';
  const hasSpan = firstMs !== null && lastMs !== null && lastMs > firstMs;
  return `${counted(linesRead, noun)}${hasSpan ? `, ${duration(lastMs - firstMs)}` : ''}`;
}

/** Where one verdict was asked for, there may well be others in the log: they are not named. */
function sumsText(audit: LogAudit, action: Action | undefined): string {
  const { allowed, denied, unknown } = audit;
  const noise = audit.noise.reduce((sum, { events }) => sum + events, 0);
  const background = denied > 0 ? ` (${percent(noise, denied)} background noise)` : '';
  return [
    ...(action === 'deny' ? [] : [`${count(allowed)} allowed`]),
    ...(action === 'allow' ? [] : [`${count(denied)} denied${background}`]),
    ...(unknown > 0 ? [`${count(unknown)} of unknown verdict`] : []),
  ].join(', ');
}

function factsOf(audit: LogAudit, { asked }: AuditWishes): Fact[] {
  const { inputs, lines, firstMs, lastMs } = audit;
  const formats = audit.formats.map(({ format }) => format).join(', ');
  const noise = audit.noise.reduce((sum, { events }) => sum + events, 0);
  const unread = audit.unread.reduce((sum, kind) => sum + kind.lines, 0);
  return [
    {
      key: 'inputs',
      value: inputs,
      text: inputs.length === 1 ? inputName(inputs[0]!) : `${inputs.length} inputs`,
    },
    { key: 'inputBytes', value: audit.inputBytes },
    { key: 'lines', value: lines },
    { key: 'linesRead', value: audit.linesRead },
    { key: 'linesBlank', value: audit.blankLines },
    {
      key: 'linesUnread',
      value: unread,
      ...(unread > 0 ? { text: `${counted(unread, 'line')} cannot be read` } : {}),
    },
    { key: 'linesSilent', value: audit.silent.reduce((sum, kind) => sum + kind.lines, 0) },
    { key: 'linesOther', value: audit.others.reduce((sum, kind) => sum + kind.lines, 0) },
    {
      key: 'formats',
      value: audit.formats.map((each) => ({ ...each })),
      ...(formats === '' ? {} : { text: formats }),
    },
    { key: 'events', value: audit.events },
    { key: 'allowed', value: audit.allowed },
    { key: 'denied', value: audit.denied },
    { key: 'unknown', value: audit.unknown },
    { key: 'noise', value: noise },
    {
      key: 'answers',
      value: audit.answers,
      ...(audit.answers > 0 ? { text: counted(audit.answers, 'answer') } : {}),
    },
    { key: 'unopened', value: audit.unopened },
    {
      key: 'firstMs',
      value: firstMs,
      ...(firstMs === null ? {} : { text: `from ${isoTime(firstMs)}` }),
    },
    { key: 'lastMs', value: lastMs, ...(lastMs === null ? {} : { text: `to ${isoTime(lastMs)}` }) },
    { key: 'asked', value: asked?.text ?? null },
    { key: 'refused', value: audit.refusedCount },
    { key: 'refusedInside', value: audit.refusedInside },
    { key: 'conversations', value: audit.conversationCount },
    { key: 'collapsed', value: audit.collapsed },
    { key: 'lost', value: audit.lost },
    { key: 'interrupted', value: audit.interrupted },
    ...(isCompared(audit) ? newnessFacts(audit) : []),
    ...(hasRuleUse(audit) ? ruleUseFacts(audit) : []),
  ];
}

function tablesOf(audit: LogAudit, { limit, drilled }: AuditWishes): Table[] {
  const most = limit ?? FIRST_ROWS;
  const { services } = audit;
  const of = (way: string, action: string): readonly ServiceVerdicts[] =>
    services.filter((each) => each.way === way && each.action === action);
  const serviceTable = (key: string, heading: string, rows: readonly ServiceVerdicts[]): Table =>
    cut(frame(key, 'service', heading, SERVICE_COLUMNS), rows, most);
  const unknown = services.filter(({ action }) => action === 'unknown');
  return [
    ...(isCompared(audit) ? newnessTables(audit, most) : []),
    ...(hasRuleUse(audit) ? ruleUseTables(audit, most) : []),
    cut(frame('ways', 'way', 'DIRECTIONS', WAY_COLUMNS), busyWays(audit), most),
    cut(
      frame('refused', 'refused', 'REFUSED AND NO NOISE', CONVERSATION_COLUMNS),
      audit.refused,
      most,
      audit.refusedCount,
    ),
    serviceTable('allowedInward', 'ALLOWED INWARD', of('inward', 'allow')),
    serviceTable('allowedOutward', 'ALLOWED OUTWARD', of('outward', 'allow')),
    serviceTable('allowedInternal', 'ALLOWED WITHIN', of('internal', 'allow')),
    serviceTable('allowedThrough', 'ALLOWED FROM OUTSIDE TO OUTSIDE', of('through', 'allow')),
    serviceTable('deniedInward', 'DENIED INWARD', of('inward', 'deny')),
    serviceTable('deniedOutward', 'DENIED OUTWARD', of('outward', 'deny')),
    serviceTable('deniedInternal', 'DENIED WITHIN', of('internal', 'deny')),
    serviceTable('deniedThrough', 'DENIED FROM OUTSIDE TO OUTSIDE', of('through', 'deny')),
    serviceTable('unknownVerdict', 'LOGGED WITHOUT A VERDICT', unknown),
    cut(frame('noise', 'noise', 'BACKGROUND NOISE', NOISE_COLUMNS), audit.noise, most),
    ...(drilled
      ? [
          cut(
            frame('conversations', 'conversation', 'CONVERSATIONS', CONVERSATION_COLUMNS),
            audit.conversations,
            most,
            audit.conversationCount,
          ),
        ]
      : []),
    cut(frame('rules', 'rule', 'RULES', RULE_COLUMNS), audit.rules, most),
    cut(frame('paths', 'path', 'INTERFACES AND ZONES', PATH_COLUMNS), audit.paths, most),
    cut(
      frame('hosts', 'host', 'HOSTS, WITHOUT NOISE', HOST_COLUMNS),
      audit.hosts,
      most,
      audit.hostCount,
    ),
    timeTable(audit),
    cut(frame('exporters', 'exporter', 'FLOW EXPORT', EXPORTER_COLUMNS), audit.exporters, most),
    cut(frame('prefixes', 'prefix', 'PREFIXES', PREFIX_COLUMNS), audit.prefixes, most),
    cut(frame('unread', 'unread', 'UNREAD LINES', LINE_COLUMNS), audit.unread, most),
    cut(frame('gaps', 'gap', 'LEFT OUT BY THE DEVICE', LINE_COLUMNS), audit.gaps, most),
    cut(
      frame('silent', 'silent', 'MESSAGES THAT DECIDE NOTHING', LINE_COLUMNS),
      audit.silent,
      most,
    ),
    cut(frame('others', 'other', 'LINES OF OTHER PROGRAMS', PROGRAM_COLUMNS), audit.others, most),
  ];
}

/**
 * In a spreadsheet: the use of rules or conversations where these were asked for, else services of
 * all directions.
 */
function sheetOf(
  audit: LogAudit,
  { limit, drilled }: AuditWishes,
): Pick<Report, 'mainTable' | 'sheet'> {
  if (hasRuleUse(audit)) return { mainTable: 'ruleUse' };
  if (drilled) return { mainTable: 'conversations' };
  const { services } = audit;
  const shape = frame('services', 'service', 'SERVICES', SERVICE_COLUMNS);
  return { sheet: cut(shape, services, limit ?? services.length) };
}

function busyWays({ ways }: LogAudit): LogAudit['ways'] {
  return ways.filter(({ allowed, denied, unknown }) => allowed + denied + unknown > 0);
}

/** Equal stretches of time with a bar for what was denied, or for what there is instead of that. */
function timeTable({ timeline }: LogAudit): Table {
  const { startMs, widthMs, allowed, denied, unknown } = timeline;
  const kinds = { DENIED: denied, ALLOWED: allowed, UNKNOWN: unknown };
  const [title = 'DENIED', drawn = denied] =
    Object.entries(kinds).find(([, counts]) => counts.some((events) => events > 0)) ?? [];
  const highest = Math.max(1, ...drawn);
  const rows = drawn.map(
    (events, index): TimeRow => ({
      startMs: (startMs ?? 0) + index * widthMs,
      allowed: allowed[index]!,
      denied: denied[index]!,
      unknown: unknown[index]!,
      bar: '#'.repeat(Math.ceil((events / highest) * BAR_WIDTH)),
    }),
  );
  const columns = TIME_COLUMNS.map((column) =>
    column.key === 'bar' ? { ...column, title: `CHART OF ${title}` } : column,
  );
  const heading = `OVER TIME, EACH ${duration(widthMs)}`;
  return cut(
    frame('timeline', 'stretch', heading, columns),
    rows.length > 1 ? rows : [],
    rows.length,
  );
}

function nextSteps(audit: LogAudit): NextStep[] {
  const { inputs, refused } = audit;
  // What came by the network is gone, and standard input too.
  if (audit.linesRead === 0 || audit.live || inputs.includes('-')) return [];
  const names = inputs.length > 3 ? '…' : inputs.map(shellWord).join(' ');
  const [first] = refused;
  return [
    ...(first === undefined
      ? []
      : [
          {
            command: `portreeve audit ${names} --host ${first.client}`,
            purpose: 'all about the host that was refused most',
          },
        ]),
    { command: `portreeve audit ${names} --json`, purpose: 'the same for programs' },
  ];
}
