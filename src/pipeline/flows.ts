/** Captures in, their flows out, one by one. */
import { FlowPicker } from '../analysis/flow-picker.ts';
import type { Names } from '../flow/flow-view.ts';
import type { Heard } from '../flow/heard.ts';
import type { Flow } from '../model/flow.ts';
import { letGo } from '../sources/flows/reclaim.ts';
import { captureNotes } from '../sources/pcap/capture-notes.ts';
import {
  type CaptureChoices,
  type CaptureSummary,
  filterNotes,
  newSeed,
  read,
  summaryOf,
} from './reading.ts';

/** A flow with what came of it. */
export interface ListedFlow {
  readonly flow: Flow;
  /** How its server answered; null when it is not known to have. */
  readonly confirmed: 'handshake' | 'reply' | null;
  /** Whether each end is inside, by the built-in zones. */
  readonly clientInside: boolean;
  readonly serverInside: boolean;
  /** The protocol that payloads showed at the server's endpoint; null when they showed none. */
  readonly spoken: string | null;
}

export interface FlowListing extends CaptureSummary {
  /** Flows that were still in memory at the end, by the time of their first packet. */
  readonly listed: Iterable<ListedFlow>;
}

export interface ListChoices extends CaptureChoices {
  /** Words about the flows wanted; see analysis/filter/parse.ts. Checked by `checkFilter`. */
  readonly where?: string;
}

/**
 * Reads captures and lists their flows, or those that `where` means; those that leave memory early
 * go to `onEvicted`.
 */
export async function listFlows(
  inputs: readonly string[],
  choices: ListChoices,
  onEvicted: (listed: ListedFlow) => void,
): Promise<FlowListing> {
  const { where } = choices;
  const filters = where === undefined ? undefined : await import('../analysis/filter/filter.ts');
  const pickerFor = (names: Names, heard: Heard | null) =>
    new FlowPicker(names, heard, (world) => filters?.flowFilter(where!, world));
  let early = 0;
  const { observation, reader, filtered, interrupted } = await read(
    inputs,
    choices,
    newSeed(),
    (names, heard) => {
      const picker = pickerFor(names, heard);
      return (...row) => {
        if (!picker.wants(...row)) return;
        early++;
        onEvicted(picker.list(...row));
      };
    },
  );
  const picker = pickerFor(observation.names, observation.heard);
  function* listed(): Generator<ListedFlow, void, undefined> {
    for (const row of observation.flows.inTimeOrder(letGo)) {
      if (picker.wants(...row)) yield picker.list(...row);
    }
  }
  return {
    ...summaryOf(inputs, observation, reader, interrupted),
    flows: early + picker.count(observation.flows),
    passedOver: filtered?.passedOver ?? null,
    notes: [...captureNotes(reader), ...filterNotes(choices, filtered)],
    listed: listed(),
  };
}
