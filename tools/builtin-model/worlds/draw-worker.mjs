/** The entry of a drawing thread: lets plain Node import TypeScript, then draws. */
import '../../../tests/rig/register.mjs';

await import('./draw-worker.ts');
