/**
 * Several inputs as one, by time: of the frames at the head of each input, the oldest comes next,
 * at equal times that of the input named first. Within an input, file order stays.
 *
 * An input is opened when its first frame is due, so that a folder of files written one after
 * the other has one open at a time. A batch that lies before the head of every other input is
 * handed on as it is; only where inputs interleave are frames copied.
 */
import { copyOctets } from '../../wire/copy-octets.ts';
import { FRAME_BATCH_CAPACITY, FrameBatch } from '../../wire/frame-batch.ts';
import type { CaptureInput } from './capture-input.ts';

/** Octets of frames gathered into one merged batch; one larger frame makes room for itself. */
const GATHER_OCTETS = 1024 * 1024;

/** An input with the frame at its head. */
export class MergeLane {
  readonly input: CaptureInput;
  readonly order: number;
  batch: FrameBatch | undefined;
  at = 0;
  seconds: number;
  nanoseconds: number;

  /** `seconds` and `nanoseconds`: time of the first frame; 0 to have it opened at once. */
  constructor(input: CaptureInput, order: number, seconds: number, nanoseconds: number) {
    this.input = input;
    this.order = order;
    this.seconds = seconds;
    this.nanoseconds = nanoseconds;
  }

  before(other: MergeLane): boolean {
    if (this.seconds !== other.seconds) return this.seconds < other.seconds;
    if (this.nanoseconds !== other.nanoseconds) return this.nanoseconds < other.nanoseconds;
    return this.order < other.order;
  }

  /** Takes the time of the frame at the head. */
  look(): void {
    this.seconds = this.batch!.seconds[this.at]!;
    this.nanoseconds = this.batch!.nanoseconds[this.at]!;
  }
}

/** Batches are borrowed until the next one. Takes over the lanes and their order. */
export class Merge {
  /** A binary heap: the lane whose head is due stands first. */
  readonly #lanes: MergeLane[];
  readonly #gathered = new FrameBatch();
  #buffer = new Uint8Array(GATHER_OCTETS);
  #filled = 0;

  constructor(lanes: MergeLane[]) {
    this.#lanes = lanes.sort((a, b) => (a.before(b) ? -1 : 1));
  }

  /** The next frames of all inputs; undefined at the end. */
  async next(): Promise<FrameBatch | undefined> {
    const gathered = this.#gathered;
    gathered.reset(this.#buffer, new DataView(this.#buffer.buffer));
    this.#filled = 0;
    while (gathered.count < FRAME_BATCH_CAPACITY) {
      const lane = this.#lanes[0];
      if (lane === undefined) break;
      if (lane.batch === undefined || lane.at === lane.batch.count) {
        // Frames at hand are not kept waiting for an input that is still being written.
        if (gathered.count > 0) break;
        await this.#refill(lane);
        continue;
      }
      const whole = this.#wholeBatch(lane, lane.batch);
      if (whole && gathered.count > 0) break;
      if (whole) {
        lane.at = lane.batch.count;
        return lane.batch;
      }
      if (!this.#gather(lane, lane.batch)) break;
    }
    return gathered.count > 0 ? gathered : undefined;
  }

  async #refill(lane: MergeLane): Promise<void> {
    lane.batch = await lane.input.next();
    lane.at = 0;
    if (lane.batch === undefined) {
      const last = this.#lanes.pop()!;
      if (last !== lane) this.#lanes[0] = last;
    } else {
      lane.look();
    }
    this.#sink();
  }

  /** The head that is due after that of the first lane. */
  #rival(): MergeLane | undefined {
    const left = this.#lanes[1];
    const right = this.#lanes[2];
    return left === undefined || right === undefined || left.before(right) ? left : right;
  }

  /** Whether the whole of a batch not begun yet comes before all other inputs. */
  #wholeBatch(lane: MergeLane, batch: FrameBatch): boolean {
    if (lane.at > 0) return false;
    const rival = this.#rival();
    if (rival === undefined) return true;
    for (let i = 0; i < batch.count; i++) {
      const seconds = batch.seconds[i]!;
      if (seconds < rival.seconds) continue;
      if (seconds > rival.seconds) return false;
      const nanoseconds = batch.nanoseconds[i]!;
      if (nanoseconds > rival.nanoseconds) return false;
      if (nanoseconds === rival.nanoseconds && lane.order > rival.order) return false;
    }
    return true;
  }

  /** Copies frames of the lane while they are due; false when there is no more room. */
  #gather(lane: MergeLane, batch: FrameBatch): boolean {
    const gathered = this.#gathered;
    const rival = this.#rival();
    for (;;) {
      if (gathered.count === FRAME_BATCH_CAPACITY || !this.#copy(batch, lane.at)) return false;
      lane.at++;
      if (lane.at === batch.count) return true;
      lane.look();
      if (rival !== undefined && !lane.before(rival)) break;
    }
    this.#sink();
    return true;
  }

  #copy(batch: FrameBatch, at: number): boolean {
    const gathered = this.#gathered;
    const length = batch.captured[at]!;
    if (this.#filled + length > this.#buffer.length) {
      if (gathered.count > 0) return false;
      this.#buffer = new Uint8Array(length);
      gathered.reset(this.#buffer, new DataView(this.#buffer.buffer));
    }
    const offset = batch.offset[at]!;
    const filled = this.#filled;
    copyOctets(batch, offset, length, gathered, filled);
    const count = gathered.count++;
    gathered.offset[count] = filled;
    gathered.captured[count] = length;
    gathered.original[count] = batch.original[at]!;
    gathered.seconds[count] = batch.seconds[at]!;
    gathered.nanoseconds[count] = batch.nanoseconds[at]!;
    gathered.number[count] = batch.number[at]!;
    gathered.interface[count] = batch.interface[at]!;
    this.#filled = filled + length;
    return true;
  }

  /** Restores the heap after the time of its first lane changed. */
  #sink(): void {
    const lanes = this.#lanes;
    const lane = lanes[0];
    if (lane === undefined) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= lanes.length) break;
      if (child + 1 < lanes.length && lanes[child + 1]!.before(lanes[child]!)) child++;
      if (!lanes[child]!.before(lane)) break;
      lanes[at] = lanes[child]!;
      at = child;
    }
    lanes[at] = lane;
  }
}
