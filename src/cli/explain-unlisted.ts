/** Ports without an entry: what the number alone tells, and how to find out whose it is. */
import { neighbours, type PortQuery, rangesAround } from '../catalog/entries.ts';
import { type EntrySummary, formatCatalogPorts } from '../catalog/entry.ts';
import { serviceDescription, serviceName } from '../catalog/services.ts';
import { type PortClass, portClass } from '../net/port-range.ts';
import { type Card, type CardLine, plain, type Table } from '../report/table.ts';

/** RFC 6335 section 6. */
const CLASS_MEANING: Readonly<Record<PortClass, string>> = {
  system:
    'a system port (0-1023): assigned by IANA under strict review; on Linux only privileged programs bind it',
  user: 'a user port (1024-49151): IANA registers names for these, but any program may bind one',
  dynamic:
    'a dynamic port (49152-65535): never registered; chosen at run time, by clients for their own end of a connection and by servers that announce it elsewhere (such as Windows RPC)',
};
/** IANA's registry: reserved. A program that asks for it is given any other (bind(2)). */
const NO_PORT =
  'no port to listen on: IANA keeps it reserved, and who asks a system for it is given another; packets with it are forged, broken, or fragments whose ports were lost';
const LINUX_CLIENTS = ', and inside 32768-60999, from which Linux takes the client ends';

/** A registered name, and whether the registry describes it. */
interface Registered {
  readonly transport: string;
  readonly name: string;
  readonly description: string | undefined;
}

export function unlistedTable(queries: readonly PortQuery[]): Table<PortQuery> {
  return {
    key: 'ports',
    kind: 'port',
    heading: 'PORTS WITHOUT AN ENTRY',
    columns: [
      { key: 'port', title: 'PORT', value: ({ first }) => first, align: 'right' },
      { key: 'transport', title: 'PROTO', value: ({ transport }) => transport ?? null },
      { key: 'class', title: 'CLASS', value: ({ first }) => portClass(first) },
      {
        key: 'registered',
        title: 'REGISTERED',
        value: (query) => plain(registered(query)),
        text: (query) => registered(query)[0]?.name ?? '-',
      },
      {
        key: 'neighbours',
        title: 'NEAREST ENTRIES',
        value: ({ first, transport }) => neighbours(first, transport).map(({ id }) => id),
        text: ({ first, transport }) =>
          neighbours(first, transport)
            .map(({ id }) => id)
            .join(', '),
        grow: true,
      },
    ],
    rows: queries,
    ...(queries.length <= 2 ? { card } : {}),
  };
}

function registered({ first, transport }: PortQuery): Registered[] {
  const transports = transport === undefined ? ['tcp', 'udp', 'sctp', 'dccp'] : [transport];
  return transports.flatMap((each) => {
    const name = serviceName(each, first);
    if (name === undefined) return [];
    return [{ transport: each, name, description: serviceDescription(each, first) }];
  });
}

function card(query: PortQuery): Card {
  const { first, transport } = query;
  const names = registered(query);
  const clients = first >= 32768 && first <= 60999 ? LINUX_CLIENTS : '';
  return {
    heading: `Port ${first}${transport === undefined ? '' : `/${transport}`}   no entry of its own`,
    lead: `It is ${first === 0 ? NO_PORT : CLASS_MEANING[portClass(first)]}${clients}.`,
    parts: [
      {
        label: 'registered',
        lines:
          names.length === 0
            ? [{ say: 'no: IANA has no name for it' }]
            : names.map((each) => ({ say: registeredText(each) })),
      },
      {
        label: 'lies in',
        lines: rangesAround(first, transport).map(named),
      },
      {
        label: 'neighbours',
        lines: neighbours(first, transport).map(named),
      },
      { label: 'windows', lines: first === 0 ? [] : windowsOwner(query) },
      { label: 'linux', lines: first === 0 ? [] : linuxOwner(query) },
    ].filter(({ lines }) => lines.length > 0),
  };
}

function named({ ports, name, id }: EntrySummary): CardLine {
  return { say: `${formatCatalogPorts(ports)} ${name} (explain ${id})` };
}

function registeredText({ transport, name, description }: Registered): string {
  const tail = description === undefined ? '' : `: ${description}`;
  return `${name} for ${transport}${tail} (a registration, not proof of what runs there)`;
}

/** Commands that name the process which holds the port. */
function windowsOwner({ first, transport }: PortQuery): CardLine[] {
  const tcp = `Get-Process -Id (Get-NetTCPConnection -State Listen -LocalPort ${first}).OwningProcess`;
  const udp = `Get-Process -Id (Get-NetUDPEndpoint -LocalPort ${first}).OwningProcess`;
  if (transport === 'sctp' || transport === 'dccp') {
    return [{ say: `Windows has no ${transport.toUpperCase()} of its own` }];
  }
  return [
    ...(transport === 'udp' ? [] : [{ run: tcp }]),
    ...(transport === 'tcp' ? [] : [{ run: udp }]),
    { say: 'if that is svchost, the services in it, by process id:' },
    { run: 'tasklist /svc /fi "imagename eq svchost.exe"' },
  ];
}

function linuxOwner({ first, transport }: PortQuery): CardLine[] {
  const flags = { tcp: '-ltnp', udp: '-lunp', sctp: '-lSnp', dccp: '-ldnp' };
  const letters = transport === undefined ? '-ltunp' : flags[transport as keyof typeof flags];
  return [
    { run: `ss ${letters} 'sport = :${first}'` },
    { say: 'or, with sudo for other users’ processes:' },
    { run: 'portreeve sockets --wide' },
  ];
}
