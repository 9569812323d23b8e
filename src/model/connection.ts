/**
 * A socket that talks to one peer: what `netstat -an` shows beside listeners. States are those of
 * RFC 9293 section 3.3.2 in lower case; a UDP socket with a fixed peer is `connected`.
 */
import type { Endpoint } from './endpoint.ts';
import type { Evidence } from './evidence.ts';
import type { Owner } from './listener.ts';
import type { User } from './user.ts';

export type ConnectionState =
  | 'established'
  | 'syn-sent'
  | 'syn-received'
  | 'fin-wait-1'
  | 'fin-wait-2'
  | 'close-wait'
  | 'closing'
  | 'last-ack'
  | 'time-wait'
  | 'closed'
  | 'connected'
  | 'unknown';

export interface Connection {
  readonly kind: 'connection';
  readonly local: Endpoint;
  /** The address may be a name, where the output that was read showed names. */
  readonly remote: { readonly address: string; readonly port: number };
  readonly state: ConnectionState;
  /** The word that stood there, when the state is `unknown`: perhaps another language. */
  readonly stateText?: string;
  readonly owner: Owner;
  readonly user?: User;
  readonly network?: string;
  readonly evidence: Evidence;
}
