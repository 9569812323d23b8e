/** Puts a machine's attack surface into words: what to look at as cards, the rest as a table. */
import {
  countReaches,
  REACHES,
  type Reach,
  type SurfaceItem,
  surfaceOf,
} from '../analysis/surface.ts';
import { surfaceChanges, surfacePorts } from '../analysis/surface-changes.ts';
import { serviceName } from '../catalog/services.ts';
import type { Process } from '../model/process.ts';
import type { UnitTies } from '../model/unit-ties.ts';
import type { Comparison } from '../pipeline/compare-host.ts';
import type { SurfaceRecord } from '../pipeline/surface-state.ts';
import { count, counted } from '../report/numbers.ts';
import type { Fact, NextStep, Report } from '../report/report.ts';
import type { Card, CardLine, CardPart, Column, Plain, Severity } from '../report/table.ts';
import { closingSteps, unitsExpected, unitsHolding } from './closing-here.ts';
import { VERDICT_WORDS } from './compare-report.ts';
import {
  pidText,
  placeOf,
  plainProcess,
  processesOf,
  processText,
  userText,
} from './owner-words.ts';
import { changesTable, changeText, privilegeNote, REACH_WORDS } from './surface-change-report.ts';

/** A service with what to do about it. */
type Item = SurfaceItem & { readonly close: readonly CardLine[] };

const VERSION = 1;

/** This run, and the one that it is compared with. */
export interface SurfaceRuns {
  readonly seenMs: number;
  readonly privileged: boolean;
  /** Absent: there is none, for the reason given. */
  readonly earlier?: SurfaceRecord;
  readonly because?: string;
}

export interface SurfaceAnswer {
  readonly report: Report;
  readonly grave: number;
  /** For the next run. */
  readonly record: SurfaceRecord;
}

/** `tiesOf` reads what this machine's unit files say of units by name. */
export function surfaceReport(
  comparison: Comparison,
  runs: SurfaceRuns,
  tiesOf: (units: Iterable<string>) => readonly UnitTies[],
): SurfaceAnswer {
  const items = withClosing(surfaceOf(comparison.host, comparison.rows), tiesOf);
  const { seenMs, privileged, earlier } = runs;
  const record: SurfaceRecord = { seenMs, privileged, ports: surfacePorts(items) };
  const changes = earlier === undefined ? [] : surfaceChanges(earlier.ports, record.ports);
  const grave = items.filter(isGrave);
  const surface = surfaceText(countReaches(items));
  const since = earlier === undefined ? '' : `; ${changeText(changes, earlier)}`;
  const services = { key: 'services', kind: 'service', heading: 'SERVICES', columns: COLUMNS };
  const report: Report = {
    kind: 'surface',
    version: VERSION,
    verdict: verdictOf(items.length, grave),
    facts: factsOf(comparison, runs, items, changes.length),
    tables: [
      {
        key: 'attention',
        kind: 'attention',
        heading: 'LOOK AT',
        columns: COLUMNS,
        rows: grave,
        card,
        headed: true,
      },
      { ...services, rows: items.filter((item) => !isGrave(item)) },
      changesTable(changes),
    ],
    // In a spreadsheet those to look at are the first of all.
    sheet: { ...services, rows: [...grave, ...items.filter((item) => !isGrave(item))] },
    notes: [...comparison.notes, ...privilegeNote(runs)],
    next: nextSteps(grave),
    closing: `${surface}${since}`,
  };
  return { report, grave: grave.length, record };
}

/** Unit files are read once for all. */
function withClosing(
  items: readonly SurfaceItem[],
  tiesOf: (units: Iterable<string>) => readonly UnitTies[],
): Item[] {
  const units = items.flatMap((item) => [...unitsHolding(item), ...unitsExpected(item)]);
  const ties = tiesOf(new Set(units));
  const close = (item: SurfaceItem) =>
    closingSteps(item, (wanted) =>
      ties.filter(({ names }) => wanted.some((one) => names.some((name) => isFor(name, one)))),
    );
  return items.map((item) => ({ ...item, close: close(item) }));
}

/** Whether a unit is the one of that name, or one of all that `x@*.service` stands for. */
function isFor(unit: string, name: string): boolean {
  const [start, end] = name.split('@*');
  return end === undefined ? unit === name : unit.startsWith(`${start}@`) && unit.endsWith(end);
}

function factsOf(
  { host, vantages, asked }: Comparison,
  { seenMs, privileged, earlier, because }: SurfaceRuns,
  items: readonly SurfaceItem[],
  changes: number,
): Fact[] {
  const counts = countReaches(items);
  const first = earlier === undefined ? `no earlier run to compare with: ${because}` : undefined;
  const names = vantages.map(({ name }) => name).join(' and ');
  return [
    { key: 'services', value: items.length },
    { key: 'attention', value: items.filter(isGrave).length },
    { key: 'anywhere', value: counts.anywhere },
    { key: 'localNetwork', value: counts['local-network'] },
    { key: 'thisMachine', value: counts['this-machine'] },
    { key: 'addresses', value: host.addresses ?? [], ...addressText(host.addresses) },
    { key: 'seenMs', value: seenMs },
    { key: 'privileged', value: privileged },
    {
      key: 'sinceMs',
      value: earlier?.seenMs ?? null,
      ...(first === undefined ? {} : { text: first }),
    },
    { key: 'changes', value: changes },
    { key: 'asked', value: asked, text: `${counted(asked, 'port')} asked` },
    {
      key: 'vantages',
      value: vantages.map(({ kind, name }) => ({ kind, name })),
      ...(names === '' ? {} : { text: `from ${names}` }),
    },
  ];
}

function isGrave({ concern }: SurfaceItem): boolean {
  return concern === 'error' || concern === 'warning';
}

function verdictOf(all: number, grave: readonly SurfaceItem[]): Report['verdict'] {
  if (all === 0) return { severity: 'ok', text: 'This machine offers nothing to anybody.' };
  const services = `${count(all)} service${all === 1 ? '' : 's'}`;
  if (grave.length === 0)
    return { severity: 'ok', text: `${services}, none of which deserves attention` };
  const severity = grave.some(({ concern }) => concern === 'error') ? 'error' : 'warning';
  return { severity, text: `${services}, ${count(grave.length)} to look at` };
}

function surfaceText(counts: Readonly<Record<Reach, number>>): string {
  const parts = REACHES.map((reach) => `${count(counts[reach])} from ${REACH_WORDS[reach]}`);
  return `attack surface: services reachable ${parts.join(', ')}`;
}

function addressText(addresses: readonly string[] | undefined): { text?: string } {
  if (addresses === undefined) return {};
  const number = addresses.length;
  return {
    text:
      number === 0
        ? 'no address but loopback'
        : `${count(number)} address${number === 1 ? '' : 'es'}`,
  };
}

function nextSteps(grave: readonly SurfaceItem[]): NextStep[] {
  const [first] = grave;
  return [
    ...(first?.entry === undefined
      ? []
      : [{ command: `portreeve explain ${first.port}`, purpose: 'all about it' }]),
    { command: 'portreeve compare', purpose: 'what each side says of each port' },
    { command: 'portreeve sockets', purpose: 'every socket and who holds it' },
  ];
}

function processes({ listeners }: SurfaceItem): Process[] {
  const known = new Map<string, Process>();
  for (const { owner } of listeners) {
    for (const process of processesOf(owner)) known.set(`${process.pid} ${process.name}`, process);
  }
  return [...known.values()];
}

function holderText(item: SurfaceItem): string {
  const [listener] = item.listeners;
  if (listener === undefined) return '-';
  const list = processes(item);
  return list.length === 0
    ? processText(listener.owner)
    : `${processText(listener.owner)} ${pidText(list)}`;
}

function nameOf({ entry, transport, port }: SurfaceItem): string {
  return entry?.name ?? serviceName(transport, port) ?? '-';
}

const TONES: Readonly<Record<Reach, Severity | undefined>> = {
  anywhere: 'warning',
  'local-network': undefined,
  'this-machine': 'ok',
};

const COLUMNS: readonly Column<Item>[] = [
  { key: 'port', title: 'PORT', value: ({ port }) => port, align: 'right' },
  { key: 'transport', title: 'PROTO', value: ({ transport }) => transport },
  {
    key: 'reach',
    title: 'REACHED FROM',
    value: ({ reach }) => reach,
    text: ({ reach }) => REACH_WORDS[reach],
    tone: ({ reach }) => TONES[reach],
  },
  {
    key: 'process',
    title: 'PROCESS',
    value: (item) => processes(item).map(plainProcess),
    text: holderText,
  },
  { key: 'meantFor', title: 'PORT IS MEANT FOR', value: nameOf, priority: 1 },
  { key: 'risk', title: 'RISK', value: ({ entry }) => entry?.risk.level ?? null, priority: 2 },
  { key: 'concern', title: 'CONCERN', value: ({ concern }) => concern, machineOnly: true },
  { key: 'because', title: 'WHY', value: ({ because }) => because, priority: 3, grow: true },
  { key: 'reasons', title: 'REASONS', value: ({ reasons }) => reasons, machineOnly: true },
  {
    key: 'verdicts',
    title: 'VERDICTS',
    value: ({ rows }) => rows.map(({ verdict, sure, addresses }) => ({ verdict, sure, addresses })),
    machineOnly: true,
  },
  {
    key: 'addresses',
    title: 'BOUND TO',
    value: ({ listeners }) => listeners.map(({ local }) => local.address),
    machineOnly: true,
  },
  {
    key: 'close',
    title: 'CLOSE',
    value: ({ close }) => close.map(plainLine),
    machineOnly: true,
  },
];

function plainLine(line: CardLine): Plain {
  return 'run' in line ? { run: line.run } : { say: line.say };
}

function card(item: Item): Card {
  const { transport, port, entry, reach, because, reasons, rows, close } = item;
  const parts: CardPart[] = [
    {
      label: 'reached',
      tone: reach === 'anywhere' ? 'error' : 'warning',
      lines: [{ say: `from ${REACH_WORDS[reach]}${because === '' ? '' : `: ${because}`}` }],
    },
    { label: 'held by', lines: [{ say: heldBy(item) }] },
    {
      label: 'why',
      lines: [...new Set(reasons)].map((say) => ({
        say: `${say}${/[.!?]$/.test(say) ? '' : '.'}`,
      })),
    },
  ];
  const verdicts = [...new Set(rows.map(({ verdict }) => VERDICT_WORDS[verdict]))];
  if (verdicts.length > 0) parts.push({ label: 'checked', lines: [{ say: verdicts.join(', ') }] });
  if (close.length > 0) parts.push({ label: 'close', lines: close });
  return {
    heading: `${port}/${transport}  ${nameOf(item)}`,
    lead: entry === undefined ? 'The catalogue has no entry for this port.' : entry.what,
    parts: parts.filter(({ lines }) => lines.length > 0),
  };
}

function heldBy(item: SurfaceItem): string {
  const [listener] = item.listeners;
  if (listener === undefined) return 'no socket of this machine';
  const [process] = processes(item);
  if (process === undefined) return processText(listener.owner);
  const command = process.commandLine.join(' ').slice(0, 100);
  return [`${holderText(item)}, user ${userText(listener)}`, placeOf(process), command]
    .filter(Boolean)
    .join(', ');
}
