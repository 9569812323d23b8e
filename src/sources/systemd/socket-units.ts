/**
 * systemd's socket units (systemd.socket(5)): where process 1 holds a socket, the unit that told it
 * to is the answer people look for.
 */
import { UnitFiles } from './unit-files.ts';

const LISTEN = /^[ \t]*Listen(Stream|Datagram|SequentialPacket)[ \t]*=[ \t]*(\S*)[ \t]*$/gm;

/** Name of the unit that listens on that port, at its first use reading all of them. */
export function socketUnits(
  folders?: readonly string[],
): (transport: string, port: number) => string | undefined {
  let units: Map<string, string> | undefined;
  return (transport, port) => {
    units ??= readUnits(new UnitFiles(folders));
    return units.get(`${transport} ${port}`);
  };
}

function readUnits(files: UnitFiles): Map<string, string> {
  const units = new Map<string, string>();
  for (const name of files.names('socket')) {
    for (const key of listensOn(files.textOf(name))) if (!units.has(key)) units.set(key, name);
  }
  return units;
}

/**
 * `tcp 22` for `ListenStream=22`, `0.0.0.0:22`, `[::]:22`. Paths and names are passed over; an empty
 * value takes back all before it.
 */
export function listensOn(text: string): string[] {
  let keys: string[] = [];
  for (const [, kind, place = ''] of text.matchAll(LISTEN)) {
    if (place === '') keys = [];
    const port = /^(?:.*:)?(\d{1,5})$/.exec(place)?.[1];
    if (port === undefined || place.startsWith('/')) continue;
    const transport = kind === 'Datagram' ? 'udp' : kind === 'Stream' ? 'tcp' : 'sctp';
    keys.push(`${transport} ${Number(port)}`);
  }
  return keys;
}
