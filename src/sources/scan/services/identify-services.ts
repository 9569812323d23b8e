/**
 * Asks every open port of a scan what it is, several at once, but not too many of one host, and puts
 * the answers into the port's state.
 */
import { serviceName } from '../../../catalog/services.ts';
import type { PortState, ServiceId } from '../../../model/port-state.ts';
import type { ScannedHost } from '../../../model/scanned-host.ts';
import type { TimeLeft } from '../slow-asking.ts';
import { LIMITS } from './exchange.ts';
import {
  BRIEF_MS,
  type Identity,
  identifyDatagram,
  identifyStream,
  isKnownPort,
  QUESTIONED_MS,
} from './identify.ts';
import { ServiceOutlook } from './service-outlook.ts';
import {
  type ServiceLimits,
  ServiceQueue,
  type Turn,
  type UnaskedServices,
} from './service-queue.ts';

export type { UnaskedServices };

export interface ServiceChoices {
  readonly signal: AbortSignal;
  /** Questions also for printers and industrial devices. */
  readonly fragile: boolean;
  /** A port of which all is known, at once. */
  readonly onIdentified?: (state: PortState) => void;
  /** Ports done, of how many, and how long the others take; several times a second. */
  readonly onProgress?: (done: number, of: number, left: TimeLeft | undefined) => void;
}

const LIMITED: ServiceLimits = { atOnce: 96, listened: 12, questioned: 16, few: 100, alike: 256 };
const PROGRESS_MS = 100;

export interface IdentifiedHosts {
  /** The same hosts, their open ports with what answered; those not reached in time as they were. */
  readonly hosts: ScannedHost[];
  readonly unasked: readonly UnaskedServices[];
  /** Silent ones that were not questioned in full. */
  readonly unquestioned: readonly UnaskedServices[];
  /** Open ports that were not asked, or not to the end when it was interrupted. */
  readonly left: readonly PortState[];
}

/** Asks until all open ports were asked, or the signal. */
export async function identifyServices(
  hosts: readonly ScannedHost[],
  choices: ServiceChoices,
): Promise<IdentifiedHosts> {
  const { signal, onIdentified, onProgress } = choices;
  const queue = new ServiceQueue(hosts, LIMITED, isLikely);
  const found = new Map<PortState, PortState>();
  const outlook = new ServiceOutlook(queue, { briefMs: BRIEF_MS, questionedMs: QUESTIONED_MS });
  const progress = setInterval(() => {
    onProgress?.(found.size, queue.size, outlook.left(performance.now()));
  }, PROGRESS_MS);
  await new Promise<void>((resolve) => {
    const ask = async (turn: Turn): Promise<void> => {
      const state = await identified(turn, choices, async () => {
        outlook.heard(turn, performance.now());
        const go = queue.mayQuestion(turn);
        askNext();
        return go;
      });
      if (signal.aborted) return;
      outlook.done(turn, performance.now());
      queue.done(turn, answerOf(state));
      found.set(turn.port, state);
      onIdentified?.(state);
      askNext();
    };
    const askNext = (): void => {
      if (signal.aborted) return;
      for (let turn = queue.next(); turn !== undefined; turn = queue.next()) void ask(turn);
      if (queue.hosts.size === 0) resolve();
    };
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
    askNext();
  });
  clearInterval(progress);
  const open = hosts.flatMap(({ ports }) => ports.filter(({ state }) => state === 'open'));
  return {
    hosts: hosts.map((host) => ({
      ...host,
      ports: host.ports.map((port) => found.get(port) ?? port),
    })),
    unasked: queue.unasked,
    unquestioned: queue.unquestioned,
    left: open.filter((port) => !found.has(port)),
  };
}

/** What tells ports of one kind from others; `''`: nothing that is known. */
function answerOf({ service }: PortState): string {
  if (service?.method !== 'probed') return '';
  return `${service.name} ${service.product} ${service.version}`;
}

function isLikely({ target: { transport, port } }: PortState): boolean {
  return transport === 'udp' || isKnownPort(port);
}

async function identified(
  { port, asked: { host } }: Turn,
  { fragile, signal }: ServiceChoices,
  goOn: () => Promise<boolean>,
): Promise<PortState> {
  const { address, transport, port: number } = port.target;
  const target = { address, port: number };
  const options = {
    limits: { ...LIMITS, signal },
    ...(fragile ? { quiet: new Set<number>() } : {}),
    goOn,
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
