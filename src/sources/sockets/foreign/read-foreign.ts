/**
 * Reads the output of other tools about the sockets of some machine, recognised by content: each
 * line that can only be of one format begins or continues a stretch of it, so that a paste may hold
 * several outputs, prompts between them, and damage. What no reader understands is counted, with
 * samples. Nothing here looks at this machine.
 */
import type { BlindSpot } from '../../../model/blind-spot.ts';
import type { Connection } from '../../../model/connection.ts';
import { exposureOf } from '../../../model/exposure.ts';
import type { AcceptsIPv4, Listener, Owner } from '../../../model/listener.ts';
import type { Process } from '../../../model/process.ts';
import { formatAddress } from '../../../net/address.ts';
import { BSD_NETSTAT } from './bsd-netstat.ts';
import { CSV_RECORDS } from './csv.ts';
import { decodeText, linesOf } from './decode-text.ts';
import { foreignNotes } from './foreign-notes.ts';
import { JSON_RECORDS } from './json.ts';
import { LINUX_NETSTAT } from './linux-netstat.ts';
import { LSOF, LSOF_FIELDS } from './lsof.ts';
import { POWERSHELL } from './powershell.ts';
import { PROC_TEXT } from './proc-text.ts';
import type { ForeignFormat, ForeignRow, Gathered, Line, Unread } from './row.ts';
import { SOCKSTAT } from './sockstat.ts';
import { SS } from './ss.ts';
import { TASKLIST } from './tasklist.ts';
import { WINDOWS_NETSTAT } from './windows-netstat.ts';

/** In order of how telling a line is. */
const FORMATS: readonly ForeignFormat[] = [
  WINDOWS_NETSTAT,
  SS,
  PROC_TEXT,
  LINUX_NETSTAT,
  BSD_NETSTAT,
  LSOF,
  SOCKSTAT,
  CSV_RECORDS,
  TASKLIST,
  POWERSHELL,
  LSOF_FIELDS,
  JSON_RECORDS,
];
/** Formats with a row a line, which a terminal may have broken at its edge. */
const BREAKABLE: ReadonlySet<ForeignFormat> = new Set([
  WINDOWS_NETSTAT,
  SS,
  LINUX_NETSTAT,
  BSD_NETSTAT,
  LSOF,
  SOCKSTAT,
]);
/** Formats that show a socket once for each process that holds it. */
const PER_PROCESS: ReadonlySet<ForeignFormat> = new Set([
  LSOF,
  LSOF_FIELDS,
  SOCKSTAT,
  JSON_RECORDS,
]);

/** Prompts with what was typed, and what shells greet with. */
const NOISE =
  /^(?:PS )?[A-Z]:\\[^>]*>|^\[?[\w.-]+@[\w.-]+[ :][^$#%>]{0,200}[$#%>](?:\s|$)|^[$#%>] |^Microsoft Windows \[|^\([cC]\) |^```/;

export interface ForeignReading {
  /** Names of the formats that were recognised, for people; empty: none was. */
  readonly formats: readonly string[];
  readonly listeners: readonly Listener[];
  readonly connections: readonly Connection[];
  /** The first of the lines that could not be read. */
  readonly unread: readonly Unread[];
  readonly unreadCount: number;
  readonly notes: readonly BlindSpot[];
  /** What programs and services the input names by process id. */
  readonly processes: Gathered['processes'];
}

export interface ForeignSource {
  /** For locators: `netstat.txt`, or `-`. */
  readonly name: string;
  /** When the output was made, as far as is known: the file's time, ms since 1970. */
  readonly seenMs: number;
}

/** Never throws, whatever the octets are. */
export function readForeign(octets: Uint8Array, source: ForeignSource): ForeignReading {
  const lines = joinBroken(linesOf(decodeText(octets)).filter((line) => !NOISE.test(line.text)));
  const gathered: Gathered = {
    rows: [],
    unread: [],
    unreadCount: 0,
    passedOver: 0,
    processes: new Map(),
    remarks: new Set(),
  };
  const { formats, merged } = readStretches(lines, source, gathered);
  const rows = gathered.rows.filter((row) => {
    if (row.port !== 0 || row.transport === 'raw' || row.remote !== undefined) return true;
    gathered.passedOver++;
    return false;
  });
  const context = {
    source,
    gathered,
    accepts: ipv4Judge(rows),
    format: formats[0]?.id ?? 'unknown',
  };
  const waiting = rows.filter((row) => row.remote === undefined);
  const listeners = (merged ? mergeOwners(waiting) : waiting).map((row) =>
    listenerOf(row, context),
  );
  const connections = rows
    .filter((row) => row.remote !== undefined)
    .map((row) => connectionOf(row, context));
  return {
    formats: formats.map(({ name }) => name),
    listeners,
    connections,
    unread: gathered.unread.sort((left, right) => left.line - right.line),
    unreadCount: gathered.unreadCount,
    notes: foreignNotes(gathered, source.name, listeners),
    processes: gathered.processes,
  };
}

function formatOf(line: string): ForeignFormat | undefined {
  return FORMATS.find((format) => format.recognises(line));
}

/** Gives each stretch of lines to its format; lines before the first go with it. */
function readStretches(
  lines: readonly Line[],
  source: ForeignSource,
  gathered: Gathered,
): { formats: ForeignFormat[]; merged: boolean } {
  const formats = new Set<ForeignFormat>();
  let merged = false;
  let current: ForeignFormat | undefined;
  let stretch: Line[] = [];
  const close = (): void => {
    if (current !== undefined && stretch.length > 0) {
      current.read(stretch, gathered);
      formats.add(current);
      merged ||= PER_PROCESS.has(current);
    } else {
      for (const line of stretch) {
        gathered.unreadCount++;
        if (gathered.unread.length < 20) {
          gathered.unread.push({
            line: line.number,
            text: line.text.slice(0, 160),
            why: `of no known format in ${source.name}`,
          });
        }
      }
    }
    stretch = [];
  };
  for (const line of lines) {
    // A record's own lines look like many things: inside JSON only another tool's row ends it.
    const format = formatOf(line.text);
    if (format !== undefined && format !== current && !staysIn(current, format)) {
      const heading = format === TASKLIST ? headingOf(stretch) : undefined;
      if (current !== undefined) close();
      current = format;
      if (heading !== undefined) stretch.unshift(heading);
    }
    stretch.push(line);
  }
  close();
  return { formats: [...formats], merged };
}

/** Takes the line of headings that stands above tasklist's rule from the stretch before. */
function headingOf(stretch: Line[]): Line | undefined {
  const text = stretch.at(-1)?.text;
  return text !== undefined && /\bPID\b/.test(text) && !/\d/.test(text) ? stretch.pop() : undefined;
}

/** `TST=`, `p1` and JSON punctuation are too weak to end a stretch of something stronger. */
function staysIn(current: ForeignFormat | undefined, format: ForeignFormat): boolean {
  if (current === undefined) return false;
  if (format === TASKLIST) return current === CSV_RECORDS;
  if (format === LSOF_FIELDS) return current === POWERSHELL || current === JSON_RECORDS;
  return format === POWERSHELL && current === JSON_RECORDS;
}

/**
 * Puts together rows that a terminal broke at its edge: a line as long as the longest, with a line
 * behind it that begins no row of its own and is not indented.
 */
function joinBroken(lines: readonly Line[]): Line[] {
  let width = 0;
  for (const { text } of lines) width = Math.max(width, text.length);
  if (width < 60 || width > 500) return [...lines];
  const joined: Line[] = [];
  let room = false;
  for (const line of lines) {
    const last = joined.at(-1);
    if (
      room &&
      last !== undefined &&
      !/\s\s$/.test(last.text) &&
      !/^\s/.test(line.text) &&
      formatOf(line.text) === undefined
    ) {
      const text = last.text + line.text;
      const format = formatOf(last.text);
      if (format !== undefined && BREAKABLE.has(format) && format.recognises(text)) {
        joined[joined.length - 1] = { number: last.number, text };
        room = line.text.length === width;
        continue;
      }
    }
    room = line.text.length === width;
    joined.push(line);
  }
  return joined;
}

interface Context {
  readonly source: ForeignSource;
  readonly gathered: Gathered;
  readonly accepts: (row: ForeignRow) => AcceptsIPv4;
  readonly format: string;
}

function listenerOf(row: ForeignRow, context: Context): Listener {
  return {
    kind: 'listener',
    local: localOf(row),
    state: row.state === 'listening' ? 'listening' : 'bound',
    exposure: exposureOf(row.local, row.device),
    acceptsIPv4: context.accepts(row),
    owner: ownerOf(row, context.gathered),
    ...(row.user === undefined ? {} : { user: row.user }),
    ...(row.device === undefined ? {} : { device: row.device }),
    ...(row.backlog === undefined ? {} : { backlog: row.backlog }),
    evidence: evidenceOf(row, context),
  };
}

function connectionOf(row: ForeignRow, context: Context): Connection {
  const state = row.state === 'listening' || row.state === 'bound' ? 'unknown' : row.state;
  return {
    kind: 'connection',
    local: localOf(row),
    remote: row.remote ?? { address: '', port: 0 },
    state,
    ...(row.stateText === undefined ? {} : { stateText: row.stateText }),
    owner: ownerOf(row, context.gathered),
    ...(row.user === undefined ? {} : { user: row.user }),
    evidence: evidenceOf(row, context),
  };
}

function localOf({ local, transport, port }: ForeignRow): Listener['local'] {
  return { address: formatAddress(local), transport, port };
}

function evidenceOf(row: ForeignRow, { source, format }: Context): Listener['evidence'] {
  return { source: format, seenMs: source.seenMs, locator: `${source.name}:${row.line}` };
}

function ownerOf({ owner }: ForeignRow, { processes, remarks }: Gathered): Owner {
  if (owner === 'kernel') return { kind: 'kernel' };
  if (typeof owner === 'string') {
    const because = owner === 'not-named' && remarks.has('not-elevated') ? 'privilege' : owner;
    return { kind: 'unknown', because };
  }
  return namedOwner({ kind: 'processes', processes: owner }, processes);
}

/** Fills in what another part of the input says about the processes. */
export function namedOwner(owner: Owner, processes: Gathered['processes']): Owner {
  if (owner.kind !== 'processes' || processes.size === 0) return owner;
  return { ...owner, processes: owner.processes.map((process) => named(process, processes)) };
}

function named(process: Process, processes: Gathered['processes']): Process {
  const known = process.pid === undefined ? undefined : processes.get(process.pid);
  if (known === undefined) return process;
  const services = process.services ?? known.services;
  return {
    ...process,
    name: process.name === '' ? (known.name ?? '') : process.name,
    ...(services === undefined ? {} : { services }),
  };
}

/** One row a socket, with all processes that were shown to hold it. */
function mergeOwners(rows: readonly ForeignRow[]): ForeignRow[] {
  const merged = new Map<string, ForeignRow>();
  for (const row of rows) {
    const { transport, local, port, device, state } = row;
    const key = `${transport} ${local.words} ${port} ${device ?? ''} ${state} ${row.acceptsIPv4}`;
    const first = merged.get(key);
    if (first === undefined || typeof row.owner === 'string' || typeof first.owner === 'string') {
      merged.set(first === undefined ? key : `${key} ${row.line}`, row);
      continue;
    }
    const pids = new Set(first.owner.map(({ pid }) => pid));
    merged.set(key, {
      ...first,
      owner: [...first.owner, ...row.owner.filter(({ pid }) => !pids.has(pid))],
    });
  }
  return [...merged.values()];
}

/**
 * Whether a socket on `::` takes IPv4, where the output does not say: by the usual default, unless
 * 0.0.0.0 is bound on the same port too.
 */
function ipv4Judge(rows: readonly ForeignRow[]): (row: ForeignRow) => AcceptsIPv4 {
  const everyIPv4 = new Set<string>();
  for (const { local, transport, port, remote } of rows) {
    if (remote === undefined && local.family === 4 && local.words[0] === 0)
      everyIPv4.add(`${transport} ${port}`);
  }
  return ({ acceptsIPv4, local, transport, port }) => {
    if (acceptsIPv4 !== 'judge') return acceptsIPv4;
    if (transport === 'raw' || exposureOf(local) !== 'every-address') return 'no';
    return everyIPv4.has(`${transport} ${port}`) ? 'probably-not' : 'probably';
  };
}
