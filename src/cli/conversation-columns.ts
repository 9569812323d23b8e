/** Columns of conversations, shared by the commands that list them. */
import type { Conversation } from '../policy/conversation.ts';
import { figure, MACHINE } from '../report/columns.ts';
import type { Column } from '../report/table.ts';

type Names = Readonly<Record<string, string>>;

/**
 * `names` are host names by address; who has none is called by what it is for. People see no column
 * that is empty in all `rows`.
 */
export function conversationColumns(
  names: Names,
  rows: readonly Conversation[],
): readonly Column<Conversation>[] {
  const silent = rows.every(({ spoken }) => spoken === undefined);
  const sound = rows.every(({ because }) => because === undefined);
  return [
    ...endColumns(names),
    { key: 'service', title: 'SERVICE', value: ({ service }) => service },
    {
      key: 'spoken',
      title: 'SPOKEN',
      value: ({ spoken }) => spoken ?? null,
      text: ({ spoken }) => spoken ?? '',
      priority: 4,
      machineOnly: silent,
    },
    figure('connections', 'CONN', ({ connections }) => connections, { priority: 1 }),
    { key: 'hours', title: 'HOURS', value: ({ hours }) => hours, align: 'right', priority: 3 },
    { key: 'standing', title: 'STANDING', value: ({ standing }) => standing, priority: 1 },
    {
      key: 'because',
      title: 'WHY SET ASIDE',
      value: ({ because }) => because ?? null,
      text: ({ because }) => because ?? '',
      machineOnly: sound,
      grow: true,
      priority: 5,
    },
    { key: 'answered', value: ({ answered }) => answered, ...MACHINE },
    { key: 'denied', value: ({ denied }) => denied, ...MACHINE },
    { key: 'firstMs', value: ({ firstMs }) => firstMs, ...MACHINE },
    { key: 'lastMs', value: ({ lastMs }) => lastMs, ...MACHINE },
    {
      key: 'direction',
      title: 'DIRECTION',
      value: ({ direction }) => ({ ...direction }),
      text: ({ direction }) => direction.reason,
      priority: 3,
    },
    {
      key: 'sources',
      title: 'SOURCES',
      value: ({ sources }) => sources ?? [],
      text: ({ sources = [] }) => sources.join(' '),
      priority: 6,
    },
    { key: 'seen', title: 'SEEN', value: ({ seen }) => seen, priority: 6 },
  ];
}

/** Zone, host and roles of either end. */
function endColumns(names: Names): readonly Column<Conversation>[] {
  const named = (address: string, roles: readonly string[] = []) => {
    const name = names[address] ?? roles[0];
    return name === undefined ? address : `${name} ${address}`;
  };
  return [
    { key: 'from', title: 'FROM', value: ({ from }) => from, priority: 2 },
    {
      key: 'client',
      title: 'CLIENT',
      value: ({ client }) => client,
      text: ({ client, clientRoles }) => named(client, clientRoles),
    },
    { key: 'clientRoles', value: ({ clientRoles }) => clientRoles ?? [], ...MACHINE },
    { key: 'to', title: 'TO', value: ({ to }) => to, priority: 2 },
    {
      key: 'server',
      title: 'SERVER',
      value: ({ server }) => server,
      text: ({ server, serverRoles }) => named(server, serverRoles),
    },
    { key: 'serverRoles', value: ({ serverRoles }) => serverRoles ?? [], ...MACHINE },
  ];
}
