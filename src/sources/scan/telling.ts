/**
 * Tells each open port once, also over a kill. Whoever is killed between a note and a line leaves
 * it open whether the line was written; so there is a note before and one behind. Where only the
 * first is found, the output itself is asked, if it can be (a file that the next run goes on in);
 * where it cannot, the port is told again rather than lost, and that is counted.
 */
import type { PortState } from '../../model/port-state.ts';
import { endpointKey, type Journal, type JournalWriter } from './journal.ts';

export interface TellingOptions {
  readonly journal?: Journal;
  readonly writer?: JournalWriter;
  readonly tell: (state: PortState) => void;
  /** Whether the output of an earlier run has the port; undefined: nobody can know. */
  readonly wasTold?: (state: PortState) => boolean | undefined;
}

/** For one run; journal and writer stay the caller's. */
export class Telling {
  /** Ports told that may have been told by the run that was killed. */
  readonly repeated: string[] = [];
  private readonly options: TellingOptions;

  constructor(options: TellingOptions) {
    this.options = options;
  }

  /** Whether an earlier run has told the port for sure. */
  isTold({ target }: PortState): boolean {
    return this.options.journal?.told.has(endpointKey(target)) === true;
  }

  tell(state: PortState): void {
    const { journal, writer, tell, wasTold } = this.options;
    if (this.isTold(state)) return;
    const key = endpointKey(state.target);
    if (journal?.begun.has(key)) {
      const told = wasTold?.(state);
      if (told === true) {
        writer?.told(key);
        return;
      }
      if (told === undefined) this.repeated.push(key);
    }
    writer?.telling(key);
    tell(state);
    writer?.told(key);
  }
}
