/**
 * What a run of `portreeve` alone leaves for the next one: the ports of this machine and how far
 * each is reached, in the user's state folder (XDG Base Directory Specification:
 * $XDG_STATE_HOME/portreeve, ~/.local/state/portreeve). Nothing is written where the folder belongs
 * to somebody else: under sudo the home folder may still be that of who called it.
 */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  statSync,
} from 'node:fs';
import { homedir, hostname } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { REACHES, type Reach } from '../analysis/surface.ts';
import { onePerPort, type SurfacePort } from '../analysis/surface-changes.ts';
import { isTransport } from '../model/transport.ts';
import { readWholeText } from '../sources/whole-file.ts';
import { writeWholeText } from './whole-text.ts';

/** One run. */
export interface SurfaceRecord {
  readonly seenMs: number;
  /** Whether it looked as root: then more is known. */
  readonly privileged: boolean;
  readonly ports: readonly SurfacePort[];
}

/** An earlier run could not be used; `message` says why, without the file's name. */
export class SurfaceRecordError extends Error {
  override readonly name = 'SurfaceRecordError';
}

export interface Earlier {
  /** Absent: there is none, or none that may be compared. */
  readonly record?: SurfaceRecord;
  /** Why there is none, for people. */
  readonly because?: string;
  /** Keeps this run for the next one. Returns why that cannot be done; undefined: it was. */
  keep(record: SurfaceRecord): string | undefined;
}

const SCHEMA = 'portreeve/surface-state/1';
/** Thousands of ports take some hundred octets each. */
const MAX_OCTETS = 16 * 1024 * 1024;

/** Where runs of this machine are kept. Undefined: the user has no home. */
export function statePath(
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const base = environment.XDG_STATE_HOME;
  // A relative one is to be ignored, says the specification.
  const folder = base !== undefined && isAbsolute(base) ? base : homeState();
  const name = hostname().replace(/[^\w.-]/g, '_') || 'machine';
  return folder === undefined ? undefined : join(folder, 'portreeve', `surface-${name}.json`);
}

function homeState(): string | undefined {
  const home = homedir();
  // Accounts without a home name a folder that is not there: root could make it, and must not.
  const isThere = isAbsolute(home) && home !== '/' && existsSync(home);
  return isThere ? join(home, '.local', 'state') : undefined;
}

/** The last run here that is kept, and how to keep this one. Never throws. */
export function earlierRun(path: string | undefined): Earlier {
  if (path === undefined) {
    const because = 'there is no home folder to keep runs in';
    return { because, keep: () => because };
  }
  const foreign = foreignFolder(path);
  if (foreign !== undefined) {
    const because = `${foreign} is no folder of ours: nothing is kept there`;
    return { because, keep: () => because };
  }
  const place = placeOfProcess();
  const keep = (record: SurfaceRecord): string | undefined => save(path, record, place);
  let text: string;
  try {
    text = readOwn(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { because: 'this is the first run that is kept', keep };
    return { because: `${path} cannot be read (${code ?? message})`, keep };
  }
  try {
    const { record, place: other } = parseRecord(text);
    if (other !== undefined && place !== undefined && isElsewhere(other, place)) {
      const because = 'the run that is kept was made in another network namespace';
      return { because, keep: () => because };
    }
    return { record, keep };
  } catch (error) {
    return { because: `${path} ${(error as Error).message}`, keep };
  }
}

/** A run saved by hand: `portreeve --json > FILE`. Throws `SurfaceRecordError` and `UnreadableFile`. */
export function readBaseline(path: string): SurfaceRecord {
  return parseRecord(readWholeText(path)).record;
}

/** The nearest folder that exists on the way, where it is not ours. */
function foreignFolder(path: string): string | undefined {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    try {
      const found = statSync(folder);
      return found.isDirectory() && found.uid === process.geteuid?.() ? undefined : folder;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' || folder === dirname(folder)) return folder;
    }
  }
}

/** Only what we wrote ourselves: another's file could tell that nothing is new. */
function readOwn(path: string): string {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { uid, size } = fstatSync(file);
    if (uid !== process.geteuid?.()) throw new Error('it belongs to another user');
    if (size > MAX_OCTETS) throw new Error('it is too large');
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

/** Which network namespace, of which start of the machine: their numbers are given anew each time. */
interface Place {
  readonly boot: string;
  readonly network: string;
}

function placeOfProcess(): Place | undefined {
  try {
    return {
      boot: readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim(),
      network: readlinkSync('/proc/self/ns/net'),
    };
  } catch {
    return undefined;
  }
}

function isElsewhere(one: Place, other: Place): boolean {
  return one.boot === other.boot && one.network !== other.network;
}

/** Returns why it cannot be kept; undefined: it is. */
function save(path: string, record: SurfaceRecord, place: Place | undefined): string | undefined {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const text = `${JSON.stringify({ schema: SCHEMA, ...record, place })}\n`;
    writeWholeText(path, text, 0o600, false);
    return undefined;
  } catch (error) {
    return `${path} cannot be written (${(error as NodeJS.ErrnoException).code})`;
  }
}

function parseRecord(text: string): { record: SurfaceRecord; place?: Place } {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new SurfaceRecordError('is no JSON document');
  }
  if (!isObject(document)) throw new SurfaceRecordError('holds no run');
  if (document.schema === SCHEMA) {
    const record = recordOf(document, document.ports);
    const { boot, network } = isObject(document.place) ? document.place : {};
    return typeof boot === 'string' && typeof network === 'string'
      ? { record, place: { boot, network } }
      : { record };
  }
  if (document.schema !== 'portreeve/surface/1') {
    throw new SurfaceRecordError('is not what portreeve --json wrote');
  }
  const { attention, services } = document;
  if (!Array.isArray(attention) || !Array.isArray(services) || !isObject(document.facts)) {
    throw new SurfaceRecordError('was cut off');
  }
  return { record: recordOf(document.facts, [...attention, ...services].map(portOfRow)) };
}

/** A row of the report in the form of the record. */
function portOfRow(row: unknown): unknown {
  if (!isObject(row) || !Array.isArray(row.process)) return undefined;
  const names = row.process.map((process) => (isObject(process) ? process.name : undefined));
  return { ...row, processes: names };
}

function recordOf({ seenMs, privileged }: Plain, ports: unknown): SurfaceRecord {
  if (typeof seenMs !== 'number' || typeof privileged !== 'boolean' || !Array.isArray(ports)) {
    throw new SurfaceRecordError('does not say when it was made, or lacks its services');
  }
  return { seenMs, privileged, ports: onePerPort(ports.map(portOf)) };
}

function portOf(value: unknown): SurfacePort {
  if (isObject(value)) {
    const { transport, port, reach, processes } = value;
    const whole = typeof port === 'number' && Number.isInteger(port) && port >= 0 && port < 65_536;
    const names =
      Array.isArray(processes) && processes.every((name) => typeof name === 'string')
        ? (processes as string[])
        : undefined;
    if (whole && names !== undefined && isTransport(transport) && isReach(reach))
      return { transport, port, reach, processes: names };
  }
  throw new SurfaceRecordError('has a service that is none');
}

type Plain = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isReach(value: unknown): value is Reach {
  return (REACHES as readonly unknown[]).includes(value);
}
