/** Puts server roles into words: how each shows in the ports it answers on. */
import { type CatalogPort, formatCatalogPorts, type NotThere } from '../catalog/entry.ts';
import type { PortChoice, ServerRole } from '../catalog/role.ts';
import { count } from '../report/numbers.ts';
import type { Report } from '../report/report.ts';
import {
  type Card,
  type CardPart,
  type Column,
  type Plain,
  plain,
  type Table,
} from '../report/table.ts';

const VERSION = 1;

/** `full`: the one role asked for, as a card. */
export function roleReport(roles: readonly ServerRole[], full: boolean): Report {
  const [first] = roles;
  const table: Table<ServerRole> = {
    key: 'roles',
    kind: 'role',
    heading: 'SERVER ROLES',
    columns: COLUMNS,
    rows: roles,
    ...(full ? { card } : {}),
  };
  const text = full && first !== undefined ? first.name : `${count(roles.length)} server roles`;
  return {
    kind: 'explain-roles',
    version: VERSION,
    verdict: { severity: 'info', text },
    facts: [{ key: 'roles', value: roles.length }],
    tables: [table],
    notes: [],
    next:
      full || first === undefined
        ? [{ command: 'portreeve explain --roles', purpose: 'all roles' }]
        : [{ command: `portreeve explain --role ${first.id}`, purpose: 'one of them in full' }],
  };
}

const COLUMNS: readonly Column<ServerRole>[] = [
  { key: 'id', title: 'ROLE', value: ({ id }) => id },
  {
    key: 'coreText',
    title: 'CERTAIN WHEN ALL ANSWER',
    value: ({ core }) => ('none' in core ? null : core.map(choiceText).join(', ')),
    text: ({ core }) => ('none' in core ? '-' : core.map(choiceText).join(', ')),
    grow: true,
  },
  { key: 'name', title: 'WHAT IT IS', value: ({ name }) => name, priority: 1 },
  ...(
    [
      ['aliases', ({ aliases }) => aliases],
      ['what', ({ what }) => what],
      ['core', ({ core }) => plain(core)],
      ['distinctive', ({ distinctive }) => plain(distinctive)],
      ['absent', ({ absent }) => plain(absent)],
      ['companions', ({ companions }) => plain(companions)],
      ['dynamic', ({ dynamic }) => dynamic],
      ['in', (role) => plain(role.in)],
      ['out', ({ out }) => plain(out)],
      ['peer', ({ peer }) => plain(peer)],
      ['depends', ({ depends }) => plain(depends)],
      ['sources', ({ sources }) => plain(sources)],
    ] satisfies [string, (role: ServerRole) => Plain][]
  ).map(([key, value]): Column<ServerRole> => ({ key, title: key, value, machineOnly: true })),
];

function choiceText(choice: PortChoice): string {
  const transports = new Set(choice.map(({ transport }) => transport));
  const numbers = new Set(choice.map(({ first, last }) => `${first}-${last}`));
  if (transports.size > 1 && numbers.size === 1) return formatCatalogPorts(choice);
  return choice.map((port: CatalogPort) => formatCatalogPorts([port])).join(' or ');
}

function card(role: ServerRole): Card {
  const { companions } = role;
  const parts: CardPart[] = [
    part('certain', role.core, choiceText, ', '),
    part('likely', role.distinctive, choiceText, ', ', 'two of '),
    part('not with', role.absent, choiceText, ', '),
    {
      label: 'goes with',
      lines:
        'none' in companions
          ? [{ say: `none: ${companions.none}` }]
          : companions.map(({ ports, what }) => ({ say: `${formatCatalogPorts(ports)} ${what}` })),
    },
    { label: 'dynamic', lines: [{ say: role.dynamic }] },
    part('rules in', role.in, String),
    part('rules out', role.out, String),
    part('both ways', role.peer, String),
    part('depends on', role.depends, dependText),
    {
      label: 'sources',
      lines: [{ say: role.sources.map(({ title }) => title).join('; ') }],
    },
  ];
  return { heading: role.name, lead: role.what, parts };
}

function dependText(text: string): string {
  return text.replace(' ', ': ');
}

/** One line an item, or all on one line when they are short enough to be `joined`. */
function part<Item>(
  label: string,
  items: readonly Item[] | NotThere,
  write: (item: Item) => string,
  joined?: string,
  lead = '',
): CardPart {
  if ('none' in items) return { label, lines: [{ say: `none: ${items.none}` }] };
  const texts = items.map(write);
  const lines = joined === undefined ? texts : [lead + texts.join(joined)];
  return { label, lines: lines.map((text) => ({ say: text })) };
}
