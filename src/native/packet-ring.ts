/**
 * The ring of a packet socket (packet-socket.ts), mapped: blocks that the kernel filled are walked
 * in turn and handed back one by one.
 *
 * One owner holds the mapping: reading its octets after `close` would kill the process.
 */
import { MappedMemory } from './mapped-memory.ts';
import type { PacketSocket } from './packet-socket.ts';
import { takeError, waitReadable } from './sockets.ts';

/** Offsets in a block (struct tpacket_block_desc): status, number of frames, the first, octets. */
const STATUS = 8;
export const BLOCK_FRAMES = 12;
export const BLOCK_FIRST = 16;
const BLOCK_LENGTH = 20;

/** Takes the blocks of one socket in turn; the socket stays its opener's. */
export class PacketRing {
  private readonly memory: MappedMemory;
  /** A view of each block: none is made while frames pass, which leaves nothing to collect. */
  private readonly blocks: readonly Uint8Array[];
  private readonly words: Int32Array;
  private readonly socket: PacketSocket;
  private readonly descriptors: readonly number[];
  private block = 0;

  /** Throws `SystemCallError` and `NativeUnavailable`. */
  constructor(socket: PacketSocket) {
    this.socket = socket;
    this.memory = new MappedMemory(socket.blockOctets * socket.blocks, socket.descriptor);
    const { blockOctets, blocks, descriptor } = socket;
    this.blocks = Array.from(
      { length: blocks },
      (_, block) => new Uint8Array(this.memory.buffer, block * blockOctets, blockOctets),
    );
    this.descriptors = [descriptor];
    this.words = new Int32Array(this.memory.buffer);
  }

  /** Whether the kernel has handed over the block whose turn it is. */
  get ready(): boolean {
    return (Atomics.load(this.words, this.word(STATUS)) & 1) !== 0;
  }

  /** Octets of that block that are in use. */
  private get used(): number {
    const used = this.words[this.word(BLOCK_LENGTH)]!;
    return Math.min(this.socket.blockOctets, used < 0 ? this.socket.blockOctets : used);
  }

  /** Copies what is in the block, then hands it back and goes on to the next. */
  take(into: Uint8Array, at: number): void {
    const block = this.blocks[this.block]!;
    const { used } = this;
    // Under a flood all blocks are full; otherwise they come too seldom for a view to matter.
    into.set(used > block.length / 2 ? block : block.subarray(0, used), at);
    Atomics.store(this.words, this.word(STATUS), 0);
    this.block = (this.block + 1) % this.socket.blocks;
  }

  private word(offset: number): number {
    return (this.block * this.socket.blockOctets + offset) >> 2;
  }

  /** Blocks the thread until there is a block, or an error, or the time is over. */
  wait(waitMs: number): void {
    waitReadable(this.descriptors, waitMs);
  }

  /** The socket's pending error (`ENETDOWN`), which is cleared; 0 where there is none. */
  takeError(): number {
    return takeError(this.socket.descriptor);
  }

  /** Ends the mapping. No octet of it may be read any more. */
  close(): void {
    this.memory.release();
  }
}
