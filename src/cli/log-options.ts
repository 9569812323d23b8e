/** Options of all commands that read logs of firewalls, for commander. */
import { InvalidArgumentError } from 'commander';
import { parseAddress } from '../net/address.ts';
import type { ListenAddress, PrefixRule } from '../pipeline/audit.ts';
import type { Mapping } from '../pipeline/mapping-file.ts';
import { INPUT } from './exit-codes.ts';
import { Failure } from './failure.ts';

/** Gathers `--prefix FW-DROP=deny`, which may be repeated. */
export function parsePrefixRule(text: string, rules: readonly PrefixRule[] = []): PrefixRule[] {
  const [, prefix, word] = /^(.+)=(allow|deny|unknown)$/.exec(text) ?? [];
  if (prefix === undefined) {
    throw new InvalidArgumentError("It has the form 'FW-DROP=deny', with allow, deny or unknown.");
  }
  return [...rules, { prefix, action: word as PrefixRule['action'] }];
}

/** `+02:00` as ms east of UTC. */
export function parseOffset(text: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})$/.exec(text) ?? [];
  if (sign === undefined || Number(hours) > 18 || Number(minutes) > 59) {
    throw new InvalidArgumentError('It has the form +02:00.');
  }
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}

const ANY_4: readonly number[] = [0];
const ANY_6: readonly number[] = [0, 0, 0, 0];

/** Gathers `--listen 2055`, `192.0.2.5:2055`, `[2001:db8::5]:2055`, which may be repeated. */
export function parseListen(
  text: string,
  given: readonly ListenAddress[] = [],
): readonly ListenAddress[] {
  const [, six, four, digits] = /^(?:\[(.+)\]:|([\d.]+):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits ?? -1);
  const host = six ?? four;
  const address = host === undefined ? undefined : parseAddress(host);
  if (port < 1 || port > 65_535 || (host !== undefined && address === undefined)) {
    throw new InvalidArgumentError('It has the form 2055, 192.0.2.5:2055 or [2001:db8::5]:2055.');
  }
  if (address !== undefined) return [...given, { words: address.words, port }];
  // A machine may do without IPv6.
  return [...given, { words: ANY_4, port }, { words: ANY_6, port, optional: true }];
}

/** Gathers `--flow-port 9000`, which may be repeated. */
export function parseFlowPort(text: string, ports: readonly number[] = []): readonly number[] {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw new InvalidArgumentError('It is a port from 1 to 65535.');
  return [...ports, port];
}

/** Gathers `--map file`, which may be repeated. */
export function gatherFiles(file: string, files: readonly string[] = []): readonly string[] {
  return [...files, file];
}

/** Faults of a mapping that are shown. */
const SHOWN_FAULTS = 5;

/** Reads mappings. Rejects with `Failure` that says where something is wrong. */
export async function mappingsOf(files: readonly string[]): Promise<readonly Mapping[]> {
  // What reads them is loaded only where there are some.
  const { MappingFileError, readMappingFile } = await import('../pipeline/mapping-file.ts');
  let file = '';
  try {
    const mappings: Mapping[] = [];
    for (file of files) mappings.push(readMappingFile(file));
    return mappings;
  } catch (error) {
    if (!(error instanceof MappingFileError)) throw error;
    const { faults, message } = error;
    const shown = faults
      .slice(0, SHOWN_FAULTS)
      .map(({ line, column, what }) => `${file}:${line}:${column} ${what}`);
    const more = faults.length - shown.length;
    throw new Failure(INPUT, {
      what: message,
      why: shown.join(' ') + (more > 0 ? ` (${more} more)` : ''),
      ways: ['docs/log-formats.md describes mappings'],
    });
  }
}
