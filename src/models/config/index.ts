/** Parsers of diffusers configuration files: supported keys are typed, unsupported ones refused by name. */
export { checkLatents } from './latents.ts';
export { parseUnetConfig } from './unet.ts';
export type { UnetConfig, UnetLevel } from './unet.ts';
export { parseVaeConfig } from './vae.ts';
export type { VaeConfig } from './vae.ts';
export { parseSchedulerConfig } from './scheduler.ts';
export type { SchedulerConfig } from './scheduler.ts';
