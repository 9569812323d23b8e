/** Which side of a packet is asked: its source, its destination, either, or both. */
import type { Direction } from './expression.ts';
import { FilterFault, type Span } from './fault.ts';
import { and, or, type Test } from './program.ts';

/** One side, either or both, of what can be asked of the source (`from`) and the destination. */
export function directed(
  direction: Direction | undefined,
  span: Span,
  side: (from: boolean) => Test,
): Test {
  switch (direction) {
    case 'src':
      return side(true);
    case 'dst':
      return side(false);
    case 'both':
      return and(side(true), side(false));
    case undefined:
    case 'either':
      return or(side(true), side(false));
    default:
      throw new FilterFault(`“${direction}” is only for addresses of IEEE 802.11`, span);
  }
}
