/** Tells work that looks at it now and then whether to stop: of `AbortSignal` what that takes. */
export interface StopSign {
  readonly aborted: boolean;
}

/** Says stop as soon as one of two does. Holds on to nothing: neither has a listener to take away. */
export function eitherOf(left: StopSign, right: StopSign): StopSign {
  return {
    get aborted() {
      return left.aborted || right.aborted;
    },
  };
}
