/** Columns of conversations, shared by the commands that list them. */
import type { Conversation } from '../policy/conversation.ts';
import { count } from '../report/numbers.ts';
import type { Column } from '../report/table.ts';

/** `names` are host names by address. */
export function conversationColumns(
  names: Readonly<Record<string, string>>,
): readonly Column<Conversation>[] {
  const named = (address: string) =>
    names[address] === undefined ? address : `${names[address]} ${address}`;
  return [
    { key: 'from', title: 'FROM', value: ({ from }) => from, priority: 2 },
    {
      key: 'client',
      title: 'CLIENT',
      value: ({ client }) => client,
      text: ({ client }) => named(client),
    },
    { key: 'to', title: 'TO', value: ({ to }) => to, priority: 2 },
    {
      key: 'server',
      title: 'SERVER',
      value: ({ server }) => server,
      text: ({ server }) => named(server),
    },
    { key: 'service', title: 'SERVICE', value: ({ service }) => service },
    {
      key: 'connections',
      title: 'CONN',
      value: ({ connections }) => connections,
      text: ({ connections }) => count(connections),
      align: 'right',
      priority: 1,
    },
    { key: 'hours', title: 'HOURS', value: ({ hours }) => hours, align: 'right', priority: 3 },
    { key: 'standing', title: 'STANDING', value: ({ standing }) => standing, priority: 1 },
    {
      key: 'because',
      title: 'WHY SET ASIDE',
      value: ({ because }) => because ?? null,
      text: ({ because }) => because ?? '',
      grow: true,
      priority: 4,
    },
    { key: 'answered', title: '', value: ({ answered }) => answered, machineOnly: true },
    { key: 'denied', title: '', value: ({ denied }) => denied, machineOnly: true },
    { key: 'firstMs', title: '', value: ({ firstMs }) => firstMs, machineOnly: true },
    { key: 'lastMs', title: '', value: ({ lastMs }) => lastMs, machineOnly: true },
    {
      key: 'direction',
      title: 'DIRECTION',
      value: ({ direction }) => ({ ...direction }),
      text: ({ direction }) => direction.reason,
      priority: 3,
    },
    { key: 'seen', title: 'SEEN', value: ({ seen }) => seen, priority: 5 },
  ];
}
