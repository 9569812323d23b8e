/** One flow after the other as a plain record, with what came of it. */

import type { Chunk } from '../flow/chunk.ts';
import type { ExtensionWords } from '../flow/extensions.ts';
import { flowOf, type Names } from '../flow/flow-view.ts';
import type { Flow } from '../model/flow.ts';
import { FlowFacts, HANDSHAKE, REPLY } from './flow-facts.ts';
import type { SpokenView } from './spoken.ts';
import { OUTSIDE, ZoneTable } from './zones.ts';

/** Records are plain and the caller's; rows are only read. */
export class FlowLister {
  private readonly names: Names;
  private readonly speech: SpokenView;
  private readonly zones = new ZoneTable();
  private readonly facts = new FlowFacts();

  constructor(names: Names, speech: SpokenView) {
    this.names = names;
    this.speech = speech;
  }

  /** The flow in the row at `base`; `decision` comes from the direction ladder. */
  list(
    chunk: Chunk,
    base: number,
    decision: number,
    extensions: ExtensionWords,
  ): {
    flow: Flow;
    confirmed: 'handshake' | 'reply' | null;
    clientInside: boolean;
    serverInside: boolean;
    spoken: string | null;
  } {
    const { facts, names, speech } = this;
    facts.read(chunk, base, decision, extensions);
    const flow = flowOf(names, extensions, chunk, base, decision);
    const { outcome } = facts;
    return {
      flow,
      confirmed: outcome === HANDSHAKE ? 'handshake' : outcome === REPLY ? 'reply' : null,
      clientInside: this.isInside(facts.client, facts.family),
      serverInside: this.isInside(facts.server, facts.family),
      spoken: speech.protocolAt(facts.server, facts.family, facts.protocol, facts.port) ?? null,
    };
  }

  private isInside(address: number, family: number): boolean {
    const { zones, names } = this;
    const zone = family === 0 ? zones.of4(address) : zones.of6(names.addresses.words, 4 * address);
    return zone !== OUTSIDE;
  }
}
