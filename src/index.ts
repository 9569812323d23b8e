/**
 * What programs that import Portreeve may use: captures in, flows out.
 *
 *   const reader = await openCaptures(['office.pcap']);
 *   const { names, flows } = await observe(reader);
 *   flows.visit((chunk, base, decision, extensions) => {
 *     console.log(flowOf(names, extensions, chunk, base, decision));
 *   });
 */
export { serviceName } from './catalog/services.ts';
export type { FlowSet, FlowVisitor } from './flow/flow-set.ts';
export { flowOf, type Names } from './flow/flow-view.ts';
export type { Timeouts } from './flow/timeouts.ts';
export type { Flow } from './model/flow.ts';
export { type Observation, type ObserveOptions, observe } from './sources/flows/observe.ts';
export { type CaptureReader, openCaptures } from './sources/pcap/capture-reader.ts';
export type { CaptureFault } from './sources/pcap/fault.ts';
export type { CaptureOptions } from './sources/pcap/limits.ts';
export {
  type CaptureInterface,
  FRAME_BATCH_CAPACITY,
  FrameBatch,
  type FrameSource,
} from './wire/frame-batch.ts';
