/** `portreeve sockets --watch`: one line for each socket that opens or closes, as it happens. */
import { type SocketChange, socketChanges } from '../analysis/socket-changes.ts';
import { serviceName } from '../catalog/services.ts';
import type { SocketView } from '../pipeline/sockets.ts';
import { printable, safeJson } from '../report/escape.ts';
import { counted } from '../report/numbers.ts';
import { INTERRUPTED, USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { chosenFormat, OutputBuffer, type OutputOptions } from './output.ts';
import { pidText, plainProcess, processesOf, processText, userText } from './owner-words.ts';

export interface WatchOptions {
  /** Seconds between two looks; true: the default. */
  readonly watch?: number | boolean;
  /** Seconds until the end; until interrupted by default. */
  readonly for?: number;
}

/** Looks again and again until the time is over or an interrupt comes. */
export async function watchSockets(
  look: () => Promise<SocketView>,
  options: OutputOptions & WatchOptions,
): Promise<void> {
  const format = chosenFormat(options) ?? 'table';
  if (format !== 'table' && format !== 'plain' && format !== 'ndjson') {
    throw new Failure(USAGE, {
      what: `--watch cannot answer as ${format}: it has no end`,
      ways: ['use --ndjson for programs'],
    });
  }
  const line = format === 'ndjson' ? jsonLine : textLine;
  const everyMs = (typeof options.watch === 'number' ? options.watch : 1) * 1000;
  const untilMs =
    options.for === undefined ? Number.POSITIVE_INFINITY : Date.now() + options.for * 1000;
  const clock = new Interruptible();
  const output = new OutputBuffer();
  let before = await look();
  process.stderr.write(`watching ${counted(before.listeners.length, 'socket')}\n`);
  while (!clock.interrupted && Date.now() + everyMs <= untilMs) {
    await clock.sleep(everyMs);
    if (clock.interrupted) break;
    const after = await look();
    for (const change of socketChanges(before, after)) output.add(`${line(change, Date.now())}\n`);
    await output.flush();
    before = after;
  }
  clock.end();
  if (clock.interrupted) process.exitCode = INTERRUPTED;
}

/** Sleeps that an interrupt ends. */
class Interruptible {
  interrupted = false;
  private wake: (() => void) | undefined;
  private readonly onInterrupt = (): void => {
    this.interrupted = true;
    this.wake?.();
  };

  constructor() {
    process.once('SIGINT', this.onInterrupt);
  }

  async sleep(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  end(): void {
    process.off('SIGINT', this.onInterrupt);
  }
}

/** `14:03:22 opened tcp 0.0.0.0:8080 http-alt  node 4242 (anna)  node server.js`. */
function textLine({ kind, socket }: SocketChange, nowMs: number): string {
  const { local, owner } = socket;
  const host = local.address.includes(':') ? `[${local.address}]` : local.address;
  const name = serviceName(local.transport, local.port);
  const peer =
    socket.kind === 'connection' ? ` with ${socket.remote.address} port ${socket.remote.port}` : '';
  const processes = processesOf(owner);
  const who =
    processes.length === 0
      ? processText(owner)
      : `${processText(owner)} ${pidText(processes)} (${userText(socket)})`;
  const command = processes[0]?.commandLine.join(' ') ?? '';
  const parts = [
    `${new Date(nowMs).toTimeString().slice(0, 8)} ${kind} ${local.transport} ${host}:${local.port}${name === undefined ? '' : ` ${name}`}${peer}`,
    who,
    command,
    socket.network === undefined ? '' : `in ${socket.network}`,
  ];
  return printable(parts.filter((part) => part !== '').join('  '));
}

function jsonLine({ kind, socket }: SocketChange, nowMs: number): string {
  const { local, owner, evidence, network } = socket;
  return safeJson({
    kind,
    seenMs: nowMs,
    socket: socket.kind,
    transport: local.transport,
    address: local.address,
    port: local.port,
    ...(socket.kind === 'connection' ? { remote: socket.remote } : { exposure: socket.exposure }),
    owner: owner.kind,
    processes: processesOf(owner).map(plainProcess),
    ...(network === undefined ? {} : { network }),
    locator: evidence.locator,
  });
}
