/**
 * systemd's socket units (systemd.socket(5)): where process 1 holds a socket, the unit that told it
 * to is the answer people look for. Unit files are read, nothing is asked of systemd.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** In order of precedence. */
const FOLDERS = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
];
const LISTEN = /^\s*Listen(Stream|Datagram|SequentialPacket)\s*=\s*(\S+)\s*$/gm;

/** Name of the unit that listens on that port, at its first use reading all of them. */
export function socketUnits(
  folders: readonly string[] = FOLDERS,
): (transport: string, port: number) => string | undefined {
  let units: Map<string, string> | undefined;
  return (transport, port) => {
    units ??= readUnits(folders);
    return units.get(`${transport} ${port}`);
  };
}

function readUnits(folders: readonly string[]): Map<string, string> {
  const units = new Map<string, string>();
  const seen = new Set<string>();
  for (const folder of folders) {
    for (const name of listFolder(folder)) {
      if (!name.endsWith('.socket') || seen.has(name)) continue;
      seen.add(name);
      for (const key of listensOn(readFile(`${folder}/${name}`))) {
        if (!units.has(key)) units.set(key, name);
      }
    }
  }
  return units;
}

/** `tcp 22` for `ListenStream=22`, `0.0.0.0:22`, `[::]:22`. Paths and names are passed over. */
export function listensOn(text: string): string[] {
  return [...text.matchAll(LISTEN)].flatMap(([, kind, place = '']) => {
    const port = /^(?:.*:)?(\d{1,5})$/.exec(place)?.[1];
    if (port === undefined || place.startsWith('/')) return [];
    const transport = kind === 'Datagram' ? 'udp' : kind === 'Stream' ? 'tcp' : 'sctp';
    return [`${transport} ${Number(port)}`];
  });
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
