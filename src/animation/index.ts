/** The ways to make an animation, as async generators of frames. */
export { automatic } from './automatic.ts';
export type { AutomaticInput } from './automatic.ts';
export type { Frame, Insight, PromptEmbeds, Progress, Watch } from './types.ts';
export { guidedEmbedding, renderFrames } from './frames.ts';
export type { RenderInput, RenderWatch } from './frames.ts';
export { legBatches } from './leg.ts';
export type { Leg, LegBatch } from './leg.ts';
export { PickSession } from './pick.ts';
export type { Pace, PickOptions, PickState, Waiting } from './pick.ts';
export { makeRound } from './round.ts';
export type { Candidate, RoundEvent, RoundInput, RoundWatch } from './round.ts';
export { variants } from './variants.ts';
export type { VariantsEvent, VariantsInput, VariantsWatch } from './variants.ts';
