/**
 * What firewalls and routers let through, by their own logs, as flows. A line becomes one only
 * where it says which end began: a guess from ports must not become a rule. Being let through is no
 * answer either; a connection counts as answered only where the line shows what came back.
 */
import type { Verdict } from '../model/verdict.ts';
import type { LearnedFlow } from './learn.ts';

const SYN_ACK = 18;
const NO_PACKETS = { packets: 0, bytes: 0, payloadBytes: 0, minLength: 0, maxLength: 0 };
/** Lines about the same two ends within this time are about one connection. */
const SAME_MS = 300_000;
/** Some systems try three times although each was reset; more came from who serves. */
const MOST_RESETS = 3;
/** Octets that three resets cannot have, whatever headers the device counts. */
const LEAST_ANSWER = 512;
/** Both ends closed, or a handshake was seen: “TCP FINs”, `tcp-fin`, `ESTABLISHED`. */
const SHAKEN = /\bFINs?\b|\bESTABLISHED\b|\bASSURED\b/i;

/** Whether the server answered; `unknown` where such a line cannot show it. */
export type Answer = 'seen' | 'none' | 'unknown';

interface Connection {
  readonly flow: LearnedFlow;
  answer: Answer;
  lastMs: number;
}

/** Lines in the order of the log. Connections still open at the end are handed on by `finish`. */
export class AllowedLines {
  /** By protocol and ends, the one that was begun first at the front. */
  private readonly connections = new Map<string, Connection>();
  private readonly onFlow: (flow: LearnedFlow, answer: Answer) => void;
  private readonly most: number;
  /** Lines that say the traffic was let through. */
  allowed = 0;
  denied = 0;
  /** Of those let through: lines that do not say which end began, and where the first is. */
  undirected = 0;
  firstUndirected: string | undefined;
  /** Lines let through that lack an address or a protocol. */
  unusable = 0;
  /** Lines used that name no time: their time is that of the reading. */
  undated = 0;

  private readonly nowMs: number;

  /**
   * @param nowMs the present, ms since 1970
   * @param most connections remembered at once; then the oldest is handed on as it is
   */
  constructor(onFlow: (flow: LearnedFlow, answer: Answer) => void, nowMs: number, most = 500_000) {
    this.onFlow = onFlow;
    this.nowMs = nowMs;
    this.most = most;
  }

  add(verdict: Verdict): void {
    if (verdict.action === 'deny') this.denied++;
    if (verdict.action !== 'allow') return;
    this.allowed++;
    const { transport, source, destination, initiator } = verdict;
    if (transport === null || source === null || destination === null) {
      this.unusable++;
      return;
    }
    if (initiator === 'unknown') {
      this.undirected++;
      this.firstUndirected ??= verdict.locator;
      return;
    }
    if (verdict.timeMs === null) this.undated++;
    const timeMs = verdict.timeMs ?? this.nowMs;
    const turned = initiator === 'destination';
    const [here, there] = [verdict.sourcePort ?? 0, verdict.destinationPort ?? 0];
    const flow: LearnedFlow = {
      ...(turned
        ? { client: destination, clientPort: there, server: source, serverPort: here }
        : { client: source, clientPort: here, server: destination, serverPort: there }),
      ...{ transport, firstMs: timeMs, lastMs: timeMs, locator: verdict.locator },
      ...{ toClient: NO_PACKETS, direction: { reason: 'log', confidence: 'certain' } },
    };
    this.connect(flow, answerOf(verdict, turned), timeMs);
  }

  private connect(flow: LearnedFlow, answer: Answer, atMs: number): void {
    const { transport, client, clientPort, server, serverPort } = flow;
    const key = `${transport} ${client} ${clientPort} ${server} ${serverPort}`;
    const known = this.connections.get(key);
    if (known !== undefined && Math.abs(atMs - known.lastMs) < SAME_MS) {
      known.lastMs = Math.max(known.lastMs, atMs);
      if (known.answer !== 'seen' && answer !== 'unknown') known.answer = answer;
      return;
    }
    if (known !== undefined) this.handOn(key, known);
    this.connections.set(key, { flow, answer, lastMs: atMs });
    if (this.connections.size <= this.most) return;
    for (const [oldest, connection] of this.connections) {
      this.handOn(oldest, connection);
      break;
    }
  }

  private handOn(key: string, { flow, answer, lastMs }: Connection): void {
    this.connections.delete(key);
    const lasted = { ...flow, lastMs: Math.max(flow.lastMs, lastMs) };
    // Any packet back answers what has no ports.
    const counted =
      answer === 'seen' ? { ...lasted, toClient: { ...NO_PACKETS, packets: 1 } } : lasted;
    this.onFlow(counted, answer);
  }

  /** Hands on what is still remembered. */
  finish(): void {
    for (const [key, connection] of this.connections) this.handOn(key, connection);
  }
}

function answerOf(verdict: Verdict, turned: boolean): Answer {
  const { transport, tcpFlags, reason, packetsBack, bytesBack } = verdict;
  if (turned) {
    // The line itself is about what the server sent.
    const resets = transport === 'tcp' && ((tcpFlags ?? 0) & SYN_ACK) !== SYN_ACK;
    return resets ? 'unknown' : 'seen';
  }
  if (transport === 'tcp' && reason !== null && SHAKEN.test(reason)) return 'seen';
  if (packetsBack === null && bytesBack === null) return 'unknown';
  const [packets, bytes] = [packetsBack ?? 0, bytesBack ?? 0];
  if (packets === 0 && bytes === 0) return verdict.event === 'open' ? 'unknown' : 'none';
  if (transport !== 'tcp') return 'seen';
  return packets > MOST_RESETS || bytes >= LEAST_ANSWER ? 'seen' : 'unknown';
}
