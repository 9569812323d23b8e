/**
 * systemd's socket units (systemd.socket(5)): where process 1 holds a socket, the unit that told it
 * to is the answer people look for. Unit files are read, nothing is asked of systemd.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** In order of precedence; generators write what is made of other settings at every start. */
const FOLDERS = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/run/systemd/generator',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
];
const LISTEN = /^[ \t]*Listen(Stream|Datagram|SequentialPacket)[ \t]*=[ \t]*(\S*)[ \t]*$/gm;

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
  const files = new Map<string, string>();
  for (const folder of folders) {
    for (const name of listFolder(folder)) {
      if (name.endsWith('.socket') && !files.has(name)) files.set(name, `${folder}/${name}`);
    }
  }
  const units = new Map<string, string>();
  for (const [name, file] of files) {
    const texts = [file, ...dropIns(name, folders)].map(readFile);
    for (const key of listensOn(texts.join('\n'))) if (!units.has(key)) units.set(key, name);
  }
  return units;
}

/** What adds to a unit or changes it: by the names of the files, wherever they lie. */
function dropIns(unit: string, folders: readonly string[]): string[] {
  const files = new Map<string, string>();
  for (const folder of folders.map((each) => `${each}/${unit}.d`)) {
    for (const name of listFolder(folder)) {
      if (name.endsWith('.conf') && !files.has(name)) files.set(name, `${folder}/${name}`);
    }
  }
  return [...files.keys()].sort().map((name) => files.get(name)!);
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
