/** Puts a machine's attack surface into words: what to look at as cards, the rest as a table. */
import {
  countReaches,
  REACHES,
  type Reach,
  type SurfaceItem,
  surfaceOf,
} from '../analysis/surface.ts';
import { surfaceChanges, surfacePorts } from '../analysis/surface-changes.ts';
import type { PortEntry } from '../catalog/entry.ts';
import { serviceName } from '../catalog/services.ts';
import type { Process } from '../model/process.ts';
import type { Comparison } from '../pipeline/compare-host.ts';
import type { SurfaceRecord } from '../pipeline/surface-state.ts';
import { count, counted } from '../report/numbers.ts';
import type { Fact, NextStep, Report } from '../report/report.ts';
import type { Card, CardLine, CardPart, Column, Plain, Severity } from '../report/table.ts';
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

const VERSION = 1;
/** Cards for people; the others are in the table, and all are in the machine formats. */
const STEPS = 4;

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

export function surfaceReport(comparison: Comparison, runs: SurfaceRuns): SurfaceAnswer {
  const items = surfaceOf(comparison.host, comparison.rows);
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

const COLUMNS: readonly Column<SurfaceItem>[] = [
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
    value: (item) => closeLines(item).map(plainLine),
    machineOnly: true,
  },
];

function plainLine(line: CardLine): Plain {
  return 'run' in line ? { run: line.run } : { say: line.say };
}

function card(item: SurfaceItem): Card {
  const { transport, port, entry, reach, because, reasons, rows } = item;
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
  const close = closeLines(item);
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

/** Whether the catalogue names the program among those that hold its port on Linux. */
function isRunBy({ linux }: PortEntry, program: string): boolean {
  return !('none' in linux) && program !== '' && linux.process.includes(program);
}

/** Units and containers are stopped by name; else the catalogue knows how, if it knows the port. */
function closeLines(item: SurfaceItem): CardLine[] {
  const { entry, listeners, reach } = item;
  if (reach === 'this-machine' && item.concern === 'ok') return [];
  const [listener] = listeners;
  const [process] = processes(item);
  const unit = listener?.activation ?? process?.unit;
  if (process?.container !== undefined && /^(docker|podman)$/.test(process.container.runtime)) {
    return [{ run: `${process.container.runtime} stop ${process.container.id}` }];
  }
  if (unit !== undefined && /\.(service|socket)$/.test(unit) && /^[\w@.:-]+$/.test(unit)) {
    return [{ run: `systemctl disable --now ${unit}` }];
  }
  // Of another program on that port, the catalogue's service may not even be here.
  const isOther = process !== undefined && !(entry !== undefined && isRunBy(entry, process.name));
  if (entry === undefined || 'none' in entry.linux || isOther) {
    return process?.pid === undefined
      ? []
      : [
          {
            say: `end or reconfigure process ${process.pid}; bind it to 127.0.0.1 if only this machine needs it`,
          },
        ];
  }
  return entry.linux.close.slice(0, STEPS);
}
