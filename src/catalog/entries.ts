/**
 * Looks up entries and roles by port, name or word. The tables are strings with a line an entry;
 * the index is read on first use, the long texts only of entries that are asked for.
 */
import { detailsText, indexText, rolesText } from './entries.generated.ts';
import type { CatalogPort, EntryDetails, EntrySummary, PortEntry, Risk } from './entry.ts';
import type { ServerRole } from './role.ts';

let summaries: readonly EntrySummary[] | undefined;
let details: readonly string[] | undefined;
let roles: readonly ServerRole[] | undefined;

/** All entries in the order of the files. */
export function allEntries(): readonly EntrySummary[] {
  summaries ??= linesOf(indexText()).map(decode);
  return summaries;
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.split('\n');
}

function decode(line: string): EntrySummary {
  const [id, name, group, rank, ports, aliases, risk] = line.split('\t');
  return {
    id: id!,
    name: name!,
    group: group!,
    rank: Number(rank),
    ports: ports!.split(' ').map(decodePort),
    aliases: aliases === '' ? [] : aliases!.split(' '),
    riskLevel: risk as Risk,
  };
}

function decodePort(text: string): CatalogPort {
  const [transport, range] = text.split(':') as [CatalogPort['transport'], string];
  const [first, last = first] = range.split('-').map(Number) as [number, number?];
  return { transport, first, last };
}

/** The entry with its long texts. `summary` is one of `allEntries()`. */
export function entryOf(summary: EntrySummary): PortEntry {
  details ??= linesOf(detailsText());
  const rest = JSON.parse(details[allEntries().indexOf(summary)]!) as EntryDetails;
  const { riskLevel: _, ...start } = summary;
  return { ...start, ...rest };
}

/** Ports from `first` to `last`, of one transport or of any. */
export interface PortQuery {
  readonly first: number;
  readonly last: number;
  readonly transport?: string;
}

/**
 * Entries that use any of the ports, likeliest first on one port, else in order of port. Wide
 * ranges count only where the query holds them whole: see `rangesAround`.
 */
export function entriesOnPorts(query: PortQuery): EntrySummary[] {
  const found: { entry: EntrySummary; port: number }[] = [];
  for (const entry of allEntries()) {
    const hits = entry.ports.filter((port) => meets(port, query) && !overhangs(port, query));
    if (hits.length === 0) continue;
    found.push({ entry, port: Math.max(query.first, Math.min(...hits.map(({ first }) => first))) });
  }
  found.sort((a, b) => a.port - b.port || a.entry.rank - b.entry.rank);
  return found.map(({ entry }) => entry);
}

/** Entries of wide ranges in which the port lies: they tell of its class, not of itself. */
export function rangesAround(port: number, transport: string | undefined): EntrySummary[] {
  const query = { first: port, last: port, ...(transport === undefined ? {} : { transport }) };
  return allEntries()
    .filter(({ ports }) => ports.some((each) => meets(each, query) && overhangs(each, query)))
    .sort((a, b) => a.rank - b.rank);
}

function overhangs({ first, last }: CatalogPort, query: PortQuery): boolean {
  return isWide(last - first) && (first < query.first || last > query.last);
}

/** A range this wide says something of a class of ports, not of one. */
export function isWide(span: number): boolean {
  return span >= 1000;
}

function meets(port: CatalogPort, { first, last, transport }: PortQuery): boolean {
  if (transport !== undefined && transport !== port.transport) return false;
  return port.first <= last && port.last >= first;
}

/** The entry with that id, alias or full name; letter case does not matter. */
export function entryNamed(name: string): EntrySummary | undefined {
  const wanted = name.toLowerCase();
  return allEntries().find(
    (entry) =>
      entry.id === wanted || entry.aliases.includes(wanted) || entry.name.toLowerCase() === wanted,
  );
}

/** Entries in whose text all of the words occur, in any order and letter case. */
export function entriesWith(words: readonly string[]): EntrySummary[] {
  const wanted = words.map((word) => word.toLowerCase());
  const index = linesOf(indexText());
  details ??= linesOf(detailsText());
  return allEntries().filter((_, line) => {
    const text = `${index[line]} ${details![line]}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}

/**
 * What has an entry of its own (no wide range) near a port without one: the likeliest of the same
 * number by another transport, then the next ports below and above.
 */
export function neighbours(port: number, transport: string | undefined): EntrySummary[] {
  let below: [number, EntrySummary] | undefined;
  let above: [number, EntrySummary] | undefined;
  let same: EntrySummary | undefined;
  for (const entry of allEntries()) {
    for (const each of entry.ports) {
      if (isWide(each.last - each.first)) continue;
      if (transport !== undefined && each.transport !== transport) {
        const has = each.first <= port && each.last >= port;
        if (has && entry.rank < (same?.rank ?? 10)) same = entry;
        continue;
      }
      if (each.last < port && each.last > (below?.[0] ?? -1)) below = [each.last, entry];
      if (each.first > port && each.first < (above?.[0] ?? 65536)) above = [each.first, entry];
    }
  }
  const found = [same, below?.[1], above?.[1]].filter((entry) => entry !== undefined);
  return [...new Set(found)];
}

/** All server roles in the order of the files. */
export function allRoles(): readonly ServerRole[] {
  roles ??= linesOf(rolesText()).map((line) => JSON.parse(line) as ServerRole);
  return roles;
}

/** The role with that id, alias or name; letter case does not matter. */
export function roleNamed(name: string): ServerRole | undefined {
  const wanted = name.toLowerCase();
  return allRoles().find(
    (role) =>
      role.id === wanted || role.aliases.includes(wanted) || role.name.toLowerCase() === wanted,
  );
}
