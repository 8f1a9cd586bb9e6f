/** diffusers' configuration files, parsed: what Drift understands is typed, what it does not is refused by its key. */
export { checkLatents } from './latents.ts';
export { parseUnetConfig } from './unet.ts';
export type { UnetConfig, UnetLevel } from './unet.ts';
export { parseVaeConfig } from './vae.ts';
export type { VaeConfig } from './vae.ts';
export { parseSchedulerConfig } from './scheduler.ts';
export type { SchedulerConfig } from './scheduler.ts';
