/** Folds flows by host alone, in a thread that does nothing else with them; a `FlowVisitor`. */
import type { Chunk } from '../flow/chunk.ts';
import type { ExtensionWords } from '../flow/extensions.ts';
import { Clues, type ClueWorld } from './clues.ts';
import { FlowFacts } from './flow-facts.ts';
import { type HostLimits, type HostPart, HostSide } from './host-side.ts';
import { PortTable } from './port-table.ts';
import { type ZoneRule, ZoneTable, zoneOf } from './zones.ts';

/** What is to be folded with; plain data, which can go from one thread to another. */
export interface HostTask extends ClueWorld {
  readonly zones: readonly ZoneRule[];
  readonly limits: HostLimits;
}

/** Flows taken together. */
const RUN = 64;

export class HostFolder {
  private readonly side: HostSide;
  private readonly zones: ZoneTable;
  private readonly words: Int32Array;
  /** Numbers ports as `Traffic` does: by their first flow. */
  private readonly ports = new PortTable();
  private readonly run = Array.from({ length: RUN }, () => new FlowFacts());
  private waiting = 0;

  constructor(task: HostTask) {
    this.side = new HostSide(task.limits, task.seed, new Clues(task));
    this.zones = new ZoneTable(task.zones);
    this.words = task.addresses.words;
  }

  add(chunk: Chunk, base: number, decision: number, extensions: ExtensionWords): void {
    const flow = this.run[this.waiting++]!;
    flow.read(chunk, base, decision, extensions);
    flow.row = this.ports.rowOf(flow);
    flow.clientZone = zoneOf(this.zones, this.words, flow.client, flow.family);
    flow.serverZone = zoneOf(this.zones, this.words, flow.server, flow.family);
    if (this.waiting === RUN) this.takeRun();
  }

  /** Everything folded. */
  finish(): HostPart {
    this.takeRun();
    return this.side.part();
  }

  private takeRun(): void {
    this.side.takeRun(this.run, this.waiting);
    this.waiting = 0;
  }
}
