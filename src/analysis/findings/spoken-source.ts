/**
 * What detectors ask of payloads: which protocol an endpoint really speaks, and with which
 * properties. Without anybody listening to payloads every answer is “unknown”, and detectors go by
 * ports alone.
 */
import type { FlowTransport } from '../../model/flow.ts';

export interface SpokenAt {
  readonly transport: FlowTransport;
  readonly address: string;
  readonly port: number;
  /** What most conversations spoke first. */
  readonly spoken: readonly {
    readonly protocol: string;
    readonly confidence: 'certain' | 'likely';
    readonly by: 'payload' | 'announced';
    readonly flows: number;
    readonly facts: Readonly<Record<string, readonly string[]>>;
    readonly locator: string;
  }[];
  /** Whether the port is the protocol's own, nobody's, or another protocol's. */
  readonly fit: 'usual' | 'unusual' | 'other';
}

export interface SpokenSource {
  endpoints(): readonly SpokenAt[];
  /** The protocol of an endpoint of flow rows, or undefined. */
  protocolAt(address: number, family: number, transport: number, port: number): string | undefined;
}

export const NOTHING_SPOKEN: SpokenSource = {
  endpoints: () => [],
  protocolAt: () => undefined,
};
