/** Looks into the file that standard output goes on in: whether a port was told there already. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { PortState } from '../model/port-state.ts';

const OUTPUT = 1;
/** A line told last stands at the end; so much of it is read. */
const TAIL = 1 << 20;

/** Undefined: standard output is no file, or one that cannot be read. */
export function wasTold({ target }: PortState): boolean | undefined {
  const lines = lastLines();
  return lines?.some((line) => {
    try {
      const { kind, address, transport, port } = JSON.parse(line) as Record<string, unknown>;
      const same = address === target.address && transport === target.transport;
      return kind === 'port' && same && port === target.port;
    } catch {
      // Cut off by the kill: it was not told.
      return false;
    }
  });
}

function lastLines(): string[] | undefined {
  const { size } = fstatSync(OUTPUT);
  if (!fstatSync(OUTPUT).isFile()) return undefined;
  try {
    const fd = openSync(`/proc/self/fd/${OUTPUT}`, 'r');
    try {
      const tail = new Uint8Array(Math.min(TAIL, size));
      const length = readSync(fd, tail, 0, tail.length, size - tail.length);
      return new TextDecoder().decode(tail.subarray(0, length)).split('\n');
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}
