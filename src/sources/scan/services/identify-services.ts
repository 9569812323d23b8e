/**
 * Asks every open port of a scan what it is, several at once, but never many of one host, and puts
 * the answers into the port's state.
 */
import { serviceName } from '../../../catalog/services.ts';
import type { PortState, ServiceId } from '../../../model/port-state.ts';
import type { ScannedHost } from '../../../model/scanned-host.ts';
import type { TimeLeft } from '../slow-asking.ts';
import { type Identity, identifyDatagram, identifyStream, SILENCE_MS } from './identify.ts';
import { ServiceOutlook, type ServiceQueue } from './service-outlook.ts';

export interface ServiceChoices {
  readonly signal: AbortSignal;
  /** Questions also for printers and industrial devices. */
  readonly fragile: boolean;
  /** A port of which all is known, at once. */
  readonly onIdentified?: (state: PortState) => void;
  /** Ports done, of how many, and how long the others take; several times a second. */
  readonly onProgress?: (done: number, of: number, left: TimeLeft | undefined) => void;
}

/** Ports asked at the same time, of all hosts and of one. */
const AT_ONCE = 48;
const AT_ONCE_PER_HOST = 4;
const PROGRESS_MS = 100;

/** The same hosts, their open ports with what answered; those not reached in time as they were. */
export async function identifyServices(
  hosts: readonly ScannedHost[],
  choices: ServiceChoices,
): Promise<ScannedHost[]> {
  const queue = new HostQueue(hosts);
  const found = new Map<PortState, PortState>();
  const outlook = new ServiceOutlook({
    atOnce: AT_ONCE,
    atOncePerHost: AT_ONCE_PER_HOST,
    silenceMs: SILENCE_MS,
  });
  const progress = setInterval(() => {
    choices.onProgress?.(found.size, queue.size, outlook.left(performance.now(), queue));
  }, PROGRESS_MS);
  const worker = async (): Promise<void> => {
    for (;;) {
      const turn = choices.signal.aborted ? undefined : await queue.next();
      if (turn === undefined) return;
      const state = await identified(turn.port, turn.host, choices);
      outlook.done(performance.now() - turn.sinceMs);
      queue.done(turn);
      found.set(turn.port, state);
      choices.onIdentified?.(state);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, queue.size) }, worker));
  clearInterval(progress);
  return hosts.map((host) => ({
    ...host,
    ports: host.ports.map((port) => found.get(port) ?? port),
  }));
}

interface Turn {
  readonly host: ScannedHost;
  readonly port: PortState;
  readonly sinceMs: number;
}

/** Open ports host by host in turn, so that no host is asked by many at once. */
class HostQueue implements ServiceQueue {
  readonly size: number;
  private readonly turns = new Set<Turn>();
  private readonly hosts: { readonly host: ScannedHost; readonly ports: PortState[] }[];
  private readonly busy = new Map<ScannedHost, number>();
  private readonly sleepers: (() => void)[] = [];

  constructor(hosts: readonly ScannedHost[]) {
    this.hosts = hosts.flatMap((host) => {
      const ports = host.ports.filter(({ state }) => state === 'open').reverse();
      return ports.length === 0 ? [] : [{ host, ports }];
    });
    this.size = this.hosts.reduce((sum, { ports }) => sum + ports.length, 0);
  }

  /** The next port of a host that is not asked too much already; undefined when all were given. */
  async next(): Promise<Turn | undefined> {
    for (;;) {
      const at = this.hosts.findIndex(({ host }) => (this.busy.get(host) ?? 0) < AT_ONCE_PER_HOST);
      const entry = this.hosts[at];
      if (entry !== undefined) {
        const port = entry.ports.pop()!;
        // To the end of the line, or out of it.
        this.hosts.splice(at, 1);
        if (entry.ports.length > 0) this.hosts.push(entry);
        this.busy.set(entry.host, (this.busy.get(entry.host) ?? 0) + 1);
        const turn = { host: entry.host, port, sinceMs: performance.now() };
        this.turns.add(turn);
        return turn;
      }
      if (this.hosts.length === 0) return undefined;
      await new Promise<void>((resolve) => this.sleepers.push(resolve));
    }
  }

  /** Ports that wait, by host. */
  get waiting(): (readonly [ScannedHost, number])[] {
    return this.hosts.map(({ host, ports }) => [host, ports.length]);
  }

  /** When each port that is being asked was begun. */
  get running(): (readonly [ScannedHost, number])[] {
    return [...this.turns].map(({ host, sinceMs }) => [host, sinceMs]);
  }

  done(turn: Turn): void {
    const { host } = turn;
    this.turns.delete(turn);
    this.busy.set(host, (this.busy.get(host) ?? 1) - 1);
    for (const wake of this.sleepers.splice(0)) wake();
  }
}

async function identified(
  port: PortState,
  host: ScannedHost,
  { fragile }: ServiceChoices,
): Promise<PortState> {
  const { address, transport, port: number } = port.target;
  const target = { address, port: number };
  const options = fragile ? { quiet: new Set<number>() } : {};
  const identity =
    transport === 'udp'
      ? await identifyDatagram(target, options)
      : await identifyStream(target, host.names[0], options);
  const service = serviceOf(identity, number, transport === 'udp' ? 'udp' : 'tcp');
  return service === undefined ? port : { ...port, service };
}

/** What answered in the words of a scan; undefined where nothing was learned. */
function serviceOf(
  { found, tls, details, unrecognised }: Identity,
  port: number,
  transport: 'tcp' | 'udp',
): ServiceId | undefined {
  const inside = tls ? { tunnel: 'ssl' } : {};
  const told = details.length === 0 ? {} : { details };
  if (found === undefined) {
    if (!tls && unrecognised === undefined) return undefined;
    return {
      name: serviceName(transport, port) ?? 'unknown',
      ...(unrecognised === undefined ? {} : { extra: unrecognised }),
      ...inside,
      ...told,
      method: 'table',
      confidence: 3,
    };
  }
  const { name, product, version, extra, confidence } = found;
  return {
    name,
    ...(product === undefined ? {} : { product }),
    ...(version === undefined ? {} : { version }),
    ...(extra === undefined ? {} : { extra }),
    ...inside,
    ...told,
    method: 'probed',
    confidence,
  };
}
