/** Files and standard input with other tools' output, several of which may be of one machine. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Connection } from '../../../model/connection.ts';
import type { Listener } from '../../../model/listener.ts';
import type { SocketView } from '../socket-view.ts';
import { type ForeignReading, namedOwner, readForeign } from './read-foreign.ts';

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such file'],
  ['EACCES', 'its permissions forbid it'],
  ['EISDIR', 'it is a folder'],
]);

/** More than a socket listing ever takes; what is larger was named by mistake. */
const MAX_OCTETS = 256 * 1024 * 1024;
const CHUNK = 1 << 16;

/** An input that cannot be read, or in which nothing is known. */
export class ForeignInputError extends Error {
  override readonly name = 'ForeignInputError';
  readonly code: 'unreadable' | 'too-large' | 'unknown-format';
  readonly input: string;
  /** The first line, where the format is unknown; escape before showing it. */
  readonly sample: string;

  constructor(code: ForeignInputError['code'], input: string, message: string, sample = '') {
    super(message);
    this.code = code;
    this.input = input;
    this.sample = sample;
  }
}

export interface ForeignView extends SocketView {
  /** Lines of all inputs that could not be read. */
  readonly unreadCount: number;
}

/** Reads them all as one machine's. Throws `ForeignInputError`. */
export function readForeignFiles(names: readonly string[]): ForeignView {
  const readings = names.map((name) => readOne(name));
  // `tasklist` may have been saved to a file of its own.
  const processes = new Map(readings.flatMap((reading) => [...reading.processes]));
  const name = <Socket extends Listener | Connection>(socket: Socket): Socket => ({
    ...socket,
    owner: namedOwner(socket.owner, processes),
  });
  const connections = readings.flatMap((reading) => reading.connections.map(name));
  return {
    subject: names.map((name) => (name === '-' ? 'standard input' : name)).join(', '),
    means: [...new Set(readings.flatMap((reading) => reading.formats))],
    listeners: readings.flatMap((reading) => reading.listeners.map(name)),
    connections,
    blindSpots: readings.flatMap((reading) => reading.notes),
    connectedDatagram: connections.filter(({ local }) => local.transport === 'udp').length,
    unreadCount: readings.reduce((sum, reading) => sum + reading.unreadCount, 0),
  };
}

function readOne(name: string): ForeignReading {
  const { octets, modifiedMs } = readOctets(name);
  const shown = name === '-' ? 'standard input' : name;
  const reading = readForeign(octets, { name: shown, seenMs: modifiedMs });
  if (reading.formats.length === 0 || isDamageAlone(reading)) {
    const sample = reading.unread[0]?.text.trim() ?? '';
    const why = sample === '' ? 'it is empty' : 'no line in it has a form that is known';
    throw new ForeignInputError('unknown-format', shown, why, sample);
  }
  return reading;
}

/**
 * Whether nothing but faults came of what looks like JSON. A brace is all it takes to look so, and
 * “no socket waits there” would be said of a picture.
 */
function isDamageAlone({
  formats,
  listeners,
  connections,
  processes,
  unreadCount,
}: ForeignReading): boolean {
  const read = listeners.length + connections.length + processes.size;
  return read === 0 && unreadCount > 0 && formats.every((format) => format.startsWith('JSON'));
}

function readOctets(name: string): { octets: Uint8Array; modifiedMs: number } {
  let file = 0;
  try {
    if (name !== '-') file = openSync(name, 'r');
    const { mtimeMs } = fstatSync(file);
    const octets = readAll(file, name);
    // A pipe has no time of its own: what it says is of now.
    return { octets, modifiedMs: name === '-' ? Date.now() : Math.trunc(mtimeMs) };
  } catch (error) {
    if (error instanceof ForeignInputError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new ForeignInputError('unreadable', name, REASONS.get(code) ?? code);
  } finally {
    if (file > 0) closeSync(file);
  }
}

function readAll(file: number, name: string): Uint8Array {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const part = new Uint8Array(CHUNK);
    const octets = readSome(file, part);
    if (octets === 0) break;
    parts.push(part.subarray(0, octets));
    length += octets;
    if (length > MAX_OCTETS)
      throw new ForeignInputError('too-large', name, 'it has more than 256 MB');
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Standard input may be a terminal or a pipe that has nothing yet. */
function readSome(file: number, part: Uint8Array): number {
  for (;;) {
    try {
      return readSync(file, part, 0, part.length, null);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(PAUSE, 0, 0, 10);
    }
  }
}

const PAUSE = new Int32Array(new SharedArrayBuffer(4));
