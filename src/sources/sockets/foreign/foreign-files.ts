/** Files and standard input with other tools' output, several of which may be of one machine. */
import type { Connection } from '../../../model/connection.ts';
import type { Listener } from '../../../model/listener.ts';
import { readWhole } from '../../whole-file.ts';
import type { SocketView } from '../socket-view.ts';
import { type ForeignReading, namedOwner, readForeign } from './read-foreign.ts';

/** An input in which nothing is known. */
export class ForeignInputError extends Error {
  override readonly name = 'ForeignInputError';
  readonly input: string;
  /** The first line; escape before showing it. */
  readonly sample: string;

  constructor(input: string, message: string, sample: string) {
    super(message);
    this.input = input;
    this.sample = sample;
  }
}

export interface ForeignView extends SocketView {
  /** Lines of all inputs that could not be read. */
  readonly unreadCount: number;
}

/** Reads them all as one machine's. Throws `ForeignInputError` and `UnreadableFile`. */
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
  const { octets, modifiedMs } = readWhole(name);
  const shown = name === '-' ? 'standard input' : name;
  const reading = readForeign(octets, { name: shown, seenMs: modifiedMs });
  if (reading.formats.length === 0 || isDamageAlone(reading)) {
    const sample = reading.unread[0]?.text.trim() ?? '';
    const why = sample === '' ? 'it is empty' : 'no line in it has a form that is known';
    throw new ForeignInputError(shown, why, sample);
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
