/**
 * The first frames of the flows that a filter means, so that a finding can be told to be about
 * them: its samples name the first frames of flows too.
 */

/** Flows noted; beyond, whatever is asked is taken to be among them. */
const MOST_FRAMES = 1_000_000;
const FRAMES = 2 ** 32;

/** A million frames at most; with more, every frame counts as asked for. */
export class AskedFrames {
  private readonly frames = new Set<number>();
  private isFull = false;

  /** @param at index of the interface; @param frame number of the flow's first frame in its source */
  add(at: number, frame: number): void {
    if (this.frames.size < MOST_FRAMES) this.frames.add(at * FRAMES + frame);
    else this.isFull = true;
  }

  has(at: number, frame: number): boolean {
    return this.isFull || this.frames.has(at * FRAMES + frame);
  }
}
