/** The columns of a list of flows; docs/flows.md describes them. */
import { serviceName } from '../catalog/services.ts';
import type { Counters } from '../model/flow.ts';
import type { ListedFlow } from '../pipeline/flows.ts';
import { figure, MACHINE, octets } from '../report/columns.ts';
import { duration, isoTime } from '../report/numbers.ts';
import type { Column } from '../report/table.ts';

/** The registered name of the server's port, or null. */
export function serviceOf({ flow }: ListedFlow): string | null {
  return serviceName(flow.transport, flow.serverPort) ?? null;
}

/** Octets per packet, or null without packets. */
export function meanLength({ packets, bytes: octets }: Counters): number | null {
  return packets === 0 ? null : Math.round((octets / packets) * 100) / 100;
}

function lengths(side: 'toServer' | 'toClient', suffix: string): Column<ListedFlow>[] {
  const counters = ({ flow }: ListedFlow) => flow[side];
  return [
    { key: `payloadBytes${suffix}`, value: (row) => counters(row).payloadBytes, ...MACHINE },
    { key: `minLength${suffix}`, value: (row) => counters(row).minLength, ...MACHINE },
    { key: `meanLength${suffix}`, value: (row) => meanLength(counters(row)), ...MACHINE },
    { key: `maxLength${suffix}`, value: (row) => counters(row).maxLength, ...MACHINE },
  ];
}

export const FLOW_COLUMNS: readonly Column<ListedFlow>[] = [
  { key: 'transport', title: 'PROTO', value: ({ flow }) => flow.transport },
  {
    key: 'client',
    title: 'CLIENT',
    value: ({ flow }) => flow.client,
  },
  { key: 'clientPort', title: 'PORT', value: ({ flow }) => flow.clientPort, align: 'right' },
  {
    key: 'server',
    title: 'SERVER',
    value: ({ flow }) => flow.server,
    text: ({ flow }) => `${flow.direction.confidence === 'unknown' ? '?' : '→'} ${flow.server}`,
  },
  { key: 'serverPort', title: 'PORT', value: ({ flow }) => flow.serverPort, align: 'right' },
  { key: 'vlan', title: 'VLAN', value: ({ flow }) => flow.vlan ?? null, priority: 7 },
  figure('packetsToServer', 'PKT TO', ({ flow }) => flow.toServer.packets, { priority: 6 }),
  octets('bytesToServer', 'TO', ({ flow }) => flow.toServer.bytes, { priority: 1 }),
  figure('packetsToClient', 'PKT FROM', ({ flow }) => flow.toClient.packets, { priority: 6 }),
  octets('bytesToClient', 'FROM', ({ flow }) => flow.toClient.bytes, { priority: 1 }),
  {
    key: 'firstMs',
    title: 'FIRST',
    value: ({ flow }) => flow.firstMs,
    text: ({ flow }) => isoTime(flow.firstMs),
    priority: 9,
  },
  {
    key: 'lastMs',
    title: 'LASTED',
    value: ({ flow }) => flow.lastMs,
    text: ({ flow }) => duration(flow.lastMs - flow.firstMs),
    align: 'right',
    priority: 8,
  },
  { key: 'state', title: 'STATE', value: ({ flow }) => flow.state, priority: 2 },
  { key: 'history', title: 'HISTORY', value: ({ flow }) => flow.history, priority: 9 },
  { key: 'service', title: 'NAME', value: serviceOf, priority: 4 },
  { key: 'spoken', title: 'SPEAKS', value: ({ spoken }) => spoken, priority: 4 },
  {
    key: 'direction',
    title: 'DIRECTION BY',
    value: ({ flow }) => ({ ...flow.direction }),
    text: ({ flow: { direction } }) =>
      direction.confidence === 'certain'
        ? direction.reason
        : `${direction.reason} (${direction.confidence})`,
    priority: 3,
  },
  { key: 'confirmed', title: 'ANSWERED BY', value: ({ confirmed }) => confirmed, priority: 5 },
  ...lengths('toServer', 'ToServer'),
  ...lengths('toClient', 'ToClient'),
  { key: 'retransmitted', value: ({ flow }) => flow.retransmitted, ...MACHINE },
  { key: 'icmpErrors', value: ({ flow }) => flow.icmpErrors, ...MACHINE },
  { key: 'icmpError', value: ({ flow }) => flow.icmpError ?? null, ...MACHINE },
  { key: 'innerVlan', value: ({ flow }) => flow.innerVlan ?? null, ...MACHINE },
  { key: 'tunnel', title: 'TUNNEL', value: ({ flow }) => flow.tunnel ?? null, priority: 7 },
  { key: 'tunnelId', value: ({ flow }) => flow.tunnelId ?? null, ...MACHINE },
  { key: 'carriedPackets', value: ({ flow }) => flow.carriedPackets, ...MACHINE },
  { key: 'carriedBytes', value: ({ flow }) => flow.carriedBytes, ...MACHINE },
  { key: 'locator', title: 'EVIDENCE', value: ({ flow }) => flow.locator, priority: 9 },
];
