/** What programs that import Portreeve may use. */
export type { CaptureInterface, FrameSource } from './wire/frame-batch.ts';
export { FrameBatch } from './wire/frame-batch.ts';
