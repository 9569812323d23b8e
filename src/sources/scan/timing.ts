/**
 * How fast and how patient a scan is: six bands, as in Nmap. Within a band speed follows what the
 * network and each host can take (`send-window.ts`); a band only sets the limits.
 */

export interface Timing {
  readonly name: string;
  /** Probes that may be unanswered at once on a host that has not answered yet, and at most. */
  readonly startWindow: number;
  readonly mostWindow: number;
  /** The most on a host that never answers: nothing tells whether it gets too much. */
  readonly silentWindow: number;
  /** Unanswered probes of all hosts that do answer. */
  readonly totalWindow: number;
  /** Probes a second, all hosts together. */
  readonly ratePerSecond: number;
  /** Waiting for an answer: before any round trip is known, at least, at most. */
  readonly firstTimeoutMs: number;
  readonly leastTimeoutMs: number;
  readonly mostTimeoutMs: number;
  /** How often a port is asked at most. */
  readonly mostTries: number;
  /** How long silent UDP ports of a host that limits its answers are asked slowly. */
  readonly patienceSeconds: number;
}

function band(
  name: string,
  [startWindow, mostWindow, silentWindow, totalWindow, ratePerSecond]: readonly number[],
  [firstTimeoutMs, leastTimeoutMs, mostTimeoutMs, mostTries, patienceSeconds]: readonly number[],
): Timing {
  return {
    name,
    startWindow: startWindow!,
    mostWindow: mostWindow!,
    silentWindow: silentWindow!,
    totalWindow: totalWindow!,
    ratePerSecond: ratePerSecond!,
    firstTimeoutMs: firstTimeoutMs!,
    leastTimeoutMs: leastTimeoutMs!,
    mostTimeoutMs: mostTimeoutMs!,
    mostTries: mostTries!,
    patienceSeconds: patienceSeconds!,
  };
}

/** From the most careful to the most hurried; the index is the number people may give. */
export const TIMINGS: readonly Timing[] = [
  band('paranoid', [1, 1, 1, 1, 0.2], [5000, 1000, 15_000, 10, 120]),
  band('sneaky', [1, 4, 2, 8, 10], [5000, 500, 15_000, 10, 120]),
  band('polite', [4, 50, 20, 200, 500], [2000, 250, 10_000, 10, 60]),
  band('normal', [32, 4000, 500, 16_000, 100_000], [1000, 100, 5000, 10, 30]),
  band('aggressive', [64, 8000, 1000, 32_000, 1_000_000], [500, 80, 1500, 8, 2]),
  band('insane', [256, 16_000, 4000, 64_000, 10_000_000], [250, 50, 400, 3, 1]),
];

/** The band with that name or number; undefined when there is none. */
export function timingNamed(text: string): Timing | undefined {
  return /^[0-5]$/.test(text)
    ? TIMINGS[Number(text)]
    : TIMINGS.find(({ name }) => name === text.toLowerCase());
}
