/** The modes (automatic, smooth, pick by hand) as async generators of frames. */
export { automatic } from './automatic.ts';
export type { AutomaticInput } from './automatic.ts';
export { smooth } from './smooth.ts';
export type { SmoothInput } from './smooth.ts';
export type { GeneratedFrame, Insight, PromptEmbeds, Progress, Watch } from './types.ts';
export { guidedEmbedding, renderFrames } from './frames.ts';
export type { RenderInput, RenderWatch } from './frames.ts';
export { segmentBatches, renderSegment } from './segment.ts';
export type { Segment, SegmentBatch, SegmentFrames, SegmentRendering } from './segment.ts';
export type { PromptSource } from './keypoint.ts';
export { PickSession } from './pick.ts';
export type { UserActivity, PickOptions, SpeculativeRound, RoundRequest } from './pick-options.ts';
export { makeRound } from './round.ts';
export type { Candidate, RoundUpdate, RoundInput, RoundWatch } from './round.ts';
export { variants } from './variants.ts';
export type { VariantsEvent, VariantsInput, VariantsWatch } from './variants.ts';
