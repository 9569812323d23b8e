/**
 * Interval decision diagrams: functions from a tuple of bounded integers to a small number, shared
 * and canonical. A node looks at one variable, its edges cut that variable's domain into intervals,
 * and equal nodes are one node; so two functions are equal exactly when their node numbers are.
 *
 * The idea is that of reduced ordered decision diagrams (Bryant 1986) with intervals instead of
 * bits (Strehl and Thiele 1998; Liu and Gouda 2008 for firewalls). Nodes lie in typed arrays and
 * are never freed: drop the whole `Diagrams` when done.
 */

/** Number of a node, valid in the `Diagrams` that made it. Terminals are their own value. */
export type Node = number;

const UNION = 1;
const MASK = 2;
const DIFFERENCE = 3;
const OVERRIDE = 4;
const FIRST_CAPACITY = 1 << 12;
/** Remembered results of operations; when full, all are forgotten. */
const MOST_MEMOS = 1 << 22;
const GOLDEN = 0x9e3779b1;

function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, GOLDEN);
  return mixed ^ (mixed >>> 15);
}

function grown(array: Uint32Array<ArrayBuffer>, least: number): Uint32Array<ArrayBuffer> {
  if (array.length >= least) return array;
  const larger = new Uint32Array(Math.max(least, array.length * 2));
  larger.set(array);
  return larger;
}

/**
 * All functions over one tuple of variables. A function is the number of its node, which says
 * nothing outside of these `Diagrams`.
 */
export class Diagrams {
  /** Values of terminals are 0 to `terminals` - 1; 0 is “not in the set”, 1 “in the set”. */
  readonly terminals: number;
  /** Largest value of each variable, 0 to 2^32 - 1; variables are looked at in this order. */
  readonly maxima: readonly number[];
  private levels = new Uint32Array(FIRST_CAPACITY);
  /** First edge of each node; that of the next node ends its edges. */
  private starts = new Uint32Array(FIRST_CAPACITY);
  private uppers = new Uint32Array(FIRST_CAPACITY);
  private children = new Uint32Array(FIRST_CAPACITY);
  private nodes: number;
  private edges = 0;
  /** Open addressing: node number, 0 = free (0 is a terminal, never stored). */
  private table = new Uint32Array(FIRST_CAPACITY * 2);
  private memoKeys = new Uint32Array(3 * FIRST_CAPACITY);
  private memoValues = new Uint32Array(FIRST_CAPACITY);
  private memos = 0;
  /** Edges of nodes being made, as a stack shared by the recursion. */
  private scratchUppers = new Uint32Array(FIRST_CAPACITY);
  private scratchChildren = new Uint32Array(FIRST_CAPACITY);
  private scratch = 0;

  constructor(maxima: readonly number[], terminals = 2) {
    this.maxima = maxima;
    this.terminals = Math.max(2, terminals);
    this.nodes = this.terminals;
    this.levels = grown(this.levels, this.nodes + 1);
    this.starts = grown(this.starts, this.nodes + 2);
    this.levels.fill(maxima.length, 0, this.nodes);
  }

  /** Nodes made so far, terminals included. */
  get size(): number {
    return this.nodes;
  }

  isTerminal(node: Node): boolean {
    return node < this.terminals;
  }

  /** The variable the node looks at; the number of variables for a terminal. */
  levelOf(node: Node): number {
    return this.levels[node]!;
  }

  /** Calls back for each interval of the node's variable, in ascending order. */
  forEachEdge(node: Node, visit: (first: number, last: number, child: Node) => void): void {
    let first = 0;
    for (let edge = this.starts[node]!; edge < this.starts[node + 1]!; edge++) {
      const last = this.uppers[edge]!;
      visit(first, last, this.children[edge]!);
      first = last + 1;
    }
  }

  /** The child that a value of the node's variable leads to. */
  childAt(node: Node, value: number): Node {
    let low = this.starts[node]!;
    let high = this.starts[node + 1]! - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.uppers[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return this.children[low]!;
  }

  /**
   * The function that looks at variable `level`: up to and with `uppers[i]` it is `children[i]`.
   * Uppers ascend and end with the variable's maximum; children look at later variables only.
   */
  node(level: number, uppers: ArrayLike<number>, children: ArrayLike<number>): Node {
    const base = this.scratch;
    for (let index = 0; index < uppers.length; index++) this.push(uppers[index]!, children[index]!);
    return this.make(level, base);
  }

  /** `child` where the variable is in first…last (both included), `otherwise` elsewhere. */
  interval(level: number, first: number, last: number, child: Node, otherwise: Node = 0): Node {
    const base = this.scratch;
    if (first > 0) this.push(first - 1, otherwise);
    this.push(last, child);
    if (last < this.maxima[level]!) this.push(this.maxima[level]!, otherwise);
    return this.make(level, base);
  }

  private push(upper: number, child: Node): void {
    if (this.scratch === this.scratchUppers.length) {
      this.scratchUppers = grown(this.scratchUppers, this.scratch + 1);
      this.scratchChildren = grown(this.scratchChildren, this.scratch + 1);
    }
    this.scratchUppers[this.scratch] = upper;
    this.scratchChildren[this.scratch++] = child;
  }

  /** Takes the edges above `base` off the scratch stack and finds or makes their node. */
  private make(level: number, base: number): Node {
    const { scratchUppers: uppers, scratchChildren: children } = this;
    let top = base;
    for (let at = base + 1; at < this.scratch; at++) {
      if (children[at] !== children[top]) top++;
      uppers[top] = uppers[at]!;
      children[top] = children[at]!;
    }
    this.scratch = base;
    const count = top - base + 1;
    if (count === 1) return children[base]!;
    let hash = mix(level, count);
    for (let at = base; at <= top; at++) hash = mix(mix(hash, uppers[at]!), children[at]!);
    const mask = this.table.length - 1;
    let slot = (hash >>> 0) & mask;
    for (; this.table[slot] !== 0; slot = (slot + 1) & mask) {
      if (this.same(this.table[slot]!, level, base, count)) return this.table[slot]!;
    }
    return this.add(level, base, count, slot);
  }

  private same(node: Node, level: number, base: number, count: number): boolean {
    const start = this.starts[node]!;
    if (this.levels[node] !== level || this.starts[node + 1]! - start !== count) return false;
    for (let index = 0; index < count; index++) {
      if (this.uppers[start + index] !== this.scratchUppers[base + index]) return false;
      if (this.children[start + index] !== this.scratchChildren[base + index]) return false;
    }
    return true;
  }

  private add(level: number, base: number, count: number, slot: number): Node {
    const node = this.nodes++;
    this.levels = grown(this.levels, this.nodes + 1);
    this.starts = grown(this.starts, this.nodes + 2);
    this.uppers = grown(this.uppers, this.edges + count);
    this.children = grown(this.children, this.edges + count);
    this.levels[node] = level;
    for (let index = 0; index < count; index++) {
      this.uppers[this.edges] = this.scratchUppers[base + index]!;
      this.children[this.edges++] = this.scratchChildren[base + index]!;
    }
    this.starts[node] = this.edges - count;
    this.starts[node + 1] = this.edges;
    this.table[slot] = node;
    if (this.nodes * 2 > this.table.length) this.rehash();
    return node;
  }

  private rehash(): void {
    const table = new Uint32Array(this.table.length * 2);
    const mask = table.length - 1;
    for (let node = this.terminals; node < this.nodes; node++) {
      const start = this.starts[node]!;
      const end = this.starts[node + 1]!;
      let hash = mix(this.levels[node]!, end - start);
      for (let at = start; at < end; at++) {
        hash = mix(mix(hash, this.uppers[at]!), this.children[at]!);
      }
      let slot = (hash >>> 0) & mask;
      while (table[slot] !== 0) slot = (slot + 1) & mask;
      table[slot] = node;
    }
    this.table = table;
  }

  /** In either set. Both must be sets: functions to 0 and 1. */
  union(left: Node, right: Node): Node {
    return left < right ? this.apply(UNION, left, right) : this.apply(UNION, right, left);
  }

  /** The function where the set holds, 0 elsewhere; the intersection when both are sets. */
  mask(value: Node, set: Node): Node {
    return this.apply(MASK, value, set);
  }

  /** The function where the set does not hold, 0 elsewhere. */
  difference(value: Node, set: Node): Node {
    return this.apply(DIFFERENCE, value, set);
  }

  /** `first` where it is not 0, otherwise `second`. */
  override(first: Node, second: Node): Node {
    return this.apply(OVERRIDE, first, second);
  }

  /** Folds a list by `override`, the first one strongest, without quadratic copying. */
  overrideAll(items: ArrayLike<Node>, from = 0, to = items.length): Node {
    if (to - from < 2) return to === from ? 0 : items[from]!;
    const middle = (from + to) >>> 1;
    return this.override(
      this.overrideAll(items, from, middle),
      this.overrideAll(items, middle, to),
    );
  }

  /** Folds sets by `union`, without quadratic copying. */
  unionAll(items: ArrayLike<Node>, from = 0, to = items.length): Node {
    if (to - from < 2) return to === from ? 0 : items[from]!;
    const middle = (from + to) >>> 1;
    return this.union(this.unionAll(items, from, middle), this.unionAll(items, middle, to));
  }

  /** Replaces every terminal by what the callback says. */
  mapTerminals(root: Node, change: (terminal: number) => Node): Node {
    const known = new Map<Node, Node>();
    const visit = (node: Node): Node => {
      if (node < this.terminals) return change(node);
      const before = known.get(node);
      if (before !== undefined) return before;
      const uppers: number[] = [];
      const children: Node[] = [];
      this.forEachEdge(node, (_first, last, child) => {
        uppers.push(last);
        children.push(visit(child));
      });
      const made = this.node(this.levels[node]!, uppers, children);
      known.set(node, made);
      return made;
    };
    return visit(root);
  }

  private apply(operation: number, left: Node, right: Node): Node {
    const settled = this.settled(operation, left, right);
    if (settled >= 0) return settled;
    const slot = this.memoSlot(operation, left, right);
    if (this.memoKeys[3 * slot] === operation) return this.memoValues[slot]!;
    const result = this.combine(operation, left, right);
    this.remember(operation, left, right, result);
    return result;
  }

  /** The answer where it needs no look at edges, or -1. */
  private settled(operation: number, left: Node, right: Node): Node {
    switch (operation) {
      case UNION:
        if (left === 0 || left === right) return right;
        if (right === 0) return left;
        return left === 1 || right === 1 ? 1 : -1;
      case MASK:
        if (left === 0 || right === 0) return 0;
        if (right === 1 || left === right) return left;
        return left === 1 ? right : -1;
      case DIFFERENCE:
        if (left === 0 || right === 1 || left === right) return 0;
        return right === 0 ? left : -1;
      default:
        if (left === 0) return right;
        return left < this.terminals || right === 0 || left === right ? left : -1;
    }
  }

  private combine(operation: number, left: Node, right: Node): Node {
    const leftLevel = this.levels[left]!;
    const rightLevel = this.levels[right]!;
    const level = Math.min(leftLevel, rightLevel);
    const max = this.maxima[level]!;
    const base = this.scratch;
    // A side that looks at a later variable counts as one edge over the whole domain.
    let leftAt = leftLevel === level ? this.starts[left]! : -1;
    let rightAt = rightLevel === level ? this.starts[right]! : -1;
    // Where one side alone decides, the other's edges are leapt over: a small set against a large
    // one costs as much as the small one has edges.
    const leftDecides = operation === UNION ? 1 : operation === OVERRIDE ? -1 : 0;
    const rightDecides = operation === MASK ? 0 : operation === OVERRIDE ? -1 : 1;
    for (let done = false; !done; ) {
      const leftUpper = leftAt < 0 ? max : this.uppers[leftAt]!;
      const rightUpper = rightAt < 0 ? max : this.uppers[rightAt]!;
      const leftChild = leftAt < 0 ? left : this.children[leftAt]!;
      const rightChild = rightAt < 0 ? right : this.children[rightAt]!;
      const byLeft = leftChild === leftDecides && leftUpper > rightUpper;
      if (byLeft || (rightChild === rightDecides && rightUpper > leftUpper)) {
        const upper = byLeft ? leftUpper : rightUpper;
        this.push(upper, operation === UNION ? 1 : 0);
        if (byLeft) rightAt = this.leap(right, rightAt, upper);
        else leftAt = this.leap(left, leftAt, upper);
        done = upper === max;
        if (done) break;
        if (leftAt >= 0 && this.uppers[leftAt] === upper) leftAt++;
        if (rightAt >= 0 && this.uppers[rightAt] === upper) rightAt++;
        continue;
      }
      const upper = Math.min(leftUpper, rightUpper);
      const swap = operation === UNION && leftChild > rightChild;
      const child = swap
        ? this.apply(operation, rightChild, leftChild)
        : this.apply(operation, leftChild, rightChild);
      this.push(upper, child);
      if (leftAt >= 0 && leftUpper === upper) leftAt++;
      if (rightAt >= 0 && rightUpper === upper) rightAt++;
      done = upper === max;
    }
    return this.make(level, base);
  }

  /** The first edge of the node from `at` on that reaches to `upper`. */
  private leap(node: Node, at: number, upper: number): number {
    let low = at;
    let high = this.starts[node + 1]! - 1;
    for (let step = 1; low + step < high; step *= 2) {
      if (this.uppers[low + step]! >= upper) {
        high = low + step;
        break;
      }
      low += step;
    }
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.uppers[middle]! < upper) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private memoSlot(operation: number, left: Node, right: Node): number {
    const mask = this.memoValues.length - 1;
    const keys = this.memoKeys;
    let slot = (mix(mix(operation, left), right) >>> 0) & mask;
    for (; keys[3 * slot] !== 0; slot = (slot + 1) & mask) {
      const key = 3 * slot;
      if (keys[key] === operation && keys[key + 1] === left && keys[key + 2] === right) break;
    }
    return slot;
  }

  private remember(operation: number, left: Node, right: Node, result: Node): void {
    if (this.memos * 2 >= this.memoValues.length) this.growMemos();
    const slot = this.memoSlot(operation, left, right);
    this.memoKeys[3 * slot] = operation;
    this.memoKeys[3 * slot + 1] = left;
    this.memoKeys[3 * slot + 2] = right;
    this.memoValues[slot] = result;
    this.memos++;
  }

  private growMemos(): void {
    const { memoKeys: keys, memoValues: values } = this;
    this.memos = 0;
    if (values.length >= MOST_MEMOS) {
      keys.fill(0);
      return;
    }
    this.memoKeys = new Uint32Array(keys.length * 2);
    this.memoValues = new Uint32Array(values.length * 2);
    for (let slot = 0; slot < values.length; slot++) {
      const key = 3 * slot;
      if (keys[key] !== 0) {
        this.remember(keys[key]!, keys[key + 1]!, keys[key + 2]!, values[slot]!);
      }
    }
  }
}
