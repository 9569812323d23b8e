/** What hosts are for and whom they depend on, as a table. */
import type { HostRoles } from '../model/host-role.ts';
import { type Card, type CardPart, type Column, plain, type Table } from '../report/table.ts';

const COLUMNS: readonly Column<HostRoles>[] = [
  { key: 'address', title: 'HOST', value: ({ address }) => address },
  { key: 'zone', title: 'IN', value: ({ zone }) => zone },
  {
    key: 'roles',
    title: 'ROLES',
    value: ({ roles }) => plain(roles),
    text: ({ roles }) => roles.map(({ name, certainty }) => `${name} (${certainty})`).join(', '),
    grow: true,
  },
  {
    key: 'depends',
    title: 'DEPENDS ON',
    value: ({ depends }) => plain(depends),
    machineOnly: true,
  },
];

/** Dependencies named for each host. */
const MOST_SHOWN = 4;

/** `limit` hosts, the surest roles first. */
export function rolesTable(hosts: readonly HostRoles[], limit: number): Table {
  const shown = hosts.slice(0, limit);
  const more = hosts.length - shown.length;
  return {
    key: 'roles',
    kind: 'host-roles',
    heading: 'WHAT THE HOSTS ARE FOR',
    columns: COLUMNS,
    rows: shown,
    compact: true,
    card: (row) => card(row as HostRoles),
    ...(more > 0 ? { footnote: `… and ${more} more (--all shows all)` } : {}),
  };
}

function card({ address, zone, roles, depends }: HostRoles): Card {
  const parts: CardPart[] = roles.map(({ certainty, name, ports }) => ({
    label: certainty,
    lines: [{ say: `${name}: ${ports.join(', ')} answered` }],
  }));
  if (depends.length > 0) {
    const shown = depends.slice(0, MOST_SHOWN).map(({ text }) => text);
    const more = depends.length - shown.length;
    parts.push({
      label: 'needs',
      lines: [{ say: shown.join('; ') + (more > 0 ? `; and ${more} more` : '') }],
    });
  }
  return { heading: `${address}  (${zone})`, lead: '', parts };
}
