/** What the contexts of a verdict table tell of where traffic came from and where it went. */
import { DIRECTIONS } from '../../model/verdict.ts';
import type { Context, Contexts } from './contexts.ts';
import { INWARD, OUTWARD, type Places, THROUGH } from './places.ts';

/** As things are when it is made: contexts that come later have none. */
export class ContextPlaces {
  /** By number of the context: the zones that its interfaces tell, -1 for none. */
  readonly fromZone: Int16Array;
  readonly toZone: Int16Array;
  /** What a way from outside to outside is: as the device declares it, or `THROUGH`. */
  readonly throughWay: Uint8Array;
  readonly contexts: readonly Context[];

  constructor(table: Contexts, places: Places) {
    const { count } = table;
    this.fromZone = new Int16Array(count);
    this.toZone = new Int16Array(count);
    this.throughWay = new Uint8Array(count);
    this.contexts = Array.from({ length: count }, (_, number) => table.at(number));
    this.contexts.forEach((context, number) => {
      this.fromZone[number] = places.told(context.inInterface, context.inZone);
      this.toZone[number] = places.told(context.outInterface, context.outZone);
      const declared = DIRECTIONS[context.direction];
      this.throughWay[number] =
        declared === 'inbound' ? INWARD : declared === 'outbound' ? OUTWARD : THROUGH;
    });
  }
}
