/**
 * Sockets that talk to one peer, as flows: who a host talks to, and who talks to it. The end at
 * which a socket listens is the server; a socket that still waits for its first answer belongs to
 * the client. Where no socket listens, the local end most likely called, if listeners were shown at
 * all. A look is a moment, so that several looks make one connection of what stays.
 */
import type { Connection } from '../model/connection.ts';
import type { Listener } from '../model/listener.ts';
import { formatAddress, isMappedIPv4, parseAddress } from '../net/address.ts';
import type { Answer } from './allowed.ts';
import type { LearnedFlow } from './learn.ts';

const NO_PACKETS = { packets: 0, bytes: 0, payloadBytes: 0, minLength: 0, maxLength: 0 };
/** Ports below are for servers alone (RFC 6335, system ports). */
const SYSTEM_PORTS = 1024;

/** What one look at a host's sockets gave. */
export interface SocketLook {
  readonly listeners: readonly Listener[];
  readonly connections: readonly Connection[];
}

interface Seen {
  flow: LearnedFlow;
  answer: Answer;
  lastMs: number;
  /** Number of the look in which it was last there. */
  look: number;
}

/** Looks in the order of time; `finish` hands on what is still there. */
export class SocketFlows {
  private readonly present = new Map<string, Seen>();
  /** Those counted as unusable, as long as they are there. */
  private passed = new Set<string>();
  private passedBefore = new Set<string>();
  private readonly onFlow: (flow: LearnedFlow, answer: Answer) => void;
  private looks = 0;
  /** Connections, each counted once however often it was looked at. */
  connections = 0;
  /** Of those: sockets whose state says nothing, peers shown by a name, and where the first is. */
  unusable = 0;
  firstUnusable: string | undefined;
  /** No listener was shown, so that nothing says which end serves. */
  undirected = 0;

  constructor(onFlow: (flow: LearnedFlow, answer: Answer) => void) {
    this.onFlow = onFlow;
  }

  /** Takes one look; connections of the look before that are gone are handed on. */
  add({ listeners, connections }: SocketLook): void {
    this.looks++;
    this.passedBefore = this.passed;
    this.passed = new Set();
    const served = new Served(listeners);
    for (const connection of connections) this.take(connection, served);
    for (const [key, seen] of this.present) if (seen.look !== this.looks) this.handOn(key, seen);
  }

  /** Hands on what is still there. */
  finish(): void {
    for (const [key, seen] of this.present) this.handOn(key, seen);
  }

  private handOn(key: string, { flow, answer, lastMs }: Seen): void {
    this.present.delete(key);
    if (flow.direction.confidence === 'unknown') this.undirected++;
    this.onFlow({ ...flow, lastMs }, answer);
  }

  private take(connection: Connection, served: Served): void {
    const { local, evidence } = connection;
    const { transport } = local;
    const { address: shown, port } = connection.remote;
    const remote = { address: peerText(shown) ?? shown, port };
    const answer = answerOf(connection);
    // Both ends may be of this host, or of containers on it: one connection all the same.
    const ends = [`${local.address} ${local.port}`, `${remote.address} ${remote.port}`].sort();
    const key = `${transport} ${ends.join(' ')}`;
    const known = this.present.get(key);
    if (answer === undefined || peerText(shown) === undefined) {
      if (known !== undefined) return;
      this.passed.add(key);
      if (this.passedBefore.has(key)) return;
      this.connections++;
      this.unusable++;
      this.firstUnusable ??= evidence.locator;
      return;
    }
    if (known === undefined) this.connections++;
    const { direction, localServes } = directionOf(connection, served);
    const better = known === undefined || rank(direction) < rank(known.flow.direction);
    const own = { address: local.address, port: local.port };
    const [client, server] = localServes ? [remote, own] : [own, remote];
    const flow: LearnedFlow = better
      ? {
          ...{ transport, client: client.address, clientPort: client.port },
          ...{ server: server.address, serverPort: server.port },
          ...{ firstMs: known?.flow.firstMs ?? evidence.seenMs, lastMs: evidence.seenMs },
          ...{ toClient: NO_PACKETS, direction, locator: evidence.locator },
        }
      : known.flow;
    this.present.set(key, {
      flow,
      answer: known?.answer === 'seen' ? 'seen' : answer,
      lastMs: evidence.seenMs,
      look: this.looks,
    });
  }
}

/** `in`: the peer began it, and it is served here. `unknown`: nothing says. */
export type Way = 'in' | 'out' | 'unknown';

/** Which way each connection of a host goes, by its listeners. */
export function wayFinder(listeners: readonly Listener[]): (connection: Connection) => Way {
  const served = new Served(listeners);
  return (connection) => {
    const { direction, localServes } = directionOf(connection, served);
    if (direction.confidence === 'unknown') return 'unknown';
    return localServes ? 'in' : 'out';
  };
}

/** An address as others write it: without a zone, IPv4 as IPv4. Undefined for a name. */
function peerText(shown: string): string | undefined {
  const address = parseAddress(shown.replace(/%.*$/, ''));
  if (address === undefined) return undefined;
  const mapped = address.family === 6 && isMappedIPv4(address.words);
  return formatAddress(mapped ? { family: 4, words: [address.words[3]!] } : address);
}

function rank({ confidence }: LearnedFlow['direction']): number {
  return ['certain', 'likely', 'unknown'].indexOf(confidence);
}

/** Which local ports are served, by network namespace. */
class Served {
  private readonly listeners = new Map<string, Listener[]>();
  private readonly transports = new Set<string>();

  constructor(listeners: readonly Listener[]) {
    for (const listener of listeners) {
      const { local, network = '' } = listener;
      this.transports.add(`${network} ${local.transport}`);
      const key = `${network} ${local.transport} ${local.port}`;
      const known = this.listeners.get(key);
      if (known === undefined) this.listeners.set(key, [listener]);
      else known.push(listener);
    }
  }

  holds({ local, network = '' }: Connection): boolean {
    const own = this.listeners.get(`${network} ${local.transport} ${local.port}`) ?? [];
    return own.some(({ local: { address }, exposure, acceptsIPv4 }) => {
      if (address === local.address) return true;
      if (exposure !== 'every-address') return false;
      const six = (text: string) => text.includes(':');
      if (six(local.address)) return six(address);
      return !six(address) || (acceptsIPv4 !== 'no' && acceptsIPv4 !== 'probably-not');
    });
  }

  /** Whether listeners of that transport were shown at all. */
  known({ local, network = '' }: Connection): boolean {
    return this.transports.has(`${network} ${local.transport}`);
  }
}

function directionOf(
  connection: Connection,
  served: Served,
): { direction: LearnedFlow['direction']; localServes: boolean } {
  const { state, local, remote } = connection;
  if (state === 'syn-sent') {
    return { direction: { reason: 'syn-sent', confidence: 'certain' }, localServes: false };
  }
  if (state === 'syn-received' || served.holds(connection)) {
    return { direction: { reason: 'listener', confidence: 'certain' }, localServes: true };
  }
  // Who serves may close its listener and keep its connections.
  const servesLike = local.port < SYSTEM_PORTS && remote.port >= SYSTEM_PORTS;
  const told = served.known(connection) && !servesLike;
  const confidence = told ? 'likely' : 'unknown';
  return { direction: { reason: 'no-listener', confidence }, localServes: servesLike };
}

/** Undefined: the state says nothing of a connection. */
function answerOf({ state, local }: Connection): Answer | undefined {
  if (state === 'unknown' || state === 'closed' || local.transport === 'raw') return undefined;
  if (state === 'syn-sent') return 'none';
  // A UDP socket has a peer before anything was sent.
  return state === 'syn-received' || state === 'connected' ? 'unknown' : 'seen';
}
