/** Puts entries of the catalogue into words: cards for a few, a table for many. */
import { entryOf } from '../catalog/entries.ts';
import {
  formatCatalogPorts,
  type NotThere,
  type PlatformAdvice,
  type PortEntry,
  type Risk,
} from '../catalog/entry.ts';
import type { UnitTies } from '../model/unit-ties.ts';
import { count } from '../report/numbers.ts';
import type { Fact, NextStep, Report } from '../report/report.ts';
import {
  type Card,
  type CardLine,
  type CardPart,
  type Column,
  type Plain,
  plain,
  type Severity,
  type Table,
} from '../report/table.ts';
import { unitSteps } from './closing-here.ts';
import { blockingSteps } from './explain-blocking.ts';
import { askServices, askUnits, closingNotes } from './explain-closing.ts';
import type { Answer } from './explain-queries.ts';
import { unlistedTable } from './explain-unlisted.ts';

/** An entry, and how to stop what this machine has of it; undefined: not asked. */
type Row = PortEntry & { readonly here: readonly CardLine[] | undefined };

const VERSION = 1;
/** So many entries are shown in full. */
const CARDS = 3;

/** With `tiesOf`, which knows this machine's units, entries say how to stop those it has. */
export function explainReport(
  { entries, unlisted, passedOver }: Answer,
  tiesOf?: (units: Iterable<string>) => readonly UnitTies[],
): Report {
  const rows = entries.map((summary) => row(entryOf(summary), tiesOf));
  return {
    kind: 'explain',
    version: VERSION,
    verdict: verdictOf(rows, unlisted.length),
    facts: factsOf(rows, unlisted.length, passedOver),
    tables: [entryTable(rows), unlistedTable(unlisted)],
    notes: rows.length <= CARDS ? closingNotes(rows) : [],
    next: nextSteps(rows),
  };
}

function row(
  entry: PortEntry,
  tiesOf: ((units: Iterable<string>) => readonly UnitTies[]) | undefined,
): Row {
  return tiesOf === undefined || 'none' in entry.linux
    ? { ...entry, here: undefined }
    : { ...entry, here: stepsHere(entry.linux.stops, tiesOf) };
}

function stepsHere(
  stops: readonly string[],
  tiesOf: (units: Iterable<string>) => readonly UnitTies[],
): readonly CardLine[] {
  if (stops.length === 0) return [{ say: 'no unit is named to look for' }];
  const ties = tiesOf(stops);
  if (ties.length > 0) return unitSteps(ties);
  return [{ say: `this machine has no unit file of ${stops.join(', ')}` }];
}

const SEVERITY: Readonly<Record<Risk, Severity>> = {
  none: 'ok',
  low: 'ok',
  medium: 'warning',
  high: 'error',
  critical: 'error',
};

function verdictOf(rows: readonly PortEntry[], unlisted: number): Report['verdict'] {
  const [first, ...others] = rows;
  if (first === undefined) {
    const text = unlisted === 0 ? 'No entry of the catalogue matches.' : 'No entry for this port.';
    return { severity: 'info', text: unlisted > 1 ? 'No entry for these ports.' : text };
  }
  if (others.length === 0) {
    const { level } = first.risk;
    const text = `${first.name}: ${level === 'none' ? 'no risk' : `${level} risk`}, ${placeOf(first)}`;
    return { severity: SEVERITY[level], text };
  }
  const grave = rows.filter(({ risk }) => SEVERITY[risk.level] === 'error').length;
  const tail = grave === 0 ? '' : `, ${grave} of high or critical risk`;
  return { severity: 'info', text: `${count(rows.length)} services${tail}` };
}

const PLACES = {
  perimeter: 'may face the Internet',
  inside: 'belongs inside',
  host: 'belongs on the machine itself',
  nowhere: 'belongs nowhere',
} as const;

function placeOf({ belongs }: PortEntry): string {
  return PLACES[belongs.place];
}

function factsOf(rows: readonly PortEntry[], unlisted: number, passedOver: number): Fact[] {
  const without = passedOver === 1 ? '1 port without' : `${count(passedOver)} ports without`;
  return [
    { key: 'entries', value: rows.length },
    { key: 'unlisted', value: unlisted },
    {
      key: 'passedOver',
      value: passedOver,
      ...(passedOver === 0 ? {} : { text: `${without} an entry in that range` }),
    },
  ];
}

function nextSteps(rows: readonly PortEntry[]): NextStep[] {
  const [first] = rows;
  const look = { command: 'portreeve sockets', purpose: 'what is really open on this machine' };
  if (first === undefined || rows.length <= CARDS) return [look];
  return [{ command: `portreeve explain ${first.id}`, purpose: 'one of them in full' }, look];
}

function entryTable(rows: readonly Row[]): Table<Row> {
  return {
    key: 'entries',
    kind: 'entry',
    heading: 'SERVICES',
    columns: COLUMNS,
    rows,
    ...(rows.length <= CARDS ? { card } : {}),
  };
}

const COLUMNS: readonly Column<Row>[] = [
  {
    key: 'ports',
    title: 'PORTS',
    value: ({ ports }) => formatCatalogPorts(ports),
    text: ({ ports }) => briefPorts(formatCatalogPorts(ports)),
  },
  { key: 'id', title: 'ENTRY', value: ({ id }) => id },
  {
    key: 'risk',
    title: 'RISK',
    value: ({ risk }) => risk.level,
    tone: ({ risk }) => SEVERITY[risk.level],
  },
  { key: 'belongs', title: 'BELONGS', value: ({ belongs }) => belongs.place, priority: 1 },
  { key: 'name', title: 'WHAT IT IS', value: ({ name }) => name, grow: true },
  { key: 'closable', title: 'CLOSABLE', value: ({ closable }) => closable.answer, priority: 2 },
  { key: 'group', title: 'SUBJECT', value: ({ group }) => group, priority: 3 },
  ...(
    [
      ['aliases', ({ aliases }) => aliases],
      ['what', ({ what }) => what],
      ['riskBecause', ({ risk }) => risk.because],
      ['belongsNote', ({ belongs }) => belongs.note || null],
      ['closableNote', ({ closable }) => closable.note || null],
      ['breaks', ({ breaks }) => breaks],
      ['windows', ({ windows }) => plain(windows)],
      ['linux', ({ linux }) => plain(linux)],
      ['here', ({ here }) => (here === undefined ? null : plain(here))],
      ['companions', ({ companions }) => plain(companions)],
      ['firewall', ({ firewall }) => firewall],
      ['sources', ({ sources }) => plain(sources)],
      ['portList', ({ ports }) => plain(ports)],
    ] satisfies [string, (entry: Row) => Plain][]
  ).map(([key, value]): Column<Row> => ({ key, title: key, value, machineOnly: true })),
];

/** The first ports, with a sign that there are more. */
function briefPorts(text: string): string {
  const words = text.split(' ');
  return words.length <= 2 ? text : `${words.slice(0, 2).join(' ')} …`;
}

/** One entry on one screen. */
function card(entry: Row): Card {
  const { risk, belongs, closable, companions, sources, here } = entry;
  const because = belongs.note === '' ? '' : `: ${belongs.note}`;
  const possible = closable.note === '' ? closable.answer : `${closable.answer}: ${closable.note}`;
  const parts: CardPart[] = [
    say('risk', `${risk.level}: ${risk.because}`, SEVERITY[risk.level]),
    say('belongs', `${PLACES[belongs.place].replace(/^belongs /, '')}${because}`),
    platformPart('windows', entry.windows, askServices),
    platformPart('linux', entry.linux, askUnits),
    ...(here === undefined ? [] : [{ label: 'here', lines: here }]),
    say('can close', possible),
    ...(closable.answer === 'yes' ? [] : [{ label: 'or block', lines: blockingSteps(entry) }]),
    say('breaks', entry.breaks),
    {
      label: 'goes with',
      lines:
        'none' in companions
          ? [{ say: `none: ${companions.none}` }]
          : companions.map(({ ports, what }) => ({ say: `${formatCatalogPorts(ports)} ${what}` })),
    },
    say('firewall', entry.firewall),
    say('sources', sources.map(({ title }) => title).join('; ')),
  ];
  return {
    heading: `${entry.name}   ${formatCatalogPorts(entry.ports)}`,
    lead: entry.what,
    parts: parts.filter(({ lines }) => lines.length > 0),
  };
}

function say(label: string, text: string, tone?: Severity): CardPart {
  return { label, lines: [{ say: text }], ...(tone === undefined ? {} : { tone }) };
}

function platformPart(
  label: string,
  advice: PlatformAdvice | NotThere,
  ask: (advice: PlatformAdvice) => CardLine[],
): CardPart {
  if ('none' in advice) return say(label, `none usual: ${advice.none}`);
  const lines: CardLine[] = [{ say: advice.process }, ...ask(advice), ...advice.close];
  return { label, lines };
}
