/** What the ports of a capture are for, by the catalogue, and who used them here. */
import { entriesOnPorts, entryNamed, entryOf, rangesAround } from '../catalog/entries.ts';
import type { EntrySummary, PortEntry } from '../catalog/entry.ts';
import { serviceDescription, serviceName } from '../catalog/services.ts';
import type { ConversationUse, PortUse } from '../model/use.ts';
import { MACHINE } from '../report/columns.ts';
import { count } from '../report/numbers.ts';
import type { Card, Column, Plain, Table } from '../report/table.ts';

/** A port of the capture with what is known of it. */
interface Explained {
  readonly use: PortUse;
  /** The entry of what is spoken there, or else the port's likeliest one; undefined without any. */
  readonly entry: PortEntry | undefined;
  /** What the port is known for, where something else is spoken. */
  readonly insteadOf: string | undefined;
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

const COLUMNS: readonly Column<Explained>[] = [
  { key: 'port', title: 'PORT', value: ({ use }) => use.port, align: 'right' },
  { key: 'transport', title: 'PROTO', value: ({ use }) => use.transport },
  { key: 'entry', title: 'ENTRY', value: ({ entry }) => entry?.id ?? null },
  { key: 'name', title: 'NAME', value: ({ entry }) => entry?.name ?? null },
  { key: 'what', title: 'WHAT', value: ({ entry }) => entry?.what ?? null, grow: true },
  { key: 'risk', value: ({ entry }) => (entry?.risk as Plain) ?? null, ...MACHINE },
  { key: 'belongs', value: ({ entry }) => (entry?.belongs as Plain) ?? null, ...MACHINE },
  { key: 'closable', value: ({ entry }) => (entry?.closable as Plain) ?? null, ...MACHINE },
  { key: 'breaks', value: ({ entry }) => entry?.breaks ?? null, ...MACHINE },
  { key: 'others', value: ({ others }) => others, ...MACHINE },
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
    columns: COLUMNS,
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
  const [first, ...rest] = entriesOnPorts({ first: port, last: port, transport });
  const here = conversations.filter(
    (each) => each.port === port && each.transport === transport && each.direction === 'known',
  );
  const spoken = spokenEntry(use, first);
  if (spoken !== undefined) {
    const others = [first, ...rest].flatMap((each) => each?.id ?? []);
    const insteadOf = first?.name ?? '';
    return { use, entry: entryOf(spoken), insteadOf, others, here };
  }
  return {
    use,
    entry: first === undefined ? undefined : entryOf(first),
    insteadOf: undefined,
    others: rest.map(({ id }) => id),
    here,
  };
}

/**
 * The entry of what all payloads on the port showed, where the port is another protocol's or has no
 * entry. Products with a port of their own speak common protocols there, above all HTTP: of those
 * the port's entry says more.
 */
function spokenEntry(
  { spoken: [only, other] }: PortUse,
  ofPort: EntrySummary | undefined,
): EntrySummary | undefined {
  if (only === undefined || other !== undefined || only.fit === 'usual') return undefined;
  if (ofPort !== undefined && (only.fit !== 'other' || only.protocol === 'http')) return undefined;
  const entry = entryNamed(only.protocol);
  // By another name it may be something that merely uses the protocol, as HTTPS does TLS.
  return entry?.id === only.protocol ? entry : undefined;
}

function card(row: Explained): Card {
  const { use, entry, insteadOf } = row;
  const here = { label: 'here', lines: [{ say: hereText(row) }] };
  const label = `${use.port}/${use.transport}`;
  if (entry === undefined) {
    return { heading: `${label}  ${unknownText(use)}`, lead: '', parts: [here] };
  }
  const { risk, belongs, breaks, closable } = entry;
  const unusual = use.spoken.filter(({ fit }) => fit !== 'usual').map(({ protocol }) => protocol);
  const spoken = insteadOf === undefined ? unusual : [];
  return {
    heading: `${label}  ${entry.name}${insteadText(insteadOf)}`,
    lead: entry.what,
    parts: [
      here,
      ...(spoken.length === 0 ? [] : [{ label: 'speaks', lines: [{ say: spoken.join(', ') }] }]),
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

function insteadText(insteadOf: string | undefined): string {
  if (insteadOf === undefined) return '';
  return `, by what is spoken there${insteadOf === '' ? '' : `; the port is that of: ${insteadOf}`}`;
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
