/**
 * Asks every open port of a scan what it is, several at once, but never many of one host, and puts
 * the answers into the port's state.
 */
import { serviceName } from '../../../catalog/services.ts';
import type { PortState, ServiceId } from '../../../model/port-state.ts';
import type { ScannedHost } from '../../../model/scanned-host.ts';
import type { TimeLeft } from '../slow-asking.ts';
import { LIMITS } from './exchange.ts';
import {
  type Identity,
  identifyDatagram,
  identifyStream,
  isKnownPort,
  SILENCE_MS,
} from './identify.ts';
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
/**
 * A host with thousands of open ports has something that answers in place of services. When so many
 * of its ports told nothing, the others are asked briefly; when so many told the same, not at all.
 */
const SILENT = 16;
const ALIKE = 256;

/** Open ports of a host that were not asked, since so many others had told the same. */
export interface UnaskedServices {
  readonly address: string;
  readonly ports: number;
}

export interface IdentifiedHosts {
  /** The same hosts, their open ports with what answered; those not reached in time as they were. */
  readonly hosts: ScannedHost[];
  readonly unasked: readonly UnaskedServices[];
}

/** Asks until all open ports were asked, or the signal. */
export async function identifyServices(
  hosts: readonly ScannedHost[],
  choices: ServiceChoices,
): Promise<IdentifiedHosts> {
  const { signal, onIdentified, onProgress } = choices;
  const queue = new HostQueue(hosts);
  const found = new Map<PortState, PortState>();
  const outlook = new ServiceOutlook({
    atOnce: AT_ONCE,
    atOncePerHost: AT_ONCE_PER_HOST,
    silenceMs: SILENCE_MS,
  });
  const progress = setInterval(() => {
    onProgress?.(found.size, queue.size, outlook.left(performance.now(), queue));
  }, PROGRESS_MS);
  const worker = async (): Promise<void> => {
    for (;;) {
      const turn = await queue.next();
      if (turn === undefined || signal.aborted) return;
      const state = await identified(turn, choices);
      if (signal.aborted) return;
      outlook.done(performance.now() - turn.sinceMs);
      queue.done(turn, state);
      found.set(turn.port, state);
      onIdentified?.(state);
    }
  };
  const ended = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  const workers = Array.from({ length: Math.min(AT_ONCE, queue.size) }, worker);
  await Promise.race([Promise.all(workers), ended]);
  clearInterval(progress);
  return {
    hosts: hosts.map((host) => ({
      ...host,
      ports: host.ports.map((port) => found.get(port) ?? port),
    })),
    unasked: queue.unasked,
  };
}

/** Open ports of a host that wait to be asked, and what its others told. */
interface Waiting {
  readonly host: ScannedHost;
  /** The next one last. */
  readonly ports: PortState[];
  /** How often each answer was given; `''`: none that is known. */
  readonly told: Map<string, number>;
  busy: number;
}

interface Turn {
  readonly waiting: Waiting;
  readonly port: PortState;
  readonly sinceMs: number;
}

/** Open ports host by host in turn, so that no host is asked by many at once. */
class HostQueue implements ServiceQueue {
  /** Ports to be asked, those asked already too. */
  size: number;
  private readonly turns = new Set<Turn>();
  readonly unasked: UnaskedServices[] = [];
  private readonly line: Waiting[];
  private readonly sleepers: (() => void)[] = [];

  constructor(hosts: readonly ScannedHost[]) {
    this.line = hosts.flatMap((host) => {
      const open = host.ports.filter(({ state }) => state === 'open');
      // Those that are likely to say something first: they set the tone.
      const ports = [...open.filter(isLikely), ...open.filter((port) => !isLikely(port))].reverse();
      return ports.length === 0 ? [] : [{ host, ports, told: new Map(), busy: 0 }];
    });
    this.size = this.line.reduce((sum, { ports }) => sum + ports.length, 0);
  }

  /** The next port of a host that is not asked too much already; undefined when all were given. */
  async next(): Promise<Turn | undefined> {
    for (;;) {
      const at = this.line.findIndex(({ busy }) => busy < AT_ONCE_PER_HOST);
      const waiting = this.line[at];
      if (waiting !== undefined) {
        const port = waiting.ports.pop()!;
        // To the end of the line, or out of it.
        this.line.splice(at, 1);
        if (waiting.ports.length > 0) this.line.push(waiting);
        waiting.busy++;
        const turn = { waiting, port, sinceMs: performance.now() };
        this.turns.add(turn);
        return turn;
      }
      if (this.line.length === 0) return undefined;
      await new Promise<void>((resolve) => this.sleepers.push(resolve));
    }
  }

  /** Ports that wait, by host. */
  get waiting(): (readonly [ScannedHost, number])[] {
    return this.line.map(({ host, ports }) => [host, ports.length]);
  }

  /** When each port that is being asked was begun. */
  get running(): (readonly [ScannedHost, number])[] {
    return [...this.turns].map(({ waiting, sinceMs }) => [waiting.host, sinceMs]);
  }

  done(turn: Turn, state: PortState): void {
    const { waiting, port } = turn;
    const { told, host, ports } = waiting;
    this.turns.delete(turn);
    waiting.busy--;
    const { service } = state;
    const said = service?.method !== 'probed' || state === port ? undefined : service;
    const answer = said === undefined ? '' : `${said.name} ${said.product} ${said.version}`;
    const count = (told.get(answer) ?? 0) + 1;
    told.set(answer, count);
    const at = this.line.indexOf(waiting);
    if (count >= ALIKE && at >= 0) {
      this.line.splice(at, 1);
      this.unasked.push({ address: host.address, ports: ports.length });
      this.size -= ports.length;
    }
    for (const wake of this.sleepers.splice(0)) wake();
  }
}

function isLikely({ target: { transport, port } }: PortState): boolean {
  return transport === 'udp' || isKnownPort(port);
}

async function identified(
  { port, waiting: { host, told } }: Turn,
  { fragile, signal }: ServiceChoices,
): Promise<PortState> {
  const { address, transport, port: number } = port.target;
  const target = { address, port: number };
  const options = {
    limits: { ...LIMITS, signal },
    ...(fragile ? { quiet: new Set<number>() } : {}),
    ...((told.get('') ?? 0) >= SILENT ? { questions: 0 } : {}),
  };
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
