/** The door to filters over flows: text in, test out. */
import { FlowFilter } from './compile.ts';
import { parseFilter } from './parse.ts';
import type { FilterWorld } from './row-tests.ts';

/** The filter that the text means. Throws `FilterError`. */
export function flowFilter(text: string, world: FilterWorld): FlowFilter {
  return new FlowFilter(parseFilter(text), world);
}
