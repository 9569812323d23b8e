/** Findings as people and machines get them: a few lines each, the most urgent first. */

import type { Finding, FindingSeverity } from '../model/finding.ts';
import { MACHINE } from '../report/columns.ts';
import { shellWord } from '../report/escape.ts';
import type { Card, CardLine, Column, Severity, Table } from '../report/table.ts';
import { inputName } from './input-name.ts';

const TONES: Readonly<Record<FindingSeverity, Severity>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'info',
  info: 'info',
};

/** Frames named to people. */
const SHOWN_FRAMES = 8;

/** How grave a finding is for a whole report. */
export function toneOf(severity: FindingSeverity): Severity {
  return TONES[severity];
}

/** `2 high, 1 low`, the gravest first; empty without findings. */
export function severityCounts(findings: readonly Finding[]): string {
  const order: readonly FindingSeverity[] = ['critical', 'high', 'medium', 'low', 'info'];
  return order
    .map((severity) => [severity, findings.filter((each) => each.severity === severity).length])
    .filter(([, found]) => found !== 0)
    .map(([severity, found]) => `${found} ${severity}`)
    .join(', ');
}

const COLUMNS: readonly Column<Finding>[] = [
  { key: 'severity', title: 'SEVERITY', value: ({ severity }) => severity },
  { key: 'id', title: 'FINDING', value: ({ id }) => id },
  {
    key: 'subject',
    title: 'ABOUT',
    value: ({ subject }) => ({ ...subject }),
    text: ({ subject }) => subject.text,
  },
  { key: 'what', title: 'WHAT', value: ({ what }) => what, grow: true },
  { key: 'why', value: ({ why }) => why, ...MACHINE },
  { key: 'do', value: (finding) => finding.do, ...MACHINE },
  { key: 'otherwise', value: ({ otherwise }) => otherwise, ...MACHINE },
  {
    key: 'evidence',
    value: ({ evidence }) =>
      evidence.map(({ locator, seenMs }) => ({ locator, seenMs: seenMs ?? null })),
    ...MACHINE,
  },
  { key: 'filter', value: ({ filter }) => filter ?? null, ...MACHINE },
  { key: 'numbers', value: ({ numbers }) => ({ ...numbers }), ...MACHINE },
  { key: 'thresholds', value: ({ thresholds }) => ({ ...thresholds }), ...MACHINE },
];

/** The table of findings. `inputs` are the captures they were found in. */
export function findingsTable(
  findings: readonly Finding[],
  inputs: readonly string[],
  limit: number,
): Table {
  const shown = findings.slice(0, limit);
  const more = findings.length - shown.length;
  return {
    key: 'findings',
    kind: 'finding',
    heading: 'FINDINGS',
    columns: COLUMNS,
    rows: shown,
    compact: true,
    card: (row) => card(row as Finding, inputs),
    ...(more > 0 ? { footnote: `… and ${more} more (--all shows all)` } : {}),
  };
}

function card(finding: Finding, inputs: readonly string[]): Card {
  const { severity, subject, what, why, otherwise } = finding;
  const held = heldText(finding);
  return {
    mark: TONES[severity],
    heading: `${severity}  ${subject.text}: ${what}`,
    lead: '',
    parts: [
      { label: 'why', lines: [{ say: why }] },
      { label: 'do', lines: [{ say: finding.do }] },
      { label: 'or', lines: [{ say: `it may also be ${otherwise}` }] },
      { label: 'see', lines: seeLines(finding, inputs) },
      ...(held === '' ? [] : [{ label: 'by', lines: [{ say: held }] }]),
    ],
  };
}

/** The frames, and commands that show its packets. */
function seeLines({ id, evidence, filter }: Finding, inputs: readonly string[]): CardLine[] {
  const lines: CardLine[] = [];
  if (evidence.length > 0) lines.push({ say: frameText(evidence.map(({ locator }) => locator)) });
  const [input] = inputs;
  // What only logs have is in no capture.
  if (evidence.length > 0 && evidence.every(({ locator }) => /:\d+$/.test(locator))) return lines;
  if (filter !== undefined && input !== undefined && input !== '-' && inputs.length === 1) {
    lines.push({ run: `portreeve capture -r ${shellWord(input)} ${shellWord(filter)}` });
  } else if (filter !== undefined) lines.push({ say: `capture filter: ${filter}` });
  return lines.length > 0 ? lines : [{ say: `counted over all packets (${id})` }];
}

/** `frames 12, 40 and 58 of lan.pcap`, `line 8812 of fw.log`; several files are named with each frame. */
function frameText(locators: readonly string[]): string {
  const parts = locators.map((locator) => {
    const [, source = '', mark, frame] = /^(.*)([#:])(\d+)$/s.exec(locator) ?? [];
    return { source, frame, noun: mark === ':' ? 'line' : 'frame' };
  });
  const sources = new Set(parts.map(({ source }) => source));
  const shown = parts.slice(0, SHOWN_FRAMES);
  const more = parts.length - shown.length;
  const rest = more > 0 ? ` and ${more} more` : '';
  if (sources.size > 1) return `${locators.slice(0, SHOWN_FRAMES).join(', ')}${rest}`;
  const frames = shown.map(({ frame }) => frame).join(', ');
  const { noun, source } = parts[0]!;
  return `${noun}${parts.length === 1 ? '' : 's'} ${frames}${rest} of ${inputName(source)}`;
}

/** The thresholds, so that a reader can move them. */
function heldText({ id, thresholds }: Finding): string {
  const names = Object.entries(thresholds).map(([name, value]) => `${name} ${value}`);
  return names.length === 0 ? '' : `${id}: ${names.join(', ')} (--threshold)`;
}
