/**
 * The sockets of another machine over the system's own `ssh`: the user's keys, jump hosts and
 * settings hold, nothing is installed there, and one round trip brings everything.
 *
 * The destination is the only thing of the user's that reaches the command line; it may not begin
 * with a dash nor hold anything that a shell or ssh would expand.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { type FarText, farScript, parseFarText } from './far-side.ts';
import { blindSpotsOf } from './linux-blind-spots.ts';
import { buildView } from './linux-view.ts';
import { ownerOfFar } from './owners.ts';
import { parseTables } from './proc-tables.ts';
import type { SocketView } from './socket-view.ts';

const DESTINATION =
  /^(?:[A-Za-z0-9_][\w.-]{0,63}@)?(?:[A-Za-z0-9][\w.-]{0,252}|[\da-fA-F:]{2,39}(?:\.[\d.]+)?)$/;
const DEADLINE_MS = 60_000;
const MAX_OCTETS = 256 * 1024 * 1024;
const CONNECT_SECONDS = 15;

export interface SshChoices {
  /** `web1`, `anna@192.0.2.7`, `anna@2001:db8::7`. */
  readonly destination: string;
  /** A configuration file in place of the user's. */
  readonly configFile?: string;
  /** Look as root over there: `sudo -n`. */
  readonly sudo?: boolean;
  readonly connections?: boolean;
  /** How long the whole answer may take, ms. Default: a minute. */
  readonly deadlineMs?: number;
}

/** `message` is for people: what ssh or the far side said, still to be escaped. */
export class SshError extends Error {
  override readonly name = 'SshError';
  readonly code: 'destination' | 'ssh' | 'far-side';

  constructor(code: SshError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** Whether ssh may be given this as a destination. */
export function isDestination(text: string): boolean {
  return DESTINATION.test(text);
}

/** Rejects with `SshError`. */
export async function readSocketsBySsh(choices: SshChoices): Promise<SocketView> {
  const { destination, configFile, sudo = false } = choices;
  if (!isDestination(destination))
    throw new SshError('destination', 'no name or address of a machine');
  const mark = randomBytes(16).toString('hex');
  const words = [
    ...(configFile === undefined ? [] : ['-F', configFile]),
    // No terminal, no forwarding of anything; the rest is the user's configuration.
    ...[
      '-T',
      '-x',
      '-a',
      '-o',
      'ClearAllForwardings=yes',
      '-o',
      `ConnectTimeout=${CONNECT_SECONDS}`,
    ],
    ...['--', destination, sudo ? 'sudo -n sh -s' : 'sh -s'],
  ];
  const { deadlineMs = DEADLINE_MS } = choices;
  const run = await runSsh(words, farScript(mark), deadlineMs);
  const far = parseFarText(run.output, mark);
  if (far.tables.size === 0) throw failureOf(run, deadlineMs);
  return viewOf(far, choices);
}

function failureOf({ status, errors, late }: Run, deadlineMs: number): SshError {
  if (late) return new SshError('ssh', `no answer within ${Math.round(deadlineMs / 1000)} s`);
  const last = errors.trim().split('\n').at(-1)?.trim() ?? '';
  if (status === 255 || status === null)
    return new SshError('ssh', last || 'ssh ended without a word');
  return new SshError(
    'far-side',
    last || 'no socket table there (is it Linux, with /proc mounted?)',
  );
}

interface Run {
  readonly output: string;
  readonly errors: string;
  readonly status: number | null;
  /** It was ended since its time was over. */
  readonly late: boolean;
}

function runSsh(words: readonly string[], script: string, deadlineMs: number): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn('ssh', words, { stdio: ['pipe', 'pipe', 'pipe'] });
    const decoder = new TextDecoder();
    let output = '';
    let errors = '';
    let length = 0;
    let late = false;
    const deadline = setTimeout(() => {
      late = true;
      child.kill();
    }, deadlineMs);
    child.stdout.on('data', (part: Buffer) => {
      length += part.length;
      if (length > MAX_OCTETS) child.kill();
      else output += decoder.decode(new Uint8Array(part), { stream: true });
    });
    child.stderr.on('data', (part: Buffer) => {
      if (errors.length < 10_000) errors += part.toString();
    });
    child.on('error', (error) => {
      clearTimeout(deadline);
      reject(new SshError('ssh', `cannot start ssh (${(error as NodeJS.ErrnoException).code})`));
    });
    child.on('close', (status) => {
      clearTimeout(deadline);
      resolve({ output: output + decoder.decode(), errors, status, late });
    });
    // A far side that refuses closes its end at once.
    child.stdin.on('error', () => {});
    child.stdin.end(script);
  });
}

function viewOf(far: FarText, { destination, connections = false }: SshChoices): SocketView {
  const tables = parseTables(far.tables, far.littleEndian, connections);
  const search = {
    forbidden: far.closed,
    hidden: far.hidden,
    masked: [],
    inner: far.inner,
    unknownNetworks: 1,
  };
  const view = buildView({
    rows: tables.rows,
    seenMs: Date.now(),
    userOf: (uid) => {
      const name = far.users.get(uid);
      return name === undefined ? { uid } : { uid, name };
    },
    ownerOf: ownerOfFar(far.processes, search),
    bindV6Only: far.bindV6Only,
    source: 'ssh',
    placeOf: (table) => `${destination}:/proc/net/${table}`,
  });
  const asRoot = far.uid === 0;
  const { listeners } = view;
  const spots = blindSpotsOf({
    listeners,
    tables,
    closedNetworks: 0,
    search,
    bindV6Only: far.bindV6Only,
    asRoot,
    withRights: 'add --ssh-sudo, or name an account that may look',
  });
  const cut = {
    id: 'answer-cut-off',
    what: 'the end of what the other machine said',
    because: 'the connection ended before its answer did',
    missing: true,
  };
  return {
    subject: destination,
    means: ['ssh', '/proc'],
    listeners,
    connections: view.connections,
    blindSpots: far.complete ? spots : [cut, ...spots],
    connectedDatagram: tables.connectedDatagram,
  };
}
