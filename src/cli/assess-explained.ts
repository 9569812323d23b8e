/** What the ports of a capture are for, by the catalogue, and who used them here. */
import { entriesOnPorts, entryOf, rangesAround } from '../catalog/entries.ts';
import type { PortEntry } from '../catalog/entry.ts';
import { serviceDescription, serviceName } from '../catalog/services.ts';
import type { ConversationUse, PortUse } from '../model/use.ts';
import { count } from '../report/numbers.ts';
import type { Card, Column, Plain, Table } from '../report/table.ts';

/** A port of the capture with what is known of it. */
interface Explained {
  readonly use: PortUse;
  /** The likeliest entry, or undefined. */
  readonly entry: PortEntry | undefined;
  readonly others: readonly string[];
  /** Conversations here, the largest first. */
  readonly here: readonly ConversationUse[];
}

/** Nobody was there: explained after what is in use. */
const VAIN: ReadonlySet<PortUse['status']> = new Set(['refused', 'denied', 'tried', 'backscatter']);
/** Conversations named for each port. */
const MOST_HERE = 2;
/** Ports named of which nothing is known: a scan may have thousands. */
const MOST_UNKNOWN = 25;

const machine = { title: '', machineOnly: true } as const;

const COLUMNS: readonly Column<Explained>[] = [
  { key: 'port', title: 'PORT', value: ({ use }) => use.port, align: 'right' },
  { key: 'transport', title: 'PROTO', value: ({ use }) => use.transport },
  { key: 'entry', title: 'ENTRY', value: ({ entry }) => entry?.id ?? null },
  { key: 'name', title: 'NAME', value: ({ entry }) => entry?.name ?? null },
  { key: 'what', title: 'WHAT', value: ({ entry }) => entry?.what ?? null, grow: true },
  { key: 'risk', value: ({ entry }) => (entry?.risk as Plain) ?? null, ...machine },
  { key: 'belongs', value: ({ entry }) => (entry?.belongs as Plain) ?? null, ...machine },
  { key: 'closable', value: ({ entry }) => (entry?.closable as Plain) ?? null, ...machine },
  { key: 'breaks', value: ({ entry }) => entry?.breaks ?? null, ...machine },
  { key: 'others', value: ({ others }) => others, ...machine },
];

/** The first `limit` ports explained; those of which nothing is known come together at the end. */
export function explainedTable(
  ports: readonly PortUse[],
  conversations: readonly ConversationUse[],
  limit: number,
): Table {
  const named = ports.filter(({ direction }) => direction === 'known');
  const inUse = named.filter(({ status }) => !VAIN.has(status));
  const shown = [...inUse, ...named.filter(({ status }) => VAIN.has(status))].slice(0, limit);
  const rows = shown.map((use) => explain(use, conversations));
  const known = rows.filter(({ entry, use }) => entry !== undefined || registered(use));
  const unknown = rows
    .filter(({ entry, use }) => entry === undefined && !registered(use))
    .slice(0, MOST_UNKNOWN);
  return {
    key: 'explained',
    kind: 'explained-port',
    heading: 'WHAT THE PORTS ARE FOR',
    columns: COLUMNS as readonly Column[],
    rows: known.concat(unknown),
    compact: true,
    card: (row) => card(row as Explained),
  };
}

function registered({ transport, port }: PortUse): boolean {
  return serviceName(transport, port) !== undefined;
}

function explain(use: PortUse, conversations: readonly ConversationUse[]): Explained {
  const { transport, port } = use;
  const [first, ...others] = entriesOnPorts({ first: port, last: port, transport });
  const here = conversations.filter(
    (each) => each.port === port && each.transport === transport && each.direction === 'known',
  );
  return {
    use,
    entry: first === undefined ? undefined : entryOf(first),
    others: others.map(({ id }) => id),
    here,
  };
}

function card(row: Explained): Card {
  const { use, entry } = row;
  const here = { label: 'here', lines: [{ say: hereText(row) }] };
  const label = `${use.port}/${use.transport}`;
  if (entry === undefined) {
    return { heading: `${label}  ${unknownText(use)}`, lead: '', parts: [here] };
  }
  const { risk, belongs, breaks, closable } = entry;
  return {
    heading: `${label}  ${entry.name}`,
    lead: entry.what,
    parts: [
      here,
      { label: 'risk', lines: [{ say: `${risk.level}: ${risk.because}` }] },
      { label: 'belongs', lines: [{ say: `${belongs.place}: ${belongs.note}` }] },
      {
        label: 'close',
        lines: [
          {
            say: `${closable.answer}${closable.note === '' ? '' : `: ${closable.note}`}; then missing: ${breaks}`,
          },
        ],
      },
    ],
  };
}

function unknownText({ transport, port }: PortUse): string {
  const name = serviceName(transport, port);
  if (name !== undefined) {
    const about = serviceDescription(transport, port);
    return `registered as ${name}${about === undefined ? '' : ` (${about})`}; the catalogue has no entry`;
  }
  const [range] = rangesAround(port, transport);
  const meaning = range === undefined ? '' : `, in the range of: ${range.name}`;
  return `nobody has registered it${meaning}`;
}

/** Who asked whom, and what came of it. */
function hereText({ use, here }: Explained): string {
  const words: Readonly<Record<PortUse['status'], string>> = {
    answered: 'answered',
    likely: 'seems to have answered',
    group: 'sent to everybody',
    logged: 'was logged',
    refused: 'was refused',
    denied: 'was denied',
    tried: 'got no answer',
    backscatter: 'got answers it never asked for',
    unknown: 'unknown direction',
  };
  const named = here.slice(0, MOST_HERE).map(({ client, server, status }) => {
    const outcome = status === 'answered' ? '' : ` (${words[status ?? 'unknown']})`;
    return `${client} → ${server}${outcome}`;
  });
  const more = here.length - named.length;
  const text = named.join(', ') + (more > 0 ? ` and ${count(more)} more` : '');
  return `${count(use.packets)} ${use.packets === 1 ? 'packet' : 'packets'}${text === '' ? '' : `: ${text}`}`;
}
