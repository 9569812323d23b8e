/**
 * What a recogniser is: one file per service or family of them says which question makes such a
 * server speak, and reads name, product and version out of what it says. No question logs in,
 * writes, or asks for more than a greeting, a version or public facts.
 */
import type { ServiceDetail } from '../../../model/port-state.ts';
import type { Conversation, Target } from './exchange.ts';

/** Something a service said of itself. */
export type Detail = ServiceDetail;

/** What was recognised. */
export interface Found {
  readonly name: string;
  readonly product?: string;
  readonly version?: string;
  readonly extra?: string;
  readonly details?: readonly Detail[];
  /** 10: only this service answers so; 7: its usual answer; 5: fits, like others'. */
  readonly confidence: 5 | 7 | 10;
}

export interface Question {
  readonly ask: (target: Target) => Uint8Array;
  /** Sent to ports of unknown purpose too, not only to `ports`; lower goes first. */
  readonly order?: number;
}

/** What may be learned by further harmless exchanges once the service is known. */
export type Inquiry = (context: {
  readonly target: Target;
  /** The name that the user gave for the target, where it was one. */
  readonly hostName?: string;
  readonly open: () => Promise<Conversation>;
  readonly found: Found;
}) => Promise<readonly Detail[]>;

export interface Recogniser {
  /** Names the recogniser in tests and documentation. */
  readonly service: string;
  readonly transport: 'tcp' | 'udp';
  /** Where the question is asked first. */
  readonly ports: readonly number[];
  /** Absent where the server speaks first. */
  readonly question?: Question;
  /**
   * Reads what a server sent, unasked or in answer to any question. Returns undefined for
   * anything it does not know; never throws and never reads outside.
   */
  readonly read: (answer: Uint8Array) => Found | undefined;
  /**
   * Whether an answer to another question may be this service's, though it does not tell so: then
   * its own is asked, on whatever port.
   */
  readonly suspects?: (answer: Uint8Array) => boolean;
  readonly inquire?: Inquiry;
}

/** Details with a value, the others left out. */
export function detailsOf(values: Readonly<Record<string, string | undefined>>): Detail[] {
  return Object.entries(values).flatMap(([key, value]) =>
    value === undefined || value === '' ? [] : [{ key, value }],
  );
}
