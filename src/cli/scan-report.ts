/** Puts a scan into words: verdict, open ports with what they are for, hosts, what was not seen. */
import { entriesOnPorts, entryNamed, entryOf, isWide } from '../catalog/entries.ts';
import type { PortEntry, Risk, Step } from '../catalog/entry.ts';
import { knownProgram } from '../catalog/programs.ts';
import { serviceName } from '../catalog/services.ts';
import type { BlindSpot } from '../model/blind-spot.ts';
import type { PortState } from '../model/port-state.ts';
import type { ScannedHost } from '../model/scanned-host.ts';
import { count, counted, duration } from '../report/numbers.ts';
import type { Fact, NextStep, Report } from '../report/report.ts';
import { type Column, type Plain, plain, type Severity, type Table } from '../report/table.ts';
import { stopForGood } from './closing-here.ts';

const VERSION = 1;

/** Where the scan looked from: decides which open ports are out of place. */
export type Vantage = 'outside' | 'inside';

export interface ScanAnswer {
  readonly hosts: readonly ScannedHost[];
  readonly engines: readonly {
    readonly transport: string;
    readonly name: string;
    readonly because: string;
  }[];
  readonly counts: ReadonlyMap<string, number>;
  readonly hostsDown: number;
  readonly hostsUnknown: number;
  readonly otherShards: number;
  readonly probes: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly interrupted: boolean;
  readonly addresses: number;
  readonly portsPerHost: number;
  readonly seed: number;
  readonly notes: readonly BlindSpot[];
  readonly from: Vantage | undefined;
}

/** An open port with what the catalogue says of it. */
export interface PortRow {
  readonly state: PortState;
  readonly hostNames: readonly string[];
  readonly entry: PortEntry | undefined;
  readonly from: Vantage | undefined;
}

/** @param hostNames of its host @param from without it nobody can say what is out of place */
export function portRow(
  state: PortState,
  hostNames: readonly string[],
  from: Vantage | undefined,
): PortRow {
  const { transport, port } = state.target;
  const byPort = entriesOnPorts({ first: port, last: port, transport }).find(({ ports }) =>
    ports.every(({ first, last }) => !isWide(last - first)),
  );
  // What answers counts, not what usually has the port.
  const { method, name } = state.service ?? {};
  const spoken = method === 'probed' && name !== undefined ? name : undefined;
  const summary = spoken === undefined ? byPort : entryNamed(spoken);
  return { state, hostNames, entry: summary && entryOf(summary), from };
}

const SEVERITY: Readonly<Record<Risk, Severity>> = {
  none: 'ok',
  low: 'ok',
  medium: 'warning',
  high: 'error',
  critical: 'error',
};

/** Whether the port belongs where it was seen; undefined: nobody said from where, or not known. */
export function isMisplaced({ entry, from }: PortRow): boolean | undefined {
  if (entry === undefined || from === undefined) return undefined;
  const { place } = entry.belongs;
  if (place === 'perimeter') return false;
  return from === 'outside' || place !== 'inside';
}

export function scanReport(answer: ScanAnswer): Report {
  const rows = answer.hosts.flatMap((host) =>
    host.ports
      .filter(({ state }) => state === 'open')
      .map((state) => portRow(state, host.names, answer.from)),
  );
  return {
    kind: 'scan',
    version: VERSION,
    verdict: verdictOf(rows, answer),
    facts: factsOf(rows, answer),
    tables: [
      portTable(rows, answer.hosts.length),
      ...(rows.some(({ state }) => state.service?.details !== undefined) ? [toldTable(rows)] : []),
      hostTable(answer.hosts),
    ],
    notes: answer.notes,
    next: nextSteps(rows),
  };
}

function verdictOf(rows: readonly PortRow[], answer: ScanAnswer): Report['verdict'] {
  const misplaced = rows.filter(isMisplaced).length;
  const hosts = new Set(rows.map(({ state }) => state.target.address)).size;
  const stopped = answer.interrupted ? ', interrupted' : '';
  if (rows.length === 0) {
    const up = answer.hosts.length;
    const alike = answer.hosts.filter(({ uniform }) => uniform !== undefined).length;
    const found = alike === 0 ? 'No open port found' : 'No open port to believe';
    const text = up === 0 ? 'No host answered' : `${found} on ${counted(up, 'host')}`;
    const lies = alike === 0 ? '' : `: on ${count(alike)} everything seems open`;
    return { severity: 'info', text: text + lies + stopped };
  }
  const open = `${counted(rows.length, 'open port')} on ${counted(hosts, 'host')}${stopped}`;
  if (misplaced === 0) return { severity: 'info', text: open };
  const where = answer.from === 'outside' ? 'the Internet' : 'the network';
  return { severity: 'error', text: `${open}, ${misplaced} of which should not face ${where}` };
}

function factsOf(rows: readonly PortRow[], answer: ScanAnswer): Fact[] {
  const { addresses, portsPerHost, hosts, hostsDown, hostsUnknown, probes } = answer;
  const elapsed = answer.endMs - answer.startMs;
  const how = answer.engines.map(({ transport, name, because }) =>
    name === transport ? `${transport} (${because})` : `${transport} by ${name} (${because})`,
  );
  const states = [...answer.counts].sort((left, right) => right[1] - left[1]);
  const asked = `${counted(addresses, 'address', 'addresses')} × ${counted(portsPerHost, 'port')}`;
  return [
    { key: 'addresses', value: addresses, text: asked },
    { key: 'portsPerHost', value: portsPerHost },
    { key: 'hostsUp', value: hosts.length, text: `${counted(hosts.length, 'host')} up` },
    {
      key: 'hostsDown',
      value: hostsDown,
      ...(hostsDown === 0 ? {} : { text: `${count(hostsDown)} down` }),
    },
    { key: 'hostsUnknown', value: hostsUnknown },
    { key: 'portsNotAskedHostDown', value: (hostsDown + hostsUnknown) * portsPerHost },
    { key: 'portsOfOtherShards', value: answer.otherShards },
    { key: 'open', value: rows.length },
    {
      key: 'states',
      value: Object.fromEntries(states),
      ...(states.length === 0
        ? {}
        : { text: states.map(([state, number]) => `${count(number)} ${state}`).join(', ') }),
    },
    {
      key: 'probes',
      value: probes,
      text: `${counted(probes, 'probe')} in ${duration(Math.max(1, elapsed))}`,
    },
    { key: 'engines', value: plain(answer.engines), text: `asked ${how.join('; ')}` },
    { key: 'from', value: answer.from ?? null },
    { key: 'seed', value: answer.seed },
    { key: 'startMs', value: answer.startMs },
    { key: 'endMs', value: answer.endMs },
    { key: 'interrupted', value: answer.interrupted },
  ];
}

function nextSteps(rows: readonly PortRow[]): NextStep[] {
  const [first] = rows.filter(({ entry }) => entry !== undefined).sort(byGravity);
  if (first === undefined) return [];
  const { transport, port } = first.state.target;
  return [
    {
      command: `portreeve explain ${port}/${transport}`,
      purpose: 'what it is, and how to close it',
    },
  ];
}

const RISK_ORDER: readonly Risk[] = ['critical', 'high', 'medium', 'low', 'none'];

function byGravity(left: PortRow, right: PortRow): number {
  return RISK_ORDER.indexOf(left.entry!.risk.level) - RISK_ORDER.indexOf(right.entry!.risk.level);
}

/** The open ports. */
export const PORT_COLUMNS: readonly Column<PortRow>[] = [
  { key: 'address', title: 'HOST', value: ({ state }) => state.target.address },
  { key: 'port', title: 'PORT', value: ({ state }) => state.target.port, align: 'right' },
  { key: 'transport', title: 'PROTO', value: ({ state }) => state.target.transport },
  { key: 'state', title: 'STATE', value: ({ state }) => state.state, machineOnly: true },
  { key: 'service', title: 'NAME', value: serviceOf, priority: 1 },
  {
    key: 'risk',
    title: 'RISK',
    value: ({ entry }) => entry?.risk.level ?? null,
    tone: ({ entry }) => entry && SEVERITY[entry.risk.level],
    priority: 2,
  },
  {
    key: 'belongs',
    title: 'BELONGS',
    value: ({ entry }) => entry?.belongs.place ?? null,
    text: (row) => {
      const place = row.entry?.belongs.place ?? '-';
      return isMisplaced(row) === true ? `${place}, not here` : place;
    },
    tone: (row) => (isMisplaced(row) === true ? 'error' : undefined),
    priority: 1,
  },
  { key: 'says', title: 'SAYS', value: saysOf, priority: 2 },
  {
    key: 'what',
    title: 'WHAT IT IS FOR',
    value: ({ entry }) => entry?.name ?? null,
    grow: true,
    priority: 3,
  },
  { key: 'reason', title: 'REASON', value: ({ state }) => state.reason, priority: 4 },
  {
    key: 'attempts',
    title: 'TRIES',
    value: ({ state }) => state.attempts,
    align: 'right',
    priority: 6,
  },
  {
    key: 'rttMs',
    title: 'RTT',
    value: ({ state }) => state.rttMs ?? null,
    text: ({ state }) => (state.rttMs === undefined ? '-' : `${state.rttMs.toFixed(1)} ms`),
    align: 'right',
    priority: 5,
  },
  { key: 'ttl', title: 'TTL', value: ({ state }) => state.ttl ?? null, machineOnly: true },
  { key: 'seenMs', title: 'SEEN', value: ({ state }) => state.seenMs ?? null, machineOnly: true },
  { key: 'names', title: 'NAMES', value: ({ hostNames }) => hostNames, machineOnly: true },
  {
    key: 'misplaced',
    title: 'MISPLACED',
    value: (row) => isMisplaced(row) ?? null,
    machineOnly: true,
  },
  {
    key: 'identified',
    title: 'IDENTIFIED',
    value: ({ state }) => (state.service ?? null) as Plain,
    machineOnly: true,
  },
  {
    key: 'riskBecause',
    title: 'WHY',
    value: ({ entry }) => entry?.risk.because ?? null,
    machineOnly: true,
  },
  {
    key: 'closeLinux',
    title: 'CLOSE',
    value: linuxSteps,
    machineOnly: true,
  },
  {
    key: 'closeWindows',
    title: 'CLOSE',
    value: windowsSteps,
    machineOnly: true,
  },
];

/** What is known of a port before it was asked what it is. */
const LATER = ['says', 'what', 'identified', 'riskBecause', 'closeLinux', 'closeWindows'];
export const FOUND_COLUMNS = PORT_COLUMNS.filter(({ key }) => !LATER.includes(key));

function programOf({ state: { service } }: PortRow): ReturnType<typeof knownProgram> {
  return service?.method === 'probed' ? knownProgram(service.product ?? '') : undefined;
}

/** How to stop the very program that answered, where it is known; else what has the service. */
function linuxSteps(row: PortRow): Plain {
  const units = programOf(row)?.units;
  if (units === undefined) return closing(row.entry?.linux);
  if (units.length === 0) return null;
  const steps: Step[] = units.map((unit) => stopForGood([unit]));
  if (units.length > 1) steps.unshift({ say: `whichever is there of ${units.join(', ')}:` });
  return plain(steps);
}

function windowsSteps(row: PortRow): Plain {
  return programOf(row)?.windows === false ? null : closing(row.entry?.windows);
}

function closing(advice: PortEntry['linux'] | undefined): Plain {
  return advice === undefined || 'none' in advice ? null : plain(advice.close);
}

function serviceOf({ state }: PortRow): string | null {
  const { transport, port } = state.target;
  return state.service?.name ?? serviceName(transport, port) ?? null;
}

/** Product and version as the service tells them; null where nobody asked or it said nothing. */
function saysOf({ state }: PortRow): string | null {
  const { product, version, extra, tunnel, method } = state.service ?? {};
  const words = [product, version].filter((word) => word !== undefined).join(' ') || extra;
  const inside = tunnel === 'ssl' ? 'TLS' : undefined;
  const all = [inside, method === 'table' && words !== undefined ? `“${words}”` : words];
  return all.filter((word) => word !== undefined).join(': ') || null;
}

/** A fact that a service told before any login. */
interface Told {
  readonly state: PortState;
  readonly key: string;
  readonly value: string;
}

function toldTable(rows: readonly PortRow[]): Table<Told> {
  return {
    key: 'details',
    kind: 'detail',
    heading: 'WHAT SERVICES SAY OF THEMSELVES',
    columns: [
      { key: 'address', title: 'HOST', value: ({ state }) => state.target.address },
      { key: 'port', title: 'PORT', value: ({ state }) => state.target.port, align: 'right' },
      {
        key: 'transport',
        title: 'PROTO',
        value: ({ state }) => state.target.transport,
        priority: 1,
      },
      { key: 'key', title: 'WHAT', value: ({ key }) => key },
      { key: 'value', title: 'SAYS', value: ({ value }) => value, grow: true },
    ],
    rows: rows.flatMap(({ state }) =>
      (state.service?.details ?? []).map(({ key, value }) => ({ state, key, value })),
    ),
  };
}

function portTable(rows: readonly PortRow[], hosts: number): Table<PortRow> {
  return {
    key: 'ports',
    kind: 'port',
    heading: 'OPEN PORTS',
    columns: PORT_COLUMNS,
    rows,
    ...(hosts === 0 ? {} : { empty: 'No port answered that it is open.' }),
  };
}

/** So many hosts are listed for people one by one. */
const HOSTS_SHOWN = 30;

export const HOST_COLUMNS: readonly Column<ScannedHost>[] = [
  { key: 'address', title: 'HOST', value: ({ address }) => address },
  {
    key: 'names',
    title: 'NAME',
    value: ({ names }) => names,
    text: ({ names }) => names.join(' ') || '-',
    priority: 2,
  },
  { key: 'status', title: 'STATUS', value: ({ status }) => status, machineOnly: true },
  { key: 'statusReason', title: 'UP BY', value: ({ statusReason }) => statusReason, priority: 1 },
  { key: 'mac', title: 'MAC', value: ({ mac }) => mac ?? null, priority: 3 },
  { key: 'vendor', title: 'MADE BY', value: ({ vendor }) => vendor ?? null, priority: 4 },
  {
    key: 'open',
    title: 'OPEN',
    value: ({ ports }) => ports.filter(({ state }) => state === 'open').length,
    align: 'right',
  },
  {
    key: 'groups',
    title: 'OTHER PORTS',
    value: ({ groups }) => plain(groups),
    text: othersText,
    grow: true,
  },
  { key: 'unasked', title: 'NOT ASKED', value: ({ unasked }) => unasked ?? 0, machineOnly: true },
  {
    key: 'uniform',
    title: 'UNIFORM',
    value: ({ uniform }) => (uniform ?? null) as Plain,
    machineOnly: true,
  },
];

function othersText({ groups, uniform, unasked }: ScannedHost): string {
  const parts = groups.map(
    ({ count: number, state, reason, transport }) =>
      `${count(number)} ${transport} ${state} (${reason})`,
  );
  if (uniform !== undefined) parts.unshift('everything seems open');
  if (unasked !== undefined) parts.push(`${count(unasked)} not asked`);
  return parts.join(', ') || '-';
}

function hostTable(hosts: readonly ScannedHost[]): Table<ScannedHost> {
  return {
    key: 'hosts',
    kind: 'host',
    heading: hosts.length > HOSTS_SHOWN ? `HOSTS (${count(hosts.length)})` : 'HOSTS',
    columns: HOST_COLUMNS,
    rows: hosts,
  };
}
