/** The service that a flow asks for, as a rule would name it. */

import type { Flow } from '../model/flow.ts';
import { ICMP, ICMPV6, PORT_PROTOCOLS } from '../net/header-fields.ts';
import { parseService } from './service-text.ts';

/** Messages of ICMP that begin something: echo, timestamp. */
const REQUESTS: Readonly<Record<number, readonly number[]>> = { [ICMP]: [8, 13], [ICMPV6]: [128] };

export interface FlowService {
  readonly service: string;
  /** Without ports: any answer is one. */
  readonly portless: boolean;
  /** Why it cannot become a rule. */
  readonly doubt?: string;
}

/** Never throws; a `doubt` says why no rule should be made of it. */
export function flowService(
  flow: Pick<Flow, 'transport' | 'clientPort' | 'serverPort'>,
): FlowService {
  const { transport } = flow;
  const word = transport.startsWith('ip-') ? `ip/${transport.slice(3)}` : transport;
  let protocol = -1;
  try {
    protocol = parseService(word).protocol;
  } catch {
    return { service: word, portless: true, doubt: 'its protocol is not known to policies' };
  }
  if (protocol === ICMP || protocol === ICMPV6) {
    const service = `${word}/${flow.clientPort}`;
    const asks = REQUESTS[protocol]!.includes(flow.clientPort);
    const doubt = 'errors and answers of ICMP belong to other connections and need no rule';
    return asks ? { service, portless: true } : { service, portless: true, doubt };
  }
  if (!PORT_PROTOCOLS.includes(protocol)) return { service: word, portless: true };
  if (flow.serverPort === 0) return { service: word, portless: false, doubt: 'it has no port' };
  return { service: `${word}/${flow.serverPort}`, portless: false };
}
