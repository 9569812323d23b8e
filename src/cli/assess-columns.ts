/** The columns of an assessment's tables; docs/assess.md describes them. */
import { serviceName } from '../catalog/services.ts';
import type {
  ConversationUse,
  HostUse,
  PortStatus,
  PortUse,
  RemainderUse,
  ServiceUse,
  SizeBin,
} from '../model/use.ts';
import type { SourceUse } from '../pipeline/assess-logs.ts';
import { figure, MACHINE, octets } from '../report/columns.ts';
import { count } from '../report/numbers.ts';
import type { Column, Severity } from '../report/table.ts';
import { portNameOf, transportText } from './port-words.ts';

const TONES: Partial<Record<PortStatus, Severity>> = {
  answered: 'ok',
  likely: 'warning',
  logged: 'warning',
  refused: 'warning',
  denied: 'warning',
};

export const PORT_COLUMNS: readonly Column<PortUse>[] = [
  {
    key: 'port',
    title: 'PORT',
    value: ({ port }) => port,
    text: ({ port, direction }) => (direction === 'unknown' ? `${port}?` : String(port)),
    align: 'right',
  },
  { key: 'transport', title: 'PROTO', value: ({ transport }) => transport },
  {
    key: 'service',
    title: 'NAME',
    value: ({ transport, port }) => serviceName(transport, port) ?? null,
    text: portName,
    priority: 2,
  },
  { key: 'spoken', value: ({ spoken }) => spoken, ...MACHINE },
  { key: 'direction', value: ({ direction }) => direction, ...MACHINE },
  {
    key: 'status',
    title: 'STATUS',
    value: ({ status }) => status,
    tone: ({ status }) => TONES[status],
  },
  octets('bytes', 'BYTES', ({ bytes: all }) => all),
  figure('packets', 'PACKETS', ({ packets }) => packets, { priority: 1 }),
  octets('bytesToServer', 'TO', ({ bytesToServer }) => bytesToServer, { priority: 6 }),
  octets('bytesToClient', 'FROM', ({ bytesToClient }) => bytesToClient, { priority: 6 }),
  figure('packetsToServer', 'PKT TO', ({ packetsToServer }) => packetsToServer, { priority: 9 }),
  figure('packetsToClient', 'PKT FROM', ({ packetsToClient }) => packetsToClient, { priority: 9 }),
  figure('meanLength', 'MEAN', ({ meanLength }) => meanLength, { priority: 7 }),
  {
    key: 'serving',
    title: 'HOSTS',
    value: ({ serving }) => serving,
    text: servingText,
    align: 'right',
  },
  figure('tried', 'TRIED', ({ tried }) => tried, MACHINE),
  { key: 'triedEstimated', value: ({ triedEstimated }) => triedEstimated, ...MACHINE },
  figure('clients', 'CLIENTS', ({ clients }) => clients, {
    text: ({ clients, clientsEstimated }) => about(clients, clientsEstimated),
  }),
  {
    key: 'clientsEstimated',
    value: ({ clientsEstimated }) => clientsEstimated,
    ...MACHINE,
  },
  {
    key: 'zones',
    title: 'FROM→TO',
    value: ({ zones }) => zones,
    text: ({ zones: [first, ...others] }) =>
      first === undefined
        ? '-'
        : `${first.client}→${first.server}${others.length > 0 ? ` +${others.length}` : ''}`,
    priority: 3,
  },
  figure('flows', 'FLOWS', ({ flows }) => flows, { priority: 8 }),
  figure('flowsAnswered', '', ({ flowsAnswered }) => flowsAnswered, MACHINE),
  figure('flowsRefused', '', ({ flowsRefused }) => flowsRefused, MACHINE),
  figure('flowsUnanswered', '', ({ flowsUnanswered }) => flowsUnanswered, MACHINE),
  figure('flowsBackscatter', '', ({ flowsBackscatter }) => flowsBackscatter, MACHINE),
  { key: 'firstMs', value: ({ firstMs }) => firstMs, ...MACHINE },
  { key: 'lastMs', value: ({ lastMs }) => lastMs, ...MACHINE },
];

/**
 * The port's name; where payloads showed another protocol, that one, and on the port of a protocol that
 * would have been told as well, which it is not: `redis (not http-alt)`.
 */
function portName({ transport, port, spoken: [first, ...others] }: PortUse): string {
  const name = serviceName(transport, port);
  if (first === undefined || (first.fit === 'usual' && name !== undefined)) return name ?? '-';
  const more = others.length > 0 ? ` +${others.length}` : '';
  // A name that is only registered says too little to be denied: RTP on 16384, “connected”.
  if (name === undefined || first.fit !== 'other') return `${first.protocol}${more}`;
  return `${first.protocol}${more} (not ${name})`;
}

/** `3`, or `3/20` when 20 were tried and 3 answered; `?` when nobody can say who serves. */
function servingText({ direction, serving, tried, triedEstimated }: PortUse): string {
  if (direction === 'unknown') return '?';
  return serving === tried ? count(serving) : `${count(serving)}/${about(tried, triedEstimated)}`;
}

/** Not merely likely, nor only what a client asked for. */
function isSure({ confidence, answered }: ServiceUse['spoken'][number]): boolean {
  return confidence === 'certain' && answered;
}

function about(value: number, estimated: boolean): string {
  return `${estimated ? '~' : ''}${count(value)}`;
}

export const SERVICE_COLUMNS: readonly Column<ServiceUse>[] = [
  { key: 'server', title: 'SERVER', value: ({ server }) => server },
  { key: 'port', title: 'PORT', value: ({ port }) => port, align: 'right' },
  { key: 'transport', title: 'PROTO', value: ({ transport }) => transport },
  {
    key: 'service',
    title: 'NAME',
    value: ({ transport, port }) => serviceName(transport, port) ?? null,
    priority: 2,
  },
  {
    key: 'spoken',
    title: 'SPEAKS',
    value: ({ spoken }) =>
      spoken.map((each) => ({
        ...each,
        facts: { ...each.facts },
        factLocators: { ...each.factLocators },
      })),
    text: ({ spoken: [first, ...others] }) =>
      first === undefined
        ? '-'
        : `${first.protocol}${isSure(first) ? '' : '?'}${others.length > 0 ? ` +${others.length}` : ''}`,
    priority: 2,
  },
  { key: 'zone', title: 'IN', value: ({ zone }) => zone, priority: 4 },
  { key: 'confirmed', title: 'BY', value: ({ confirmed }) => confirmed, priority: 3 },
  figure('clients', 'CLIENTS', ({ clients }) => clients, {
    text: ({ clients, clientsEstimated }) => about(clients, clientsEstimated),
  }),
  {
    key: 'clientsEstimated',
    value: ({ clientsEstimated }) => clientsEstimated,
    ...MACHINE,
  },
  octets('bytes', 'BYTES', ({ bytes: all }) => all),
  figure('packets', 'PACKETS', ({ packets }) => packets, { priority: 6 }),
  octets('bytesToServer', 'TO', ({ bytesToServer }) => bytesToServer, { priority: 7 }),
  octets('bytesToClient', 'FROM', ({ bytesToClient }) => bytesToClient, { priority: 7 }),
  figure('packetsToServer', '', ({ packetsToServer }) => packetsToServer, MACHINE),
  figure('packetsToClient', '', ({ packetsToClient }) => packetsToClient, MACHINE),
  figure('flows', 'FLOWS', ({ flows }) => flows, { priority: 8 }),
  { key: 'firstMs', value: ({ firstMs }) => firstMs, ...MACHINE },
  { key: 'lastMs', value: ({ lastMs }) => lastMs, ...MACHINE },
  { key: 'locator', title: 'EVIDENCE', value: ({ locator }) => locator, priority: 9 },
];

export const CONVERSATION_COLUMNS: readonly Column<ConversationUse>[] = [
  { key: 'client', title: 'CLIENT', value: ({ client }) => client },
  { key: 'direction', value: ({ direction }) => direction, ...MACHINE },
  {
    key: 'server',
    title: 'SERVER',
    value: ({ server }) => server,
    text: ({ server, direction }) => `${direction === 'unknown' ? '?' : '→'} ${server}`,
  },
  {
    key: 'port',
    title: 'PORT',
    value: ({ port }) => port,
    text: ({ port, status }) => (status === null ? '-' : String(port)),
    align: 'right',
  },
  {
    key: 'transport',
    title: 'PROTO',
    value: ({ transport }) => transport,
    text: ({ transport }) => transportText(transport),
  },
  {
    key: 'service',
    title: 'NAME',
    value: ({ transport, port }) => portNameOf(transport, port),
    priority: 3,
  },
  {
    key: 'status',
    title: 'STATUS',
    value: ({ status }) => status,
    tone: ({ status }) => (status === null ? undefined : TONES[status]),
    priority: 4,
  },
  octets('bytes', 'BYTES', ({ bytes: all }) => all),
  figure('packets', 'PACKETS', ({ packets }) => packets, { priority: 5 }),
  octets('bytesToServer', 'TO', ({ bytesToServer }) => bytesToServer, { priority: 6 }),
  octets('bytesToClient', 'FROM', ({ bytesToClient }) => bytesToClient, { priority: 6 }),
  figure('packetsToServer', '', ({ packetsToServer }) => packetsToServer, MACHINE),
  figure('packetsToClient', '', ({ packetsToClient }) => packetsToClient, MACHINE),
  figure('flows', 'FLOWS', ({ flows }) => flows, { priority: 7 }),
  { key: 'firstMs', value: ({ firstMs }) => firstMs, ...MACHINE },
  { key: 'lastMs', value: ({ lastMs }) => lastMs, ...MACHINE },
];

export const HOST_COLUMNS: readonly Column<HostUse>[] = [
  { key: 'address', title: 'HOST', value: ({ address }) => address },
  { key: 'zone', title: 'IN', value: ({ zone }) => zone, priority: 2 },
  {
    key: 'names',
    title: 'NAMES',
    value: ({ names }) => names.map((each) => ({ ...each })),
    text: ({ names }) => {
      // NetBIOS has a name for each service of a host; `<20>` and the like say which.
      const different = new Set(names.map(({ name }) => name.replace(/<[\da-f]{2}>$/i, '')));
      const [first, ...others] = different;
      return first === undefined ? '-' : `${first}${others.length > 0 ? ` +${others.length}` : ''}`;
    },
    priority: 3,
  },
  { key: 'mac', value: ({ mac }) => mac, ...MACHINE },
  { key: 'vendor', title: 'MADE BY', value: ({ vendor }) => vendor, priority: 7 },
  figure('services', 'SERVICES', ({ services }) => services),
  octets('bytes', 'BYTES', ({ bytes: all }) => all),
  octets('bytesSent', 'SENT', ({ bytesSent }) => bytesSent, { priority: 3 }),
  octets('bytesReceived', 'RECEIVED', ({ bytesReceived }) => bytesReceived, { priority: 3 }),
  figure('packetsSent', 'PKT SENT', ({ packetsSent }) => packetsSent, { priority: 6 }),
  figure('packetsReceived', 'PKT RECV', ({ packetsReceived }) => packetsReceived, { priority: 6 }),
  figure('flowsAsClient', 'AS CLIENT', ({ flowsAsClient }) => flowsAsClient, { priority: 4 }),
  figure('flowsAsServer', 'AS SERVER', ({ flowsAsServer }) => flowsAsServer, { priority: 4 }),
];

export const REMAINDER_COLUMNS: readonly Column<RemainderUse>[] = [
  { key: 'what', title: 'WHAT', value: ({ what }) => what },
  { key: 'part', value: ({ part }) => part, ...MACHINE },
  figure('packets', 'PACKETS', ({ packets }) => packets),
  octets('bytes', 'BYTES', ({ bytes: all }) => all),
];

export const SIZE_COLUMNS: readonly Column<SizeBin>[] = [
  {
    key: 'least',
    title: 'OCTETS',
    value: ({ least }) => least,
    text: ({ least, most }) => (most === null ? `${least} and more` : `${least}–${most}`),
  },
  { key: 'most', value: ({ most }) => most, ...MACHINE },
  figure('packets', 'PACKETS', ({ packets }) => packets),
];

/** Of ports, where logs were read beside captures. */
export const SEEN_COLUMNS: readonly Column<PortUse>[] = [
  {
    key: 'sources',
    title: 'SEEN BY',
    value: ({ sources }) => sources,
    text: ({ sources }) => sources.map(({ source }) => source).join(' '),
    priority: 1,
  },
  figure('flowsLogged', 'LOGGED', ({ flowsLogged }) => flowsLogged, MACHINE),
  figure('flowsDenied', 'DENIED', ({ flowsDenied }) => flowsDenied, MACHINE),
];

export const SOURCE_COLUMNS: readonly Column<SourceUse>[] = [
  { key: 'source', title: 'SOURCE', value: ({ source }) => source },
  figure('records', 'RECORDS', ({ records }) => records),
  figure('flows', 'FLOWS', ({ flows }) => flows),
  figure('packets', 'PACKETS', ({ packets }) => packets, { priority: 4 }),
  figure('alsoSeen', 'SEEN BEFORE', ({ alsoSeen }) => alsoSeen),
  octets('bytes', 'BYTES', ({ bytes: all }) => all, { priority: 3 }),
  figure('unplaced', 'NO ADDRESS', ({ unplaced }) => unplaced, { priority: 5 }),
  { key: 'tells', title: 'WHAT IT TELLS', value: ({ tells }) => tells, grow: true, priority: 2 },
];
