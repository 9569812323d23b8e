/**
 * What many rules take together, in blocks of 1, 2, 4 … rules: adding one copies little, and what
 * is asked of a small set looks at little. One diagram of all rules so far, made anew for each rule,
 * takes memory and time by the square of their number.
 */
import type { Node } from '../net/decision-diagram.ts';
import type { HeaderSpaces } from '../net/header-space.ts';

/** A tree over neighbouring rules. */
interface Block {
  readonly count: number;
  readonly set: Node;
  /** Of its first rule. */
  readonly index: number;
  /** Of more than one rule. */
  readonly parts?: readonly [Block, Block];
}

/** Sets of rules, added in ascending order of their indices. */
export class SetBlocks {
  private readonly spaces: HeaderSpaces;
  /** The first rules first; each has more rules than the next. */
  private readonly blocks: Block[] = [];

  constructor(spaces: HeaderSpaces) {
    this.spaces = spaces;
  }

  add(index: number, set: Node): void {
    let block: Block = { count: 1, set, index };
    for (let before = this.blocks.at(-1); before?.count === block.count; ) {
      this.blocks.pop();
      const union = this.spaces.union(before.set, block.set);
      block = { count: 2 * block.count, set: union, index: before.index, parts: [before, block] };
      before = this.blocks.at(-1);
    }
    this.blocks.push(block);
  }

  /** What of `set` is in none of the rules. */
  leftOf(set: Node): Node {
    let left = set;
    for (const block of this.blocks) {
      if (left === 0) break;
      left = this.spaces.difference(left, block.set);
    }
    return left;
  }

  /** Indices of the first rules before `end` that have a packet of `set`, at most `most`. */
  meeting(set: Node, end: number, most: number): number[] {
    const found: number[] = [];
    const visit = (block: Block): void => {
      if (found.length >= most || block.index >= end) return;
      if (this.spaces.intersection(block.set, set) === 0) return;
      if (block.parts === undefined) found.push(block.index);
      else for (const part of block.parts) visit(part);
    };
    for (const block of this.blocks) visit(block);
    return found;
  }
}

/** Rules with their verdicts, of which the first that has a packet decides; the last is added first. */
export class VerdictBlocks {
  private readonly spaces: HeaderSpaces;
  /** The last rules first; each has more rules than the next. */
  private readonly blocks: {
    readonly count: number;
    readonly set: Node;
    readonly verdicts: Node;
  }[] = [];

  constructor(spaces: HeaderSpaces) {
    this.spaces = spaces;
  }

  /** A rule that decides before all those added so far. */
  addBefore(set: Node, verdict: Node): void {
    const { spaces, blocks } = this;
    let block = { count: 1, set, verdicts: spaces.mask(verdict, set) };
    for (let after = blocks.at(-1); after?.count === block.count; ) {
      blocks.pop();
      block = {
        count: 2 * block.count,
        set: spaces.union(block.set, after.set),
        verdicts: spaces.override(block.verdicts, after.verdicts),
      };
      after = blocks.at(-1);
    }
    blocks.push(block);
  }

  /** Whether all packets of `set` get this verdict, `otherwise` where no rule decides. */
  allGet(set: Node, verdict: Node, otherwise: Node): boolean {
    const { spaces, blocks } = this;
    let left = set;
    for (let at = blocks.length - 1; at >= 0; at--) {
      const block = blocks[at]!;
      const decided = spaces.intersection(left, block.set);
      if (decided === 0) continue;
      if (spaces.mask(block.verdicts, decided) !== spaces.mask(verdict, decided)) return false;
      left = spaces.difference(left, decided);
      if (left === 0) return true;
    }
    return otherwise === verdict;
  }
}
