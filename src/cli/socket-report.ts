/** Puts a machine's sockets into words: verdict, table, blind spots. */
import { serviceName } from '../catalog/services.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { EXPOSURES, type Exposure } from '../model/exposure.ts';
import type { Listener, Owner } from '../model/listener.ts';
import type { Process } from '../model/process.ts';
import type { User } from '../model/user.ts';
import type { SocketView } from '../pipeline.ts';
import type { Fact, Report } from '../report/report.ts';
import type { Column, Plain, Severity } from '../report/table.ts';

const VERSION = 1;

/** The report; sockets that more can reach come first. */
export function socketReport({ listeners, blindSpots, connectedDatagram }: SocketView): Report {
  const rows = [...listeners].sort(compare);
  return {
    kind: 'sockets',
    version: VERSION,
    verdict: { severity: 'info', text: verdictOf(rows) },
    facts: factsOf(rows, connectedDatagram),
    tables: [
      { key: 'sockets', kind: 'socket', heading: 'SOCKETS', columns: COLUMNS as Column[], rows },
    ],
    notes: blindSpots,
    next: [
      { command: 'portreeve sockets --wide', purpose: 'all columns, full command lines' },
      { command: 'portreeve sockets --json', purpose: 'the same for programs' },
    ],
  };
}

function compare(left: Listener, right: Listener): number {
  return (
    EXPOSURES.indexOf(left.exposure) - EXPOSURES.indexOf(right.exposure) ||
    left.local.port - right.local.port ||
    order(left.local.transport, right.local.transport) ||
    order(left.local.address, right.local.address)
  );
}

function order(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

const VERDICT_WORDS: Readonly<Record<Exposure, string>> = {
  'every-address': 'reachable on every address',
  'one-address': 'on one address',
  group: 'for a group',
  'link-local': 'from the same link',
  loopback: 'only from this machine',
};

function verdictOf(rows: readonly Listener[]): string {
  if (rows.length === 0) return 'No socket on this machine waits for others.';
  const parts = EXPOSURES.flatMap((exposure) => {
    const count = rows.filter((row) => row.exposure === exposure).length;
    return count === 0 ? [] : [`${count} ${VERDICT_WORDS[exposure]}`];
  });
  const sockets = rows.length === 1 ? 'listening socket' : 'listening sockets';
  return `${rows.length} ${sockets}: ${parts.join(', ')}`;
}

function factsOf(rows: readonly Listener[], connectedDatagram: number): Fact[] {
  const facts: Fact[] = [{ key: 'sockets', value: rows.length }];
  for (const exposure of EXPOSURES) {
    const value = rows.filter((row) => row.exposure === exposure).length;
    const key = exposure.replace(/-./, (match) => match.slice(1).toUpperCase());
    facts.push({ key, value });
  }
  const sockets = connectedDatagram === 1 ? 'socket' : 'sockets';
  const connected = `not listed: ${connectedDatagram} UDP ${sockets} with a fixed peer`;
  facts.push({
    key: 'connectedDatagram',
    value: connectedDatagram,
    ...(connectedDatagram === 0 ? {} : { text: connected }),
  });
  return facts;
}

const COLUMNS: readonly Column<Listener>[] = [
  {
    key: 'port',
    title: 'PORT',
    value: ({ local }) => local.port,
    // A raw socket has no port: the number is that of the IP protocol it receives.
    text: ({ local }) => (local.transport === 'raw' ? `ip ${local.port}` : String(local.port)),
    align: 'right',
  },
  { key: 'transport', title: 'PROTO', value: ({ local }) => local.transport },
  { key: 'service', title: 'NAME', value: ({ local }) => nameOf(local) ?? null, priority: 1 },
  {
    key: 'exposure',
    title: 'OPEN TO',
    value: ({ exposure }) => exposure,
    text: openTo,
    tone: ({ exposure }): Severity | undefined =>
      exposure === 'every-address' ? 'warning' : exposure === 'loopback' ? 'ok' : undefined,
  },
  { key: 'address', title: 'ADDRESS', value: ({ local }) => local.address, priority: 4 },
  { key: 'state', title: 'STATE', value: ({ state }) => state, machineOnly: true },
  {
    key: 'acceptsIPv4',
    title: 'IPV4',
    value: ({ acceptsIPv4 }) => acceptsIPv4,
    machineOnly: true,
  },
  {
    key: 'owner',
    title: 'PROCESS',
    value: ({ owner }) => owner.kind,
    text: ({ owner }) => processText(owner),
  },
  {
    key: 'ownerUnknownBecause',
    title: 'WHY',
    value: ({ owner }) => (owner.kind === 'unknown' ? owner.because : null),
    machineOnly: true,
  },
  {
    key: 'pids',
    title: 'PID',
    value: ({ owner }) => processesOf(owner).map(({ pid }) => pid),
    text: ({ owner }) => pidText(processesOf(owner)),
    align: 'right',
  },
  { key: 'user', title: 'USER', value: creator, text: userText, priority: 2 },
  {
    key: 'processes',
    title: 'COMMAND',
    value: ({ owner }) => processesOf(owner).map(plainProcess),
    text: ({ owner }) => processesOf(owner)[0]?.commandLine.join(' ') || '-',
    priority: 3,
    grow: true,
  },
  { key: 'seenMs', title: 'SEEN', value: ({ evidence }) => evidence.seenMs, machineOnly: true },
  {
    key: 'locator',
    title: 'EVIDENCE',
    value: ({ evidence }) => evidence.locator,
    machineOnly: true,
  },
];

function nameOf({ transport, port }: Endpoint): string | undefined {
  // UDP-Lite shares UDP's port names (RFC 3828 section 6).
  return serviceName(transport === 'udplite' ? 'udp' : transport, port);
}

/** A question mark where IPv4 is likely but not certain; the blind spots say why. */
function openTo({ exposure, local, acceptsIPv4 }: Listener): string {
  switch (exposure) {
    case 'every-address':
      if (!local.address.includes(':')) return 'every IPv4 address';
      if (acceptsIPv4 === 'yes') return 'every address';
      return acceptsIPv4.startsWith('probably-') || acceptsIPv4 === 'no'
        ? 'every IPv6 address'
        : 'every address (?)';
    case 'one-address':
      return local.address;
    case 'group':
      return `group ${local.address}`;
    case 'link-local':
      return 'the same link';
    case 'loopback':
      return 'this machine';
  }
}

function processesOf(owner: Owner): readonly Process[] {
  return owner.kind === 'processes' ? owner.processes : [];
}

function processText(owner: Owner): string {
  if (owner.kind === 'kernel') return '(kernel)';
  if (owner.kind === 'unknown') return owner.because === 'gone' ? '(ended)' : '(unknown)';
  return [...new Set(owner.processes.map(({ name }) => name))].join(', ');
}

/** The first one, and how many more hold the same socket. */
function pidText([first, ...others]: readonly Process[]): string {
  if (first === undefined) return '-';
  return others.length === 0 ? String(first.pid) : `${first.pid} +${others.length}`;
}

/** Whose rights the processes have; without processes, who created the socket. */
function userText({ owner, user }: Listener): string {
  const users = processesOf(owner).flatMap((process) => process.user ?? []);
  const known = users.length > 0 ? users : user === undefined ? [] : [user];
  return [...new Set(known.map((each) => each.name ?? String(each.uid)))].join(', ') || '-';
}

function creator({ user }: Listener): Plain {
  return user === undefined ? null : plainUser(user);
}

function plainUser({ uid, name }: User): Plain {
  return { uid, name };
}

function plainProcess({ pid, parentPid, name, commandLine, user }: Process): Plain {
  return { pid, parentPid, name, commandLine, user: user && plainUser(user) };
}
