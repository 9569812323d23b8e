/**
 * What a firewall stopped, as flows: every packet of a capture of denied packets (NFLOG, a mirror of
 * drops) was sent by who wanted something, so its sender is the client, whatever the ports say.
 * Retries of one connection are one flow already.
 */
import type { Flow } from '../model/flow.ts';
import type { Conversation } from './conversation.ts';

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
