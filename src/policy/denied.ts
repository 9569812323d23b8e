/**
 * What a firewall stopped, as flows: every packet of a capture of denied packets (NFLOG, a mirror of
 * drops) was sent by who wanted something, so its sender is the client, whatever the ports say.
 * Retries of one connection are one flow already.
 */
import type { Flow } from '../model/flow.ts';
import type { Verdict } from '../model/verdict.ts';
import type { Conversation } from './conversation.ts';
import type { LearnedFlow } from './learn.ts';

/** The flow as its denied packets tell it; undefined for packets that open nothing. */
export function deniedFlow(flow: Flow): Flow | undefined {
  const turned = flow.toServer.packets === 0;
  // A segment without SYN belongs to a connection that the firewall no longer knows.
  const opens = flow.transport !== 'tcp' || /s/i.test(flow.history.replace(/h/gi, ''));
  if (!opens || (flow.toServer.packets > 0 && flow.toClient.packets > 0)) return undefined;
  const direction = { reason: 'first-packet', confidence: 'certain' } as const;
  if (!turned) return { ...flow, direction };
  return {
    ...flow,
    ...{ client: flow.server, clientPort: flow.serverPort, toServer: flow.toClient },
    ...{ server: flow.client, serverPort: flow.clientPort, toClient: flow.toServer },
    direction,
  };
}

/**
 * The share of denied attempts still to be expected from conversations nobody has seen yet, by Good
 * and Turing: those seen once, of all attempts. Holds for independent attempts; traffic in bursts
 * looks more complete than it is. 1 when nothing was seen.
 */
export function unseenShare(conversations: readonly Conversation[]): number {
  let once = 0;
  let all = 0;
  for (const { connections } of conversations) {
    if (connections === 1) once++;
    all += connections;
  }
  return all === 0 ? 1 : once / all;
}

const SYN = 2;
const ACK = 16;
/** Tries for the same connection within this time are one attempt. */
const RETRY_MS = 300_000;
const NO_PACKETS = { packets: 0, bytes: 0, payloadBytes: 0, minLength: 0, maxLength: 0 };

/**
 * Lines of firewall logs as flows of denied packets. Retries of one connection count once. Lines
 * that are not denials, name no address, or deny what opens nothing give none.
 */
export class DeniedLines {
  private readonly last = new Map<string, number>();
  /** Denials without what a rule needs: an address, a protocol, an opening packet. */
  unusable = 0;

  flowOf(verdict: Verdict): LearnedFlow | undefined {
    if (verdict.action !== 'deny') return undefined;
    const { transport, tcpFlags, timeMs, locator } = verdict;
    const turned = verdict.initiator === 'destination';
    const ends = [
      { address: verdict.source, port: verdict.sourcePort ?? 0 },
      { address: verdict.destination, port: verdict.destinationPort ?? 0 },
    ] as const;
    const [client, server] = turned ? [ends[1], ends[0]] : ends;
    const opens = tcpFlags === null || transport !== 'tcp' || (tcpFlags & (SYN | ACK)) === SYN;
    if (!opens || transport === null || client.address === null || server.address === null) {
      this.unusable++;
      return undefined;
    }
    const atMs = timeMs ?? 0;
    const key = `${transport} ${client.address} ${client.port} ${server.address} ${server.port}`;
    const before = this.last.get(key);
    this.last.set(key, atMs);
    if (before !== undefined && Math.abs(atMs - before) < RETRY_MS) return undefined;
    return {
      ...{ transport, client: client.address, clientPort: client.port },
      ...{ server: server.address, serverPort: server.port },
      direction: { reason: 'log', confidence: 'certain' },
      ...{ toClient: NO_PACKETS, firstMs: atMs, lastMs: atMs, locator },
    };
  }
}
