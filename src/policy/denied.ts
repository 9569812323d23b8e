/**
 * What a firewall stopped, as flows: every packet of a capture of denied packets (NFLOG, a mirror of
 * drops) was sent by who wanted something, so its sender is the client, whatever the ports say.
 * Retries of one connection are one flow already.
 */
import type { Flow } from '../model/flow.ts';
import type { Verdict } from '../model/verdict.ts';
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

const SYN = 2;
const ACK = 16;
/** Tries for the same connection within this time are one attempt. */
const RETRY_MS = 300_000;
/** Connections remembered at once; then the one seen longest ago is forgotten. */
const MOST_REMEMBERED = 200_000;
const NO_PACKETS = { packets: 0, bytes: 0, payloadBytes: 0, minLength: 0, maxLength: 0 };

/** One attempt to connect, by a firewall's log. */
export interface Attempt {
  readonly flow: LearnedFlow;
  readonly denied: boolean;
}

/**
 * Lines of firewall logs as attempts. Retries of one connection count once. Lines that name no
 * address, or are about what opens nothing, give none.
 */
export class AttemptLines {
  private readonly last = new Map<string, number>();
  private readonly nowMs: () => number;
  /** The log tells of openings, so that ends are about connections that were counted. */
  private tellsOpenings = false;
  private second = 0;
  private inSecond = 0;
  /** Denials without what a rule needs: an address, a protocol, an opening packet. */
  unusable = 0;
  /** Denials, and the most of them that lines of one kernel name for the same second. */
  denials = 0;
  mostPerSecond = 0;
  /** Moments of the first and last line with a verdict, ms since 1970. */
  firstMs: number | undefined;
  lastMs: number | undefined;

  /** @param nowMs the present, for lines that name no time */
  constructor(nowMs: () => number) {
    this.nowMs = nowMs;
  }

  attemptOf(verdict: Verdict): Attempt | undefined {
    const { action, event, transport, tcpFlags, locator } = verdict;
    if (action === 'unknown') return undefined;
    const denied = action === 'deny';
    const atMs = verdict.timeMs ?? this.nowMs();
    this.firstMs = Math.min(this.firstMs ?? atMs, atMs);
    this.lastMs = Math.max(this.lastMs ?? atMs, atMs);
    if (denied) this.deny(atMs, verdict);
    else if (event === 'open') this.tellsOpenings = true;
    else if (event === 'end' && this.tellsOpenings) return undefined;
    const turned = verdict.initiator === 'destination';
    const ends = [
      { address: verdict.source, port: verdict.sourcePort ?? 0 },
      { address: verdict.destination, port: verdict.destinationPort ?? 0 },
    ] as const;
    const [client, server] = turned ? [ends[1], ends[0]] : ends;
    // What passed may be an answer, where the line does not say who began.
    const opens = denied
      ? tcpFlags === null || transport !== 'tcp' || (tcpFlags & (SYN | ACK)) === SYN
      : verdict.initiator !== 'unknown';
    if (!opens || transport === null || client.address === null || server.address === null) {
      if (denied) this.unusable++;
      return undefined;
    }
    const ports = `${client.address} ${client.port} ${server.address} ${server.port}`;
    if (this.isRetry(`${action} ${transport} ${ports}`, atMs)) return undefined;
    const flow: LearnedFlow = {
      ...{ transport, client: client.address, clientPort: client.port },
      ...{ server: server.address, serverPort: server.port },
      direction: { reason: 'log', confidence: 'certain' },
      ...{ toClient: NO_PACKETS, firstMs: atMs, lastMs: atMs, locator },
    };
    return { flow, denied };
  }

  private deny(atMs: number, { count, format }: Verdict): void {
    this.denials += count;
    // Only rules in the kernel have the limit that policies state.
    if (format !== 'netfilter') return;
    const second = Math.floor(atMs / 1000);
    this.inSecond = second === this.second ? this.inSecond + count : count;
    this.second = second;
    this.mostPerSecond = Math.max(this.mostPerSecond, this.inSecond);
  }

  private isRetry(key: string, atMs: number): boolean {
    const before = this.last.get(key);
    // The ones tried last stand at the end.
    this.last.delete(key);
    this.last.set(key, atMs);
    if (this.last.size > MOST_REMEMBERED) {
      for (const oldest of this.last.keys()) {
        this.last.delete(oldest);
        break;
      }
    }
    return before !== undefined && Math.abs(atMs - before) < RETRY_MS;
  }
}
