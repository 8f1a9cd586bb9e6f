/** The modes (automatic, smooth, pick by hand) as async generators of frames. */
export { automatic } from './automatic.ts';
export type { AutomaticInput } from './automatic.ts';
export { smooth } from './smooth.ts';
export type { SmoothInput } from './smooth.ts';
export type { GeneratedFrame, Insight, PromptEmbeds, Progress, Watch } from './types.ts';
export { guidedEmbedding, renderFrames } from './frames.ts';
export type { RenderInput, RenderWatch } from './frames.ts';
export { legBatches, renderLeg } from './leg.ts';
export type { Leg, LegBatch, LegFrames, LegRendering } from './leg.ts';
export type { PromptSource } from './place.ts';
export { PickSession } from './pick.ts';
export type { Pace, PickOptions, RoundAhead, Waiting } from './pick-options.ts';
export { makeRound } from './round.ts';
export type { Candidate, RoundUpdate, RoundInput, RoundWatch } from './round.ts';
export { variants } from './variants.ts';
export type { VariantsEvent, VariantsInput, VariantsWatch } from './variants.ts';
