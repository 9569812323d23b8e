/** The flows that somebody wants listed: all, or those that a filter means. */
import type { FlowSet, FlowVisitor } from '../flow/flow-set.ts';
import type { Names } from '../flow/flow-view.ts';
import type { Heard } from '../flow/heard.ts';
import type { FlowFilter } from './filter/compile.ts';
import type { FilterWorld } from './filter/row-tests.ts';
import { FlowLister } from './flow-lister.ts';
import { SpokenView } from './spoken.ts';
import { ZoneTable } from './zones.ts';

type Row = Parameters<FlowVisitor>;

/** Makes a record only of flows that are wanted; rows are borrowed for the call. */
export class FlowPicker {
  private readonly lister: FlowLister;
  private readonly filter: FlowFilter | undefined;

  /** @param filterFor makes the filter, or none; it may throw `FilterError` */
  constructor(
    names: Names,
    heard: Heard | null,
    filterFor: (world: FilterWorld) => FlowFilter | undefined,
  ) {
    const spoken = new SpokenView(heard, names);
    this.lister = new FlowLister(names, spoken);
    const protocolAt: FilterWorld['protocolAt'] = (...at) => spoken.protocolAt(...at);
    this.filter = filterFor({ addresses: names.addresses, zones: new ZoneTable(), protocolAt });
  }

  /** Whether the flow in the row is wanted. */
  wants(...row: Row): boolean {
    return this.filter === undefined || this.filter.accepts(...row);
  }

  list(...row: Row): ReturnType<FlowLister['list']> {
    return this.lister.list(...row);
  }

  /** How many of the flows are wanted. */
  count(flows: FlowSet): number {
    const { filter } = this;
    if (filter === undefined) return flows.count;
    let count = 0;
    flows.visit((...row) => {
      if (filter.accepts(...row)) count++;
    });
    return count;
  }
}
